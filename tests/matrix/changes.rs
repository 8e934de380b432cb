//! Saving only what differs from the item as it was read.

use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{Condition, Document, Item, Model, Number, Result, Timestamp, Ttl};
use std::collections::{BTreeMap, HashSet};

matrix![
    what_differs_is_set_or_removed,
    what_does_not_differ_stays_as_others_wrote_it,
    numbers_are_compared_by_value_and_sets_in_any_order,
    a_document_that_differs_is_replaced_whole,
    index_keys_follow_a_difference,
    without_a_difference_nothing_is_sent,
    without_a_difference_a_condition_is_checked,
    without_a_difference_the_item_is_returned_and_checked,
    a_difference_stands_in_a_transaction,
    no_difference_is_a_check_in_a_transaction,
    a_difference_is_of_the_version_that_was_read,
    a_difference_of_two_items_is_refused_before_the_network,
    a_time_to_live_and_a_creation_may_differ,
    an_item_that_is_gone_is_not_made_again,
];

#[derive(Debug, Clone, PartialEq, Document)]
struct Address {
    street: String,
    city: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "PERSON#{id}")]
#[dynamorm(index = "by-team", pk = "TEAM#{team}", sk = "{role}#{name}")]
struct Person {
    id: String,
    name: String,
    team: Option<String>,
    role: String,
    score: Number,
    tags: HashSet<String>,
    address: Address,
    labels: BTreeMap<String, i64>,
}

fn person() -> Person {
    Person {
        id: "p".to_owned(),
        name: "Ada".to_owned(),
        team: Some("red".to_owned()),
        role: "lead".to_owned(),
        score: Number::from(7),
        tags: ["a", "b", "c", "d", "e"].map(str::to_owned).into(),
        address: Address { street: "Main".to_owned(), city: Some("Paris".to_owned()) },
        labels: BTreeMap::from([("x".to_owned(), 1)]),
    }
}

async fn with_person(db: &TestDb) -> Result<Person> {
    db.create_table::<Person>().execute().await?;
    db.put(&person()).execute().await?;
    Ok(person())
}

/// The item as it is stored.
async fn stored(db: &TestDb) -> Result<Item> {
    let refused = db.put(&person()).if_not_exists().returning_old_on_failure().execute().await;
    Ok(refused.unwrap_err().item::<Item>()?.unwrap())
}

async fn what_differs_is_set_or_removed(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let new = Person {
        name: "Ada Lovelace".to_owned(),
        team: None,
        score: Number::from(8),
        tags: HashSet::new(),
        ..old.clone()
    };
    new.changes_from(&old).on(&db).execute().await?;
    assert_eq!(db.get(Person::key("p")).one().await?, new);
    // What is absent is not there, rather than null or empty.
    let stored = stored(&db).await?;
    assert!(!stored.contains_key("team") && !stored.contains_key("tags"));
    Ok(())
}

async fn what_does_not_differ_stays_as_others_wrote_it(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let foreign = serde_json::json!({
        "Key": { "pk": { "S": "PERSON#p" } },
        "UpdateExpression": "SET added = :added, score = :score",
        "ExpressionAttributeValues": { ":added": { "S": "kept" }, ":score": { "N": "9" } },
    });
    db.send_json(Operation::UpdateItem, foreign).await;
    Person { name: "Bob".to_owned(), ..old.clone() }.changes_from(&old).on(&db).execute().await?;
    let now = stored(&db).await?;
    assert_eq!(now["added"].as_s(), Some("kept"));
    assert_eq!((now["name"].as_s(), now["score"].as_n()), (Some("Bob"), Some(Number::from(9))));
    Ok(())
}

async fn numbers_are_compared_by_value_and_sets_in_any_order(_: TestDb) -> Result<()> {
    let one = Person { score: "10".parse()?, ..person() };
    let other = Person { score: "1.00E+1".parse()?, ..person() };
    // Two hash sets of the same elements, each in an order of its own.
    assert!(other.changes_from(&one).is_empty());
    Ok(())
}

async fn a_document_that_differs_is_replaced_whole(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let new = Person {
        address: Address { street: "Side".to_owned(), city: None },
        labels: BTreeMap::from([("y".to_owned(), 2)]),
        ..old.clone()
    };
    new.changes_from(&old).on(&db).execute().await?;
    assert_eq!(db.get(Person::key("p")).one().await?, new);
    Ok(())
}

