//! Schemas: items of an older one are read in ours on every path, and no write leaves an item of two.

use crate::support::{TestDb, matrix};
use dynamorm::{AttributeValue, ErrorKind, Item, Model, Number, Project, Put, Result, Update};

matrix![
    old_items_do_not_break_reads_when_the_schema_evolves,
    an_item_of_the_middle_schema_goes_through_the_rest_of_the_functions,
    a_put_writes_the_newest_schema,
    old_items_are_read_in_our_schema_where_a_write_gives_them_back,
    an_update_of_an_item_of_an_older_schema_fails,
    an_update_that_makes_an_item_gives_it_our_schema,
    an_update_of_a_first_schema_takes_items_from_before_it,
    an_item_of_a_newer_schema_is_refused,
    a_function_that_fails_names_its_schema_and_is_the_source,
    a_projection_reads_items_of_our_schema_only,
];

/// As users were at first, before there were schemas.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE")]
struct First {
    id: String,
    name: String,
}

#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE", schema = 2, upcast(name_in_parts))]
struct Second {
    id: String,
    first_name: String,
    last_name: String,
}

/// Now. `credits` were text once, so that an old item does not even decode.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE", schema = 3, upcast(name_in_parts, with_credits))]
struct Third {
    id: String,
    first_name: String,
    last_name: String,
    credits: i64,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Third)]
struct Named {
    first_name: String,
}

/// A schema from the start.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE", schema = 1)]
struct Counted {
    id: String,
    name: String,
}

fn name_in_parts(mut item: Item) -> Result<Item, &'static str> {
    let name = item.remove("name").ok_or("there is no name")?;
    let (first, last) = name.as_s().and_then(|name| name.split_once(' ')).ok_or("it is one word")?;
    item.insert("first_name".to_owned(), AttributeValue::from(first));
    item.insert("last_name".to_owned(), AttributeValue::from(last));
    Ok(item)
}

fn with_credits(mut item: Item) -> Result<Item, std::num::ParseIntError> {
    let stored = match item.get("credits") {
        Some(AttributeValue::S(text)) => text.parse::<i64>()?,
        _ => 10,
    };
    item.insert("credits".to_owned(), AttributeValue::N(Number::from(stored)));
    Ok(item)
}

fn first(name: &str) -> First {
    First { id: "u1".into(), name: name.into() }
}

fn third() -> Third {
    Third { id: "u1".into(), first_name: "Ada".into(), last_name: "Lovelace".into(), credits: 10 }
}

async fn with_old_item(db: &TestDb) -> Result<()> {
    db.create_table::<First>().execute().await?;
    db.put(&first("Ada Lovelace")).execute().await
}

async fn old_items_do_not_break_reads_when_the_schema_evolves(db: TestDb) -> Result<()> {
    with_old_item(&db).await?;
    assert_eq!(db.get(Third::key("u1")).one().await?, third());
    let query = || db.query::<Third>().key(Third::PRIMARY_KEY.partition("u1"));
    assert_eq!(query().all().await?, [third()]);
    assert_eq!(query().take(1).await?.items, [third()]);
    assert_eq!(query().one().await?, third());
    Ok(())
}

async fn an_item_of_the_middle_schema_goes_through_the_rest_of_the_functions(db: TestDb) -> Result<()> {
    db.create_table::<First>().execute().await?;
    let second = Second { id: "u1".into(), first_name: "Ada".into(), last_name: "Lovelace".into() };
    db.put(&second).execute().await?;
    assert_eq!(db.get(Third::key("u1")).one().await?, third());
    Ok(())
}

async fn a_put_writes_the_newest_schema(db: TestDb) -> Result<()> {
    with_old_item(&db).await?;
    let read = db.get(Third::key("u1")).one().await?;
    db.put(&read).execute().await?;
    assert_eq!(db.get(Third::key("u1")).one().await?, third());
    assert_eq!(db.get(Third::key("u1")).project::<Named>().one().await?.first_name, "Ada");
    db.update(Third::key("u1")).add(Third::CREDITS, 1).execute().await?;
    assert_eq!(db.get(Third::key("u1")).one().await?.credits, 11);

    db.batch_write().put(&third()).execute().await?;
    db.transact_write().put(Put::new(&third())).execute().await?;
    db.update(&third()).add(Third::CREDITS, 1).execute().await?;
    Ok(())
}

