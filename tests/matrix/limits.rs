//! Every limit of DynamoDB, at it and beyond it: beyond, the error has what was given and what is allowed, and nothing is sent.

use crate::support::{TestDb, matrix};
use dynamorm::{AttributeValue, Condition, Error, ErrorKind, Model, Number, Result};

matrix![
    an_item_has_400_kb,
    a_partition_key_has_2_kb_and_a_sort_key_1_kb,
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
