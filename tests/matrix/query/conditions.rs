//! Conditions on sort keys of every form, beside keys that must not match.

use super::*;

matrix![
    every_condition_on_a_template_leaves_the_neighbours_out,
    a_prefix_on_a_template_leaves_the_neighbours_out,
    every_condition_on_signed_integers_in_a_template,
    every_condition_on_a_bare_sort_key,
    every_condition_on_integers,
    every_condition_on_times,
    an_item_of_another_model_is_an_error_and_not_skipped,
];

/// Every condition on a sort key of type `$sort`: with `$low`, `$middle` and `$high` of the sorted `$all`, each in it.
macro_rules! every_condition {
    ($db:ident, $partition:expr, $all:expr, $low:expr, $middle:expr, $high:expr, $of:expr) => {{
        let all = $all;
        let of = $of;
        let (low, middle, high) = ($low, $middle, $high);
        let want = |keep: &dyn Fn(&_) -> bool| all.iter().filter(|v| keep(*v)).cloned().collect::<Vec<_>>();
        let key = || $partition;
        let cases = [
            ("any", key(), want(&|_| true)),
            ("eq", key().eq(middle.clone()), want(&|v| *v == middle)),
            ("lt", key().lt(middle.clone()), want(&|v| *v < middle)),
            ("le", key().le(middle.clone()), want(&|v| *v <= middle)),
            ("gt", key().gt(middle.clone()), want(&|v| *v > middle)),
            ("ge", key().ge(middle.clone()), want(&|v| *v >= middle)),
            ("between", key().between(low.clone(), high.clone()), want(&|v| *v >= low && *v <= high)),
            ("lt the lowest", key().lt(all[0].clone()), vec![]),
            ("le the lowest", key().le(all[0].clone()), vec![all[0].clone()]),
            ("gt the highest", key().gt(all[all.len() - 1].clone()), vec![]),
            ("ge the highest", key().ge(all[all.len() - 1].clone()), vec![all[all.len() - 1].clone()]),
        ];
        for (case, key, expected) in cases {
            let found = each(&$db, key, of).await?;
            assert_eq!(found, expected, "{case}");
        }
    }};
}

/// Items in one partition whose sort keys surround those of `Event`.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "S#{stream}", sk = "{text}", keys = "raw")]
struct Neighbour {
    stream: String,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "S#{stream}", sk = "EVENT#{number}")]
struct Event {
    stream: String,
    number: u32,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "S#{stream}", sk = "NAME#{name}")]
struct Named {
    stream: String,
    name: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "S#{stream}", sk = "DIFF#{change}")]
struct Diff {
    stream: String,
    change: i16,
}

async fn neighbours(db: &TestDb) -> Result<()> {
    db.create_table::<(Neighbour, Event, Named, Diff)>().execute().await?;
    let neighbours = [
        "!", "DIFF", "DIFF!", "DIFF$", "DIFE#z", "EVENT", "EVENT!", "EVENT\"z", "EVENT$", "EVENS#9",
        "EVENU#0", "NAME", "NAME!a", "NAME$", "NAMD#z", "NAMF#a", "ZZZ",
    ];
    let neighbours = neighbours.map(|text| Neighbour { stream: "s".to_owned(), text: text.to_owned() });
    db.batch_write().put_all(&neighbours).execute().await
}

/// What `of` says of each item.
async fn each<R: Model<Scope = dynamorm::ReachedByDb>, S, T>(
    db: &TestDb,
    key: KeyCondition<R, S>,
    of: impl Fn(R) -> T,
) -> Result<Vec<T>> {
    Ok(db.query::<R>().key(key).all().await?.into_iter().map(of).collect())
}

async fn every_condition_on_a_template_leaves_the_neighbours_out(db: TestDb) -> Result<()> {
    neighbours(&db).await?;
    let all = [0, 1, 9, 10, 99, 100, u32::MAX];
    let events = all.map(|number| Event { stream: "s".to_owned(), number });
    db.batch_write().put_all(&events).execute().await?;
    every_condition!(db, Event::PRIMARY_KEY.partition("s"), all, 9, 10, 100, |event: Event| event.number);
    Ok(())
}