async fn old_items_are_read_in_our_schema_where_a_write_gives_them_back(db: TestDb) -> Result<()> {
    with_old_item(&db).await?;
    let refused = db
        .update(Third::key("u1"))
        .add(Third::CREDITS, 1)
        .returning_old_on_failure()
        .execute()
        .await
        .unwrap_err();
    assert_eq!(refused.item::<Third>()?, Some(third()));
    let cancelled = db
        .transact_write()
        .update(Update::new(Third::key("u1")).add(Third::CREDITS, 1).returning_old_on_failure())
        .execute()
        .await
        .unwrap_err();
    assert_eq!(cancelled.cancellations()[0].item::<Third>()?, Some(third()));
    assert_eq!(db.put(&third()).returning_old().await?, Some(third()));
    db.put(&first("Ada Lovelace")).execute().await?;
    assert_eq!(db.delete(Third::key("u1")).returning_old().await?, Some(third()));
    Ok(())
}

async fn an_update_of_an_item_of_an_older_schema_fails(db: TestDb) -> Result<()> {
    with_old_item(&db).await?;
    let by_key = db.update(Third::key("u1")).set(Third::FIRST_NAME, "Countess").execute().await;
    assert!(by_key.unwrap_err().is_condition_failed());
    let by_item = db.update(&third()).set(Third::FIRST_NAME, "Countess").execute().await;
    assert!(by_item.unwrap_err().is_condition_failed());
    assert_eq!(db.get(First::key("u1")).one().await?, first("Ada Lovelace"));
    Ok(())
}

async fn an_update_that_makes_an_item_gives_it_our_schema(db: TestDb) -> Result<()> {
    db.create_table::<First>().execute().await?;
    db.update(Third::key("u1"))
        .set(Third::FIRST_NAME, "Ada")
        .set(Third::LAST_NAME, "Lovelace")
        .set(Third::CREDITS, 10)
        .execute()
        .await?;
    assert_eq!(db.get(Third::key("u1")).one().await?, third());
    Ok(())
}

async fn an_update_of_a_first_schema_takes_items_from_before_it(db: TestDb) -> Result<()> {
    with_old_item(&db).await?;
    db.update(Counted::key("u1")).set(Counted::NAME, "Ada").execute().await?;
    assert_eq!(db.get(Counted::key("u1")).one().await?.name, "Ada");
    db.put(&first("Ada Lovelace")).execute().await?;
    let read = db.get(Counted::key("u1")).one().await?;
    db.update(&read).set(Counted::NAME, "Ada").execute().await?;

    db.put(&third()).execute().await?;
    let newer = db.update(Counted::key("u1")).set(Counted::NAME, "Ada").execute().await;
    assert!(newer.unwrap_err().is_condition_failed());
    Ok(())
}

async fn an_item_of_a_newer_schema_is_refused(db: TestDb) -> Result<()> {
    db.create_table::<First>().execute().await?;
    db.put(&third()).execute().await?;
    let error = db.get(Second::key("u1")).one().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(
        error.to_string().ends_with("the item has schema 3, and this program knows the schemas from 1 to 2"),
        "{error}"
    );
    Ok(())
}

async fn a_function_that_fails_names_its_schema_and_is_the_source(db: TestDb) -> Result<()> {
    db.create_table::<First>().execute().await?;
    db.put(&first("Ada")).execute().await?;
    let error = db.get(Third::key("u1")).one().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(
        error.to_string().ends_with("the item could not be brought from schema 1 to the next"),
        "{error}"
    );
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    assert_eq!(cause.to_string(), "it is one word");
    Ok(())
}

async fn a_projection_reads_items_of_our_schema_only(db: TestDb) -> Result<()> {
    with_old_item(&db).await?;
    let error = db.get(Third::key("u1")).project::<Named>().one().await.unwrap_err();
    assert!(
        error.to_string().ends_with(
            "the item has schema 1, and only whole items are brought to schema 3: read it without a projection"
        ),
        "{error}"
    );
    db.put(&third()).execute().await?;
    assert_eq!(db.get(Third::key("u1")).project::<Named>().one().await?, Named { first_name: "Ada".into() });
    Ok(())
}