async fn index_keys_follow_a_difference(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let new = Person { name: "Bob".to_owned(), ..old.clone() };
    new.changes_from(&old).on(&db).execute().await?;
    let bob =
        db.query::<Person>().key(Person::BY_TEAM_INDEX.partition("red").eq(("lead", "Bob"))).one().await?;
    assert_eq!(bob, new);
    // The key was made of the role as it was read: if that has changed, nothing is written.
    db.update(&new).set(Person::ROLE, "member").execute().await?;
    let late = Person { name: "Eve".to_owned(), ..new.clone() }.changes_from(&new).on(&db).execute().await;
    assert!(late.unwrap_err().is_condition_failed());
    // Out of the index and in again.
    let now = db.get(Person::key("p")).one().await?;
    let nowhere = Person { team: None, ..now.clone() };
    nowhere.changes_from(&now).on(&db).execute().await?;
    assert!(!stored(&db).await?.contains_key("by-team_pk"));
    now.changes_from(&nowhere).on(&db).execute().await?;
    assert_eq!(stored(&db).await?["by-team_pk"].as_s(), Some("TEAM#red"));
    Ok(())
}

async fn without_a_difference_nothing_is_sent(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let calls = db.calls();
    old.changes_from(&old).on(&db).execute().await?;
    assert_eq!(db.calls(), calls);
    Ok(())
}

async fn without_a_difference_a_condition_is_checked(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let update = || old.changes_from(&old).condition(Person::SCORE.ge(Number::from(7))).on(&db);
    update().execute().await?;
    db.update(&old).set(Person::SCORE, Number::from(6)).execute().await?;
    assert!(update().execute().await.unwrap_err().is_condition_failed());
    Ok(())
}

async fn without_a_difference_the_item_is_returned_and_checked(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    assert_eq!(old.changes_from(&old).on(&db).returning_new().await?, old);
    db.delete(Person::key("p")).execute().await?;
    assert!(old.changes_from(&old).on(&db).returning_new().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Person::key("p")).optional().await?, None);
    Ok(())
}

async fn a_difference_stands_in_a_transaction(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let new = Person { name: "Bob".to_owned(), ..old.clone() };
    db.transact_write().update(new.changes_from(&old)).execute().await?;
    assert_eq!(db.get(Person::key("p")).one().await?, new);
    Ok(())
}

async fn no_difference_is_a_check_in_a_transaction(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    let other = Person { id: "q".to_owned(), ..person() };
    db.transact_write().update(old.changes_from(&old)).put(&other).execute().await?;
    db.delete(&old).execute().await?;
    let error = db.transact_write().update(old.changes_from(&old)).put(&other).execute().await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    assert_eq!(error.cancellations()[0].operation, 0);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}")]
struct Doc {
    id: String,
    text: String,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(created_at)]
    created: Timestamp,
    #[dynamorm(ttl)]
    expires: Option<Ttl>,
}

async fn with_doc(db: &TestDb) -> Result<Doc> {
    db.create_table::<Doc>().execute().await?;
    let doc = Doc {
        id: "d".to_owned(),
        text: "a".to_owned(),
        version: 0,
        created: Timestamp::default(),
        expires: None,
    };
    db.put(&doc).returning_new().await
}

async fn a_difference_is_of_the_version_that_was_read(db: TestDb) -> Result<()> {
    let first = with_doc(&db).await?;
    let second = Doc { text: "b".to_owned(), ..first.clone() };
    let second = second.changes_from(&first).on(&db).returning_new().await?;
    assert_eq!((second.text.as_str(), second.version), ("b", 2));
    let late = Doc { text: "c".to_owned(), ..first.clone() };
    assert!(late.changes_from(&first).on(&db).execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Doc::key("d")).one().await?, second);
    Ok(())
}

async fn a_difference_of_two_items_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let other = Person { id: "q".to_owned(), ..person() };
    let error = other.changes_from(&person()).on(&db).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("another key"), "{error}");
    let error = db.transact_write().update(other.changes_from(&person())).execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_time_to_live_and_a_creation_may_differ(db: TestDb) -> Result<()> {
    let first = with_doc(&db).await?;
    let day = |day: i64| Timestamp::from_epoch_seconds(4_000_000_000 + day * 86_400);
    let moved = Doc { created: day(-1), expires: Some(Ttl::at(day(1))), ..first.clone() };
    let second = moved.changes_from(&first).on(&db).returning_new().await?;
    assert_eq!(second, Doc { version: 2, ..moved });
    let forever = Doc { expires: None, ..second.clone() };
    let third = forever.changes_from(&second).on(&db).returning_new().await?;
    assert_eq!(third, Doc { version: 3, ..forever });
    Ok(())
}

async fn an_item_that_is_gone_is_not_made_again(db: TestDb) -> Result<()> {
    let old = with_person(&db).await?;
    db.delete(&old).execute().await?;
    let update = Person { name: "Bob".to_owned(), ..old.clone() }.changes_from(&old);
    let stays = update.condition(Condition::raw("attribute_exists(pk)", [("", ""); 0]));
    assert!(stays.on(&db).execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Person::key("p")).optional().await?, None);
    Ok(())
}