async fn a_prefix_on_a_template_leaves_the_neighbours_out(db: TestDb) -> Result<()> {
    neighbours(&db).await?;
    let all = ["\u{1}", "a", "ab", "abc", "b", "\u{10000}", "\u{10FFFE}"].map(str::to_owned);
    let names = all.clone().map(|name| Named { stream: "s".to_owned(), name });
    db.batch_write().put_all(&names).execute().await?;
    let key = || Named::PRIMARY_KEY.partition("s");
    let (low, middle, high) = ("a".to_owned(), "ab".to_owned(), "b".to_owned());
    every_condition!(db, key(), all, low, middle, high, |named: Named| named.name);
    for (prefix, expected) in [("a", 3), ("ab", 2), ("abcd", 0)] {
        let found = db.query::<Named>().key(key().begins_with(prefix)).count().await?;
        assert_eq!(found, expected, "{prefix}");
    }
    Ok(())
}

async fn every_condition_on_signed_integers_in_a_template(db: TestDb) -> Result<()> {
    neighbours(&db).await?;
    let all = [i16::MIN, -100, -10, -9, -1, 0, 1, 9, 10, 100, i16::MAX];
    let diffs = all.map(|change| Diff { stream: "s".to_owned(), change });
    db.batch_write().put_all(&diffs).execute().await?;
    every_condition!(db, Diff::PRIMARY_KEY.partition("s"), all, -10, -1, 9, |diff: Diff| diff.change);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Bare {
    #[dynamorm(pk)]
    group: String,
    #[dynamorm(sk)]
    name: String,
}

async fn every_condition_on_a_bare_sort_key(db: TestDb) -> Result<()> {
    db.create_table::<Bare>().execute().await?;
    let all = ["%", "A", "a", "a#b", "ab", "b", "é"].map(str::to_owned);
    let items = all.clone().map(|name| Bare { group: "g".to_owned(), name });
    db.batch_write().put_all(&items).execute().await?;
    let key = || Bare::PRIMARY_KEY.partition("g");
    let (low, middle, high) = ("A".to_owned(), "a#b".to_owned(), "b".to_owned());
    every_condition!(db, key(), all, low, middle, high, |item: Bare| item.name);
    assert_eq!(db.query::<Bare>().key(key().begins_with("a")).count().await?, 3);
    assert_eq!(db.query::<Bare>().key(key().begins_with(String::from("a#"))).count().await?, 1);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Numbered {
    #[dynamorm(pk)]
    group: u8,
    #[dynamorm(sk)]
    number: i64,
}

async fn every_condition_on_integers(db: TestDb) -> Result<()> {
    db.create_table::<Numbered>().execute().await?;
    let all = [i64::MIN, -10, -9, 0, 9, 10, 100, i64::MAX];
    let items = all.map(|number| Numbered { group: 7, number });
    db.batch_write().put_all(&items).execute().await?;
    every_condition!(db, Numbered::PRIMARY_KEY.partition(7), all, -9, 9, 10, |item: Numbered| item.number);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Timed {
    #[dynamorm(pk)]
    group: Vec<u8>,
    #[dynamorm(sk)]
    time: Timestamp,
}

async fn every_condition_on_times(db: TestDb) -> Result<()> {
    db.create_table::<Timed>().execute().await?;
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let all = [
        Timestamp::MIN,
        time("1969-12-31T23:59:59.999999999Z"),
        Timestamp::default(),
        time("2026-01-01T00:00:00Z"),
        time("2026-01-01T00:00:00.000000001Z"),
        time("2026-01-01T02:00:00+01:00"),
        Timestamp::MAX,
    ];
    let items = all.map(|time| Timed { group: vec![0, 255], time });
    db.batch_write().put_all(&items).execute().await?;
    let key = || Timed::PRIMARY_KEY.partition(vec![0, 255]);
    every_condition!(db, key(), all, all[1], all[3], all[4], |item: Timed| item.time);
    Ok(())
}

async fn an_item_of_another_model_is_an_error_and_not_skipped(db: TestDb) -> Result<()> {
    neighbours(&db).await?;
    // A raw condition reads whatever the partition holds.
    let whole = KeyCondition::raw("pk = :p", [(":p", "S#s")]);
    let error = db.query::<Event>().key(whole).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("`number`"), "{error}");
    Ok(())
}
