//! UpdateItem.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::{Model, Result};
use std::collections::BTreeSet;

matrix![
    an_update_sets_adds_and_removes,
    calculations_start_from_the_stored_value,
    a_calculation_on_an_absent_attribute_is_refused_and_add_is_not,
    elements_are_added_to_a_set_and_deleted_from_it,
    deleting_the_last_element_leaves_an_empty_set,
    a_value_is_kept_where_there_is_one,
    an_update_touches_no_other_attribute,
    an_update_of_an_absent_item_makes_one_that_can_be_read,
    an_update_if_exists_makes_none,
    a_condition_decides_whether_an_update_changes,
    an_update_gives_the_new_item_or_the_old_one,
    a_failed_update_gives_the_stored_item_if_asked,
    an_update_that_changes_nothing_is_refused_before_the_network,
    an_attribute_changed_twice_is_refused_before_the_network,
];

fn tags(tags: &[&str]) -> BTreeSet<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

async fn an_update_sets_adds_and_removes(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&User { nickname: Some("Ada".to_owned()), ..user("u1") }).execute().await?;
    db.update(User::key("u1"))
        .set(User::NAME, "Ada Lovelace")
        .add(User::CREDITS, -3)
        .remove(User::NICKNAME)
        .execute()
        .await?;
    let expected = User { name: "Ada Lovelace".to_owned(), credits: 7, ..user("u1") };
    assert_eq!(db.get(User::key("u1")).one().await?, expected);
    Ok(())
}

async fn calculations_start_from_the_stored_value(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.minus(7)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.plus(9)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 12);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "C#{id}")]
struct Counter {
    id: String,
    hits: Option<i64>,
    note: Option<String>,
}

async fn a_calculation_on_an_absent_attribute_is_refused_and_add_is_not(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let counter = Counter { id: "c".to_owned(), hits: None, note: None };
    db.put(&counter).execute().await?;
    let refused = db.update(Counter::key("c")).set(Counter::HITS, Counter::HITS.minus(1)).execute().await;
    assert!(refused.unwrap_err().is_invalid_request());
    assert_eq!(db.get(&counter).one().await?, counter);
    db.update(Counter::key("c")).add(Counter::HITS, -1).execute().await?;
    assert_eq!(db.get(&counter).one().await?.hits, Some(-1));
    Ok(())
}

async fn elements_are_added_to_a_set_and_deleted_from_it(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.update(User::key("u1")).add(User::TAGS, tags(&["a", "b"])).execute().await?;
    db.update(User::key("u1")).add(User::TAGS, tags(&["b", "c"])).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.tags, tags(&["a", "b", "c"]));
    db.update(User::key("u1")).delete(User::TAGS, tags(&["a", "x"])).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.tags, tags(&["b", "c"]));
    Ok(())
}

async fn deleting_the_last_element_leaves_an_empty_set(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&User { tags: tags(&["a"]), ..user("u1") }).execute().await?;
    let updated = db.update(User::key("u1")).delete(User::TAGS, tags(&["a"])).returning_new().await?;
    assert_eq!(updated, user("u1"));
    // Setting an empty set, which DynamoDB cannot store, removes the attribute.
    db.put(&User { tags: tags(&["a"]), ..user("u1") }).execute().await?;
    let updated = db.update(User::key("u1")).set(User::TAGS, BTreeSet::new()).returning_new().await?;
    assert_eq!(updated, user("u1"));
    Ok(())
}

async fn a_value_is_kept_where_there_is_one(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let set = |hits: i64| {
        db.update(Counter::key("c")).set(Counter::HITS, Counter::HITS.or_if_absent(hits)).returning_new()
    };
    assert_eq!(set(1).await?.hits, Some(1));
    assert_eq!(set(2).await?.hits, Some(1));
    Ok(())
}

async fn an_update_touches_no_other_attribute(db: TestDb) -> Result<()> {
    use dynamorm::transport::Operation;
    shop_with(&db, &["u1"]).await?;
    // An attribute that the model does not know.
    let update = serde_json::json!({
        "Key": { "pk": { "S": "USER#u1" }, "sk": { "S": "PROFILE" } },
        "UpdateExpression": "SET added = :v",
        "ExpressionAttributeValues": { ":v": { "S": "kept" } },
    });
    db.send_json(Operation::UpdateItem, update).await;
    db.update(User::key("u1")).set(User::NAME, "Ada").execute().await?;
    let error = db.put(&user("u1")).if_not_exists().returning_old_on_failure().execute().await.unwrap_err();
    let stored = error.item::<dynamorm::Item>()?.unwrap();
    assert_eq!((stored["added"].as_s(), stored["name"].as_s()), (Some("kept"), Some("Ada")));
    Ok(())
}

async fn an_update_of_an_absent_item_makes_one_that_can_be_read(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    db.update(Counter::key("c")).add(Counter::HITS, 1).execute().await?;
    // The id is in the key `C#c` and as an attribute of its own.
    let expected = Counter { id: "c".to_owned(), hits: Some(1), note: None };
    assert_eq!(db.get(Counter::key("c")).one().await?, expected);
    Ok(())
}

async fn an_update_if_exists_makes_none(db: TestDb) -> Result<()> {
    db.create_table::<Counter>().execute().await?;
    let update = || db.update(Counter::key("c")).add(Counter::HITS, 1).if_exists();
    assert!(update().execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Counter::key("c")).optional().await?, None);
    // An item that was read is never made again by an update of it.
    let gone = Counter { id: "c".to_owned(), hits: None, note: None };
    db.put(&gone).execute().await?;
    assert_eq!(update().returning_new().await?.hits, Some(1));
    Ok(())
}

async fn a_condition_decides_whether_an_update_changes(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let debit =
        |n: i64| db.update(User::key("u1")).add(User::CREDITS, -n).condition(User::CREDITS.ge(n)).execute();
    debit(7).await?;
    assert!(debit(7).await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    Ok(())
}

async fn an_update_gives_the_new_item_or_the_old_one(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let update = || db.update(User::key("u1")).add(User::CREDITS, 1);
    assert_eq!(update().returning_old().await?, Some(user("u1")));
    assert_eq!(update().returning_new().await?, User { credits: 12, ..user("u1") });
    let absent = db.update(User::key("u9")).add(User::CREDITS, 1).returning_old().await?;
    assert_eq!(absent, None);
    Ok(())
}

async fn a_failed_update_gives_the_stored_item_if_asked(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let update = || db.update(User::key("u1")).add(User::CREDITS, -70).condition(User::CREDITS.ge(70));
    let error = update().returning_old_on_failure().execute().await.unwrap_err();
    assert_eq!(error.item::<User>()?, Some(user("u1")));
    assert_eq!(update().execute().await.unwrap_err().item::<User>()?, None);
    Ok(())
}

async fn an_update_that_changes_nothing_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let error = db.update(User::key("u1")).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("changes nothing"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn an_attribute_changed_twice_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let update = db.update(User::key("u1")).set(User::CREDITS, 1).add(User::CREDITS, 1);
    let error = update.execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("`credits`"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}
