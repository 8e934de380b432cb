//! What conditions make of operands that are absent, and how long a text is that is more than ASCII.

use crate::support::{TestDb, matrix};
use dynamorm::{Condition, Model, Result};

matrix![
    an_absent_operand_is_unequal_to_all_and_nothing_else,
    nothing_begins_with_or_contains_what_is_absent,
    what_is_absent_has_no_size,
    the_size_of_a_text_is_counted_in_utf_16,
    texts_are_ordered_by_their_bytes_in_utf_8,
    a_condition_of_a_write_has_the_same_absent_operands,
];

/// Each attribute is absent in some items.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "PAIRS", sk = "{id}")]
struct Pair {
    id: u8,
    one: Option<i64>,
    other: Option<i64>,
    text: Option<String>,
    part: Option<String>,
}

/// All pairs of absent, 1, 2 and 3.
async fn pairs(db: &TestDb) -> Result<Vec<Pair>> {
    db.create_table::<Pair>().execute().await?;
    let values = [None, Some(1), Some(2), Some(3)];
    let pairs: Vec<Pair> = (0..16_u8)
        .map(|id| {
            let (one, other) = (values[usize::from(id / 4)], values[usize::from(id % 4)]);
            let text =
                |number: Option<i64>| number.map(|number| "aaa".chars().take(number as usize).collect());
            Pair { id, one, other, text: text(one), part: text(other) }
        })
        .collect();
    db.batch_write().put_all(&pairs).execute().await?;
    Ok(pairs)
}

/// That a filter finds exactly the items that the expectation holds of, and its negation all others.
async fn same(
    db: &TestDb,
    pairs: &[Pair],
    condition: impl Fn() -> Condition<Pair>,
    holds: impl Fn(&Pair) -> bool,
) -> Result<()> {
    for negated in [false, true] {
        let filter = if negated { !condition() } else { condition() };
        let shown = format!("{filter:?}");
        let found = db.query::<Pair>().key(Pair::PRIMARY_KEY.partition(())).filter(filter).all().await?;
        let found: Vec<u8> = found.iter().map(|pair| pair.id).collect();
        let expected: Vec<u8> =
            pairs.iter().filter(|pair| holds(pair) != negated).map(|pair| pair.id).collect();
        assert_eq!(found, expected, "{shown}");
    }
    Ok(())
}

async fn an_absent_operand_is_unequal_to_all_and_nothing_else(db: TestDb) -> Result<()> {
    let pairs = &pairs(&db).await?;
    let (one, other) = (Pair::ONE, Pair::OTHER);
    let both = |pair: &Pair| Some((pair.one?, pair.other?));
    let ordered = |pair: &Pair, holds: fn(i64, i64) -> bool| both(pair).is_some_and(|(a, b)| holds(a, b));
    // Attribute against attribute.
    same(&db, pairs, || one.eq(other), |pair| ordered(pair, |a, b| a == b)).await?;
    same(&db, pairs, || one.ne(other), |pair| !ordered(pair, |a, b| a == b)).await?;
    same(&db, pairs, || one.lt(other), |pair| ordered(pair, |a, b| a < b)).await?;
    same(&db, pairs, || one.le(other), |pair| ordered(pair, |a, b| a <= b)).await?;
    same(&db, pairs, || one.gt(other), |pair| ordered(pair, |a, b| a > b)).await?;
    same(&db, pairs, || one.ge(other), |pair| ordered(pair, |a, b| a >= b)).await?;
    same(&db, pairs, || one.between(other, 3), |pair| ordered(pair, |a, b| b <= a && a <= 3)).await?;
    same(&db, pairs, || one.between(1, other), |pair| ordered(pair, |a, b| 1 <= a && a <= b)).await?;
    same(&db, pairs, || one.is_in([other]), |pair| ordered(pair, |a, b| a == b)).await?;
    // Attribute against value.
    same(&db, pairs, || one.eq(2), |pair| pair.one == Some(2)).await?;
    same(&db, pairs, || one.ne(2), |pair| pair.one != Some(2)).await?;
    same(&db, pairs, || one.lt(2), |pair| pair.one.is_some_and(|one| one < 2)).await?;
    same(&db, pairs, || one.ge(2), |pair| pair.one.is_some_and(|one| one >= 2)).await?;
    same(&db, pairs, || one.between(1, 2), |pair| pair.one.is_some_and(|one| one <= 2)).await?;
    same(&db, pairs, || one.is_in([1, 3]), |pair| matches!(pair.one, Some(1 | 3))).await?;
    same(&db, pairs, || one.exists() & other.not_exists(), |pair| pair.one.is_some() && pair.other.is_none())
        .await
}

