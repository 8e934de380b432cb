//! Every limit of DynamoDB, at it and beyond it: beyond, the error has what was given and what is allowed, and nothing is sent.

use crate::support::{TestDb, matrix};
use dynamorm::{AttributeValue, Condition, Error, ErrorKind, Item, Model, Number, Result, Update};

matrix![
    an_item_has_400_kb,
    a_partition_key_has_2_kb_and_a_sort_key_1_kb,
    the_key_of_an_index_has_the_same_limits_in_every_write,
    the_key_of_an_index_is_never_written_empty,
    a_key_is_not_empty,
    a_batch_of_any_size_is_sent_25_writes_and_100_keys_at_a_time,
    a_transaction_has_100_operations,
    a_transaction_has_4_mb_of_items,
    an_expression_has_4_kb,
    a_number_has_38_digits,
    an_attribute_is_nested_32_levels_deep,
    a_statement_has_8_kb,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = pk, sk = sk)]
struct Row {
    pk: String,
    sk: String,
    value: AttributeValue,
}

fn row(pk: &str, value: impl Into<AttributeValue>) -> Row {
    Row { pk: pk.to_owned(), sk: "s".to_owned(), value: value.into() }
}

/// That nothing was sent for it, that it is a mistake of the caller's, and that its text has these words.
fn refused<T: std::fmt::Debug>(db: &TestDb, before: usize, result: Result<T>, words: &[&str]) {
    let error: Error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Codec), "{error:?}");
    for word in words {
        assert!(error.to_string().contains(word), "`{word}` is missing in: {error}");
    }
    assert_eq!(db.calls(), before, "{error}");
}

async fn an_item_has_400_kb(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    // The names pk, sk and value, the values of the keys, and the text.
    let text =
        |bytes: usize| "x".repeat(bytes - "pk".len() - "sk".len() - "value".len() - "p".len() - "s".len());
    db.put(&row("p", text(409_600))).execute().await?;
    let (before, over) = (db.calls(), row("p", text(409_601)));
    refused(&db, before, db.put(&over).execute().await, &["409,601 bytes", "409,600 bytes"]);
    refused(&db, before, db.batch_write().put(&over).execute().await, &["409,601 bytes", "409,600 bytes"]);
    refused(&db, before, db.transact_write().put(&over).execute().await, &["409,601 bytes", "409,600 bytes"]);
    Ok(())
}

async fn a_partition_key_has_2_kb_and_a_sort_key_1_kb(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    let row = |pk: usize, sk: usize| Row { pk: "p".repeat(pk), sk: "s".repeat(sk), value: true.into() };
    db.put(&row(2_048, 1_024)).execute().await?;
    assert_eq!(db.get(&row(2_048, 1_024)).one().await?, row(2_048, 1_024));
    let before = db.calls();
    for (over, words) in
        [(row(2_049, 1), ["2,049 bytes", "2,048 bytes"]), (row(1, 1_025), ["1,025 bytes", "1,024 bytes"])]
    {
        refused(&db, before, db.put(&over).execute().await, &words);
        refused(&db, before, db.get(&over).optional().await, &words);
        refused(&db, before, db.delete(&over).execute().await, &words);
        refused(&db, before, db.batch_get([&over]).all().await, &words);
        refused(&db, before, db.transact_get((&over,)).optional().await, &words);
        refused(&db, before, db.batch_write().delete(&over).execute().await, &words);
        refused(&db, before, db.transact_write().delete(&over).execute().await, &words);
    }
    Ok(())
}

/// Index keys that are attributes of the model itself: of each type that a key may have.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = id)]
#[dynamorm(index = "by-country", pk = country, sk = code)]
#[dynamorm(index = "by-code", pk = code)]
#[dynamorm(index = "by-rank", pk = rank, sk = label)]
struct Place {
    id: String,
    country: String,
    /// The sort key of one index and the partition key of another: the smaller limit holds.
    code: Vec<u8>,
    rank: Number,
    label: Option<String>,
}

fn place(country: usize, code: usize, label: usize) -> Place {
    Place {
        id: "p".to_owned(),
        country: "x".repeat(country),
        code: vec![7; code],
        rank: "9".repeat(38).parse().unwrap(),
        label: Some("x".repeat(label)),
    }
}

