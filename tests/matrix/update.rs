//! UpdateItem.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::{Model, Result, Update};
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
    setting_an_index_key_to_nothing_takes_the_item_out_of_the_index,
    an_index_key_made_of_a_changed_attribute_is_made_anew,
    an_index_key_that_would_go_stale_is_refused_before_the_network,
    an_index_key_cannot_be_made_of_a_calculation,
    removing_a_part_takes_the_item_out_of_the_index,
    an_attribute_in_the_key_helps_to_make_an_index_key,
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

async fn setting_an_index_key_to_nothing_takes_the_item_out_of_the_index(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let found = async || db.query::<User>().key(User::EMAIL_INDEX.partition("u1@example.com")).all().await;
    assert_eq!(found().await?.len(), 1);
    db.update(User::key("u1")).set(User::EMAIL, "").execute().await?;
    assert_eq!(found().await?, []);
    assert_eq!(db.get(User::key("u1")).one().await?.email, "");
    db.update(User::key("u1")).set(User::EMAIL, "u1@example.com").execute().await?;
    assert_eq!(found().await?.len(), 1);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TASK#{id}")]
#[dynamorm(index = "by-status", pk = "STATUS#{status}", sk = "{owner}#{due}")]
#[dynamorm(index = "by-id", pk = "{status}/{id}")]
struct Task {
    id: String,
    status: String,
    owner: Option<String>,
    due: u32,
    note: Option<String>,
}

impl Task {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            status: "open".to_owned(),
            owner: Some("ada".to_owned()),
            due: 7,
            note: None,
        }
    }

    /// The ids of the tasks with this status, in the order of the index.
    async fn with_status(db: &TestDb, status: &str) -> Result<Vec<String>> {
        let tasks = db.query::<Task>().key(Task::BY_STATUS_INDEX.partition(status)).all().await?;
        Ok(tasks.into_iter().map(|task| task.id).collect())
    }
}

async fn an_index_key_made_of_a_changed_attribute_is_made_anew(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.put(&Task::new("t2")).execute().await?;
    db.update(Task::key("t1")).set(Task::STATUS, "done").execute().await?;
    assert_eq!(Task::with_status(&db, "open").await?, ["t2"]);
    assert_eq!(Task::with_status(&db, "done").await?, ["t1"]);
    // Inside a transaction too, and for the sort key.
    let later =
        Update::new(Task::key("t2")).set(Task::STATUS, "done").set(Task::OWNER, "ada").set(Task::DUE, 3);
    db.transact_write().update(later).execute().await?;
    assert_eq!(Task::with_status(&db, "done").await?, ["t2", "t1"]);
    Ok(())
}

async fn an_index_key_that_would_go_stale_is_refused_before_the_network(db: TestDb) -> Result<()> {
    // The sort key is made of the owner and the due day, and the update knows one of them.
    let error = db.update(Task::key("t1")).set(Task::DUE, 3).execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    for text in ["\"by-status\"", "`owner`", "stale"] {
        assert!(error.to_string().contains(text), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn an_index_key_cannot_be_made_of_a_calculation(db: TestDb) -> Result<()> {
    for update in [
        db.update(Task::key("t1")).set(Task::OWNER, "ada").add(Task::DUE, 1),
        db.update(Task::key("t1")).set(Task::OWNER, "ada").set(Task::DUE, Task::DUE.plus(1)),
        db.update(Task::key("t1")).set(Task::STATUS, Task::STATUS.or_if_absent("open")),
    ] {
        let error = update.execute().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("made anew"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn removing_a_part_takes_the_item_out_of_the_index(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.update(Task::key("t1")).remove(Task::OWNER).execute().await?;
    assert_eq!(Task::with_status(&db, "open").await?, [] as [String; 0]);
    assert_eq!(db.get(Task::key("t1")).one().await?, Task { owner: None, ..Task::new("t1") });
    db.update(Task::key("t1")).set(Task::OWNER, "bob").set(Task::DUE, 7).execute().await?;
    assert_eq!(Task::with_status(&db, "open").await?, ["t1"]);
    Ok(())
}

async fn an_attribute_in_the_key_helps_to_make_an_index_key(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    db.put(&Task::new("t1")).execute().await?;
    db.update(Task::key("t1")).set(Task::STATUS, "done").execute().await?;
    let by_id = |status: &'static str| db.query::<Task>().key(Task::BY_ID_INDEX.partition((status, "t1")));
    assert_eq!(by_id("open").optional().await?, None);
    assert_eq!(by_id("done").one().await?.status, "done");
    Ok(())
}