async fn nothing_begins_with_or_contains_what_is_absent(db: TestDb) -> Result<()> {
    let pairs = &pairs(&db).await?;
    let (text, part) = (Pair::TEXT, Pair::PART);
    // Texts of one letter only: one is in another if it is not longer.
    let within = |pair: &Pair| matches!((pair.one, pair.other), (Some(one), Some(other)) if other <= one);
    same(&db, pairs, || text.begins_with(part), within).await?;
    same(&db, pairs, || text.contains(part), within).await?;
    same(&db, pairs, || text.begins_with("aa"), |pair| pair.one.is_some_and(|one| one >= 2)).await?;
    same(&db, pairs, || text.contains("aa"), |pair| pair.one.is_some_and(|one| one >= 2)).await
}

async fn what_is_absent_has_no_size(db: TestDb) -> Result<()> {
    let pairs = &pairs(&db).await?;
    let size = || Pair::TEXT.size();
    same(&db, pairs, || size().eq(2), |pair| pair.one == Some(2)).await?;
    same(&db, pairs, || size().ne(2), |pair| pair.one != Some(2)).await?;
    same(&db, pairs, || size().lt(2), |pair| pair.one == Some(1)).await?;
    same(&db, pairs, || size().ge(0), |pair| pair.one.is_some()).await?;
    same(&db, pairs, || size().between(0, 2), |pair| matches!(pair.one, Some(1 | 2))).await?;
    same(&db, pairs, || size().is_in([0, 3]), |pair| pair.one == Some(3)).await?;
    let equal = |pair: &Pair| pair.one.is_some() && pair.one == pair.other;
    same(&db, pairs, || size().eq(Pair::OTHER), equal).await?;
    same(&db, pairs, || size().eq(Pair::PART.size()), equal).await?;
    same(&db, pairs, || size().ne(Pair::PART.size()), |pair| !equal(pair)).await
}

async fn the_size_of_a_text_is_counted_in_utf_16(db: TestDb) -> Result<()> {
    db.create_table::<Pair>().execute().await?;
    // In UTF-8 these are 1, 2, 3 and 4 bytes.
    for (text, size) in [("a", 1), ("é", 1), ("€", 1), ("😀", 2), ("a😀é", 4), ("", 0)] {
        let pair = Pair { id: 1, one: Some(size), other: None, text: Some(text.to_owned()), part: None };
        db.put(&pair).execute().await?;
        db.put(&pair).condition(Pair::TEXT.size().eq(size)).execute().await?;
        db.put(&pair).condition(Pair::ONE.eq(Pair::TEXT.size())).execute().await?;
    }
    Ok(())
}

async fn texts_are_ordered_by_their_bytes_in_utf_8(db: TestDb) -> Result<()> {
    db.create_table::<Pair>().execute().await?;
    // The last two would change places in UTF-16.
    let texts = ["", "A", "a", "aa", "é", "€", "\u{fb01}", "😀"];
    for (nth, text) in texts.into_iter().enumerate() {
        let pair = Pair { id: 1, one: None, other: None, text: Some(text.to_owned()), part: None };
        db.put(&pair).execute().await?;
        for (at, than) in texts.into_iter().enumerate() {
            let less = db.put(&pair).condition(Pair::TEXT.lt(than)).execute().await;
            assert_eq!(less.is_ok(), nth < at, "{text} < {than}");
            let between = db.put(&pair).condition(Pair::TEXT.between(than, "😀")).execute().await;
            assert_eq!(between.is_ok(), at <= nth, "{than} <= {text}");
        }
    }
    Ok(())
}

async fn a_condition_of_a_write_has_the_same_absent_operands(db: TestDb) -> Result<()> {
    let pairs = pairs(&db).await?;
    for pair in &pairs {
        for (condition, holds) in [
            (Pair::ONE.eq(Pair::OTHER), pair.one.is_some() && pair.one == pair.other),
            (Pair::ONE.ne(Pair::OTHER), pair.one.is_none() || pair.one != pair.other),
            (
                !Pair::ONE.lt(Pair::OTHER),
                pair.one.is_none() || pair.other.is_none() || pair.one >= pair.other,
            ),
            (Pair::TEXT.size().ne(2), pair.one != Some(2)),
        ] {
            let shown = format!("{condition:?} on {}", pair.id);
            let written = db.put(pair).condition(condition).execute().await;
            assert!(written.as_ref().err().is_none_or(|error| error.is_condition_failed()), "{written:?}");
            assert_eq!(written.is_ok(), holds, "{shown}");
        }
    }
    Ok(())
}