async fn the_key_of_an_index_has_the_same_limits_in_every_write(db: TestDb) -> Result<()> {
    db.create_table::<Place>().execute().await?;
    let at_the_limit = place(2_048, 1_024, 1_024);
    let small = place(1, 1, 1);
    let key = || Place::key("p");
    db.put(&at_the_limit).execute().await?;
    db.put(&small).execute().await?;
    at_the_limit.changes_from(&small).on(&db).execute().await?;
    assert_eq!(db.get(key()).one().await?, at_the_limit);
    db.update(&at_the_limit).given(Place::COUNTRY, "x".repeat(2_048)).set(Place::CODE, [7]).execute().await?;

    let before = db.calls();
    for (over, words) in [
        (place(2_049, 1, 1), ["`country` is 2,049 bytes", "2,048 bytes"]),
        (place(1, 1_025, 1), ["`code` is 1,025 bytes", "1,024 bytes"]),
        (place(1, 1, 1_025), ["`label` is 1,025 bytes", "1,024 bytes"]),
    ] {
        refused(&db, before, db.put(&over).execute().await, &words);
        refused(&db, before, db.batch_write().put(&over).execute().await, &words);
        refused(&db, before, db.transact_write().put(&over).execute().await, &words);
        // Of what does not change nothing is set.
        let changes = || over.changes_from(&small);
        refused(&db, before, changes().on(&db).execute().await, &words);
        refused(&db, before, db.transact_write().update(changes()).execute().await, &words);
        let set = |update: Update<Place>| {
            let label = over.label.clone();
            update.set(Place::COUNTRY, &over.country).set(Place::CODE, &over.code).set(Place::LABEL, label)
        };
        refused(&db, before, set(Update::new(key())).on(&db).execute().await, &words);
        refused(&db, before, set(Update::of(&small)).on(&db).execute().await, &words);
        refused(&db, before, db.transact_write().update(set(Update::new(key()))).execute().await, &words);
        let filled = Update::new(key())
            .set_if_absent(Place::COUNTRY, &over.country)
            .set(Place::CODE, Place::CODE.or_if_absent(&over.code))
            .set_if_absent(Place::LABEL, over.label.clone().unwrap());
        refused(&db, before, filled.on(&db).execute().await, &words);
    }
    Ok(())
}

async fn the_key_of_an_index_is_never_written_empty(db: TestDb) -> Result<()> {
    db.create_table::<Place>().execute().await?;
    let (full, empty) = (place(1, 1, 1), place(0, 0, 0));
    let stored = async || -> Result<Vec<String>> {
        let refused = db.put(&full).if_not_exists().returning_old_on_failure().execute().await;
        let item = refused.unwrap_err().item::<Item>()?.unwrap();
        Ok(item.keys().filter(|name| *name != "rank").cloned().collect())
    };
    let set = |update: Update<Place>| {
        update.set(Place::COUNTRY, "").set(Place::CODE, Vec::new()).set(Place::LABEL, String::new())
    };
    for way in 0..7 {
        db.put(&full).execute().await?;
        assert_eq!(stored().await?, ["code", "country", "id", "label"]);
        match way {
            0 => db.put(&empty).execute().await?,
            1 => db.batch_write().put(&empty).execute().await.map(drop)?,
            2 => db.transact_write().put(&empty).execute().await?,
            3 => set(Update::new(Place::key("p"))).on(&db).execute().await?,
            4 => set(Update::of(&full)).on(&db).execute().await?,
            5 => db.transact_write().update(set(Update::new(Place::key("p")))).execute().await?,
            _ => empty.changes_from(&full).on(&db).execute().await?,
        }
        assert_eq!(stored().await?, ["id"], "way {way}");
    }
    // Told that it is empty, an update looks for its absence.
    let given = db.update(Place::key("p")).given(Place::COUNTRY, "").given(Place::CODE, Vec::new());
    given.set(Place::RANK, Number::from(1)).execute().await?;
    let before = db.calls();
    let filled = db.update(Place::key("p")).set_if_absent(Place::COUNTRY, "").execute().await;
    refused(&db, before, filled, &["`country` is empty"]);
    let filled =
        db.update(Place::key("p")).set(Place::COUNTRY, Place::COUNTRY.or_if_absent("")).execute().await;
    refused(&db, before, filled, &["`country` is empty"]);
    Ok(())
}

async fn a_key_is_not_empty(db: TestDb) -> Result<()> {
    let empty = Row { sk: String::new(), ..row("p", true) };
    refused(&db, 0, db.put(&empty).execute().await, &["`sk` is empty"]);
    refused(&db, 0, db.get(Row::key("", "s")).optional().await, &["`pk` is empty"]);
    refused(&db, 0, db.batch_get([Row::key("", "s")]).all().await, &["`pk` is empty"]);
    refused(&db, 0, db.transact_get([Row::key("p", "")]).one().await, &["`sk` is empty"]);
    Ok(())
}

