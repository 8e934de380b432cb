//! PutItem.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{Condition, ErrorKind, Item, Model, Result};

matrix![
    a_put_replaces_the_item_with_the_same_key,
    a_put_if_not_exists_writes_once,
    a_condition_decides_whether_a_put_writes,
    several_conditions_must_all_be_true,
    a_put_gives_the_old_item,
    a_put_gives_the_new_item,
    a_failed_put_gives_the_stored_item_if_asked,
    an_empty_index_key_leaves_the_item_out_of_the_index,
    a_part_of_an_index_key_that_is_none_leaves_the_item_out_of_the_index,
    an_item_over_400_kb_is_refused_with_its_size,
    an_item_of_400_kb_is_written,
    a_raw_condition_is_obeyed,
    an_answer_that_is_lost_is_a_transport_error,
];

async fn a_put_replaces_the_item_with_the_same_key(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&User { nickname: Some("Ada".to_owned()), ..user("u1") }).execute().await?;
    let second = User { name: "Ada Lovelace".to_owned(), ..user("u1") };
    db.put(&second).execute().await?;
    // Nothing of the first is left, not even the attribute that the second has not.
    assert_eq!(db.get(User::key("u1")).one().await?, second);
    Ok(())
}

async fn a_put_if_not_exists_writes_once(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&user("u1")).if_not_exists().execute().await?;
    let second = User { name: "Another".to_owned(), ..user("u1") };
    let error = db.put(&second).if_not_exists().execute().await.unwrap_err();
    assert!(error.is_condition_failed() && error.kind() == ErrorKind::ConditionFailed, "{error}");
    assert_eq!(db.get(User::key("u1")).one().await?, user("u1"));
    Ok(())
}

async fn a_condition_decides_whether_a_put_writes(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let second = User { credits: 20, ..user("u1") };
    let refused = db.put(&second).condition(User::CREDITS.gt(10)).execute().await;
    assert!(refused.unwrap_err().is_condition_failed());
    db.put(&second).condition(User::CREDITS.ge(10)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 20);
    Ok(())
}

async fn several_conditions_must_all_be_true(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let put = || db.put(&user("u1")).condition(User::ACTIVE.eq(true));
    let refused = put().condition(User::CREDITS.eq(11)).execute().await;
    assert!(refused.unwrap_err().is_condition_failed());
    // An `or` in one of them does not reach into the others.
    let either = User::CREDITS.eq(11).or(User::ACTIVE.eq(true));
    let refused = db.put(&user("u1")).condition(User::CREDITS.eq(12)).condition(either).execute().await;
    assert!(refused.unwrap_err().is_condition_failed());
    put().condition(User::CREDITS.eq(10)).execute().await
}

async fn a_put_gives_the_old_item(db: TestDb) -> Result<()> {
    shop(&db).await?;
    assert_eq!(db.put(&user("u1")).returning_old().await?, None);
    let second = User { credits: 20, ..user("u1") };
    assert_eq!(db.put(&second).returning_old().await?, Some(user("u1")));
    assert_eq!(db.get(User::key("u1")).one().await?, second);
    Ok(())
}

async fn a_put_gives_the_new_item(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let second = User { credits: 20, ..user("u1") };
    assert_eq!(db.put(&second).returning_new().await?, second);
    Ok(())
}

async fn a_failed_put_gives_the_stored_item_if_asked(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let put = || db.put(&User { credits: 1, ..user("u1") }).if_not_exists();
    let error = put().returning_old_on_failure().execute().await.unwrap_err();
    assert_eq!(error.item::<User>()?, Some(user("u1")));
    let dynamic = error.item::<Item>()?.unwrap();
    assert_eq!(dynamic["pk"].as_s(), Some("USER#u1"));
    let error = put().execute().await.unwrap_err();
    assert_eq!(error.item::<User>()?, None);
    Ok(())
}

async fn an_empty_index_key_leaves_the_item_out_of_the_index(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let without = User { email: String::new(), ..user("u1") };
    db.put(&without).execute().await?;
    db.put(&user("u2")).execute().await?;
    // It comes back as it was.
    assert_eq!(db.get(User::key("u1")).one().await?, without);
    let by_email = |email: &str| User::EMAIL_INDEX.partition(email);
    assert_eq!(db.query::<User>().key(by_email("u1@example.com")).all().await?, []);
    assert_eq!(db.query::<User>().key(by_email("u2@example.com")).all().await?, [user("u2")]);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TASK#{id}")]
#[dynamorm(index = "by-owner", pk = "OWNER#{owner}", sk = "{due}")]
struct Task {
    id: String,
    owner: Option<String>,
    due: u32,
}

async fn a_part_of_an_index_key_that_is_none_leaves_the_item_out_of_the_index(db: TestDb) -> Result<()> {
    db.create_table::<Task>().execute().await?;
    let task =
        |id: &str, owner: Option<&str>| Task { id: id.to_owned(), owner: owner.map(str::to_owned), due: 7 };
    for task in [task("t1", Some("ada")), task("t2", None)] {
        db.put(&task).execute().await?;
        assert_eq!(db.get(&task).one().await?, task);
    }
    let ada = db.query::<Task>().key(Task::BY_OWNER_INDEX.partition("ada")).all().await?;
    assert_eq!(ada, [task("t1", Some("ada"))]);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TASK#{id}")]
struct Large {
    id: String,
    text: String,
}

/// An item of exactly so many bytes, as DynamoDB counts them: names and values.
fn large(bytes: usize) -> Large {
    let beside = "pk".len() + "TASK#i".len() + "id".len() + "i".len() + "text".len();
    Large { id: "i".to_owned(), text: "x".repeat(bytes - beside) }
}

async fn an_item_over_400_kb_is_refused_with_its_size(db: TestDb) -> Result<()> {
    db.create_table::<Large>().execute().await?;
    let calls = db.calls();
    let error = db.put(&large(412_034)).execute().await.unwrap_err();
    assert!(error.is_invalid_request());
    let text =
        format!("PutItem on \"{}\": the item is 412,034 bytes, the limit is 409,600 bytes", db.table_name());
    assert_eq!(error.to_string(), text);
    assert_eq!(db.calls(), calls);
    Ok(())
}

async fn an_item_of_400_kb_is_written(db: TestDb) -> Result<()> {
    db.create_table::<Large>().execute().await?;
    db.put(&large(409_600)).execute().await?;
    assert_eq!(db.get(Large::key("i")).one().await?, large(409_600));
    let refused = db.put(&large(409_601)).execute().await;
    assert!(refused.unwrap_err().to_string().contains("409,601"));
    Ok(())
}

async fn a_raw_condition_is_obeyed(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let put = |text: &str| db.put(&user("u1")).condition(Condition::raw(text, [(":least", 10)])).execute();
    put("credits >= :least AND (active = :least OR attribute_exists(name))").await?;
    assert!(put("credits > :least").await.unwrap_err().is_condition_failed());
    Ok(())
}

async fn an_answer_that_is_lost_is_a_transport_error(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let faulty = db.faulty(|faults| faults.on(Operation::PutItem, 1, Fault::LostResponse));
    let error = faulty.put(&user("u1")).execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    // It may have been carried out, as the text says; here it has.
    assert!(error.to_string().contains("may or may not"), "{error}");
    assert_eq!(db.get(User::key("u1")).optional().await?, Some(user("u1")));
    Ok(())
}