async fn a_batch_of_any_size_is_sent_25_writes_and_100_keys_at_a_time(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    let before = db.calls();
    let rows: Vec<Row> = (0..101).map(|nr| row(&nr.to_string(), nr)).collect();
    db.batch_write().put_all(&rows[..25]).execute().await?;
    assert_eq!(db.calls() - before, 1);
    db.batch_write().put_all(&rows).execute().await?;
    assert_eq!(db.calls() - before, 6);
    assert!(db.batch_get(&rows[..100]).all().await?.iter().all(Option::is_some));
    assert_eq!(db.calls() - before, 7);
    assert!(db.batch_get(&rows).all().await?.iter().all(Option::is_some));
    assert_eq!(db.calls() - before, 9);
    Ok(())
}

async fn a_transaction_has_100_operations(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    let rows: Vec<Row> = (0..101).map(|nr| row(&nr.to_string(), nr)).collect();
    let write =
        |count: usize| rows[..count].iter().fold(db.transact_write(), |all, row| all.put(row)).execute();
    let read = |count: usize| db.transact_get(rows[..count].iter().collect::<Vec<_>>()).one();
    write(100).await?;
    assert_eq!(read(100).await?, rows[..100]);
    let before = db.calls();
    for count in [0, 101] {
        let words = [format!("{count} operations"), "1 to 100".to_owned()];
        let words = words.each_ref().map(String::as_str);
        refused(&db, before, write(count).await, &words);
        refused(&db, before, read(count).await, &words);
    }
    Ok(())
}

async fn a_transaction_has_4_mb_of_items(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    // Eleven items: ten large ones, and one for what is left to 4,194,304 bytes.
    let item = |nr: usize, bytes: usize| {
        let pk = format!("{nr:02}");
        row(&pk, "x".repeat(bytes - "pk".len() - "sk".len() - "value".len() - pk.len() - "s".len()))
    };
    let write = |over: usize| {
        let rows = (0..10).map(|nr| item(nr, 400_000)).chain([item(10, 194_304 + over)]);
        rows.fold(db.transact_write(), |all, row| all.put(&row)).execute()
    };
    write(0).await?;
    refused(&db, db.calls(), write(1).await, &["4,194,305 bytes", "4,194,304 bytes"]);
    Ok(())
}

async fn an_expression_has_4_kb(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    db.put(&row("p", true)).execute().await?;
    // `#n0 = :v0 OR …`: a long text of few operators is made of long lists.
    let lists = |count: usize| -> Condition<Row> {
        let list = || (0..100).map(|nr| AttributeValue::from(nr.to_string()));
        let one = || Row::VALUE.is_in(list());
        (1..count).fold(one(), |all, _| all.or(one()))
    };
    let refused_by_condition = db.delete(Row::key("p", "s")).condition(lists(5)).execute().await.unwrap_err();
    assert!(refused_by_condition.is_condition_failed(), "{refused_by_condition:?}");
    let result = db.delete(Row::key("p", "s")).condition(lists(6)).execute().await;
    refused(&db, db.calls(), result, &["ConditionExpression is ", "the limit is 4096 bytes"]);
    Ok(())
}

async fn a_number_has_38_digits(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(table = "other")]
    struct Big {
        #[dynamorm(pk)]
        id: u8,
        value: u128,
    }

    db.create_table::<Big>().execute().await?;
    let most = 10_u128.pow(38) - 1;
    db.put(&Big { id: 1, value: most }).execute().await?;
    assert_eq!(db.get(Big::key(1)).one().await?.value, most);
    refused(
        &db,
        db.calls(),
        db.put(&Big { id: 2, value: 10_u128.pow(38) + 1 }).execute().await,
        &["`value`", "38"],
    );
    assert!("1".repeat(38).parse::<Number>().is_ok());
    assert!("1".repeat(39).parse::<Number>().is_err());
    Ok(())
}

async fn an_attribute_is_nested_32_levels_deep(db: TestDb) -> Result<()> {
    db.create_table::<Row>().execute().await?;
    let nested = |levels: usize| {
        (0..levels).fold(AttributeValue::from("x"), |inner, _| AttributeValue::L(vec![inner]))
    };
    let before = db.calls();
    refused(&db, before, db.put(&row("p", nested(33))).execute().await, &["32"]);
    let deepest = row("p", nested(31));
    db.put(&deepest).execute().await?;
    assert_eq!(db.get(&deepest).one().await?, deepest);
    Ok(())
}

async fn a_statement_has_8_kb(db: TestDb) -> Result<()> {
    let statement = |bytes: usize| db.statement(" ".repeat(bytes - 1) + "x", [] as [&str; 0]);
    assert!(statement(8_192).to_request().is_ok());
    refused(&db, 0, statement(8_193).execute().await, &["8,193 bytes", "8,192 bytes"]);
    Ok(())
}
