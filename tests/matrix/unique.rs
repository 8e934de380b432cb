//! Unique attributes: their guards follow every write, and no value is two items'.

pub(crate) mod repair;
pub(crate) mod together;

use crate::support::{TestDb, matrix};
use dynamorm::transport::{Call, Fault, Operation, Request, Transport};
use dynamorm::{
    CancelCode, Check, Db, Delete, ErrorKind, Item, ItemCollection, Meter, Model, Put, Result, Update,
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

matrix![
    no_two_items_have_one_value,
    a_value_that_is_given_up_is_free,
    a_put_over_an_item_moves_its_guards,
    a_write_that_changes_no_unique_value_is_no_transaction,
    within_a_scope_values_are_unique_and_move_with_it,
    an_item_is_found_by_a_unique_value,
    values_change_hands_within_one_transaction,
    a_cancelled_transaction_names_the_callers_operations,
    guards_count_among_the_operations_of_a_transaction,
    what_was_read_is_never_trusted,
    what_is_told_saves_the_read_and_must_be_true,
    a_version_is_checked_with_the_guards,
    a_lost_answer_is_no_second_item,
    items_that_had_one_value_before_can_part,
    no_guard_is_seen_as_an_item,
    what_would_leave_a_guard_behind_is_refused,
    reads_and_writes_cost_what_the_guide_says
        lacks(Direct: "DynamoDB Local charges a write in a transaction once", Compat: "as Direct"),
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE")]
struct User {
    id: String,
    #[dynamorm(unique)]
    email: String,
    #[dynamorm(unique)]
    nickname: Option<String>,
    #[dynamorm(unique(scope = org))]
    badge: Option<u32>,
    org: String,
    credits: i64,
}

/// The same items, from before anything of them was unique.
#[derive(Debug, Clone, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE")]
struct OldUser {
    id: String,
    email: String,
    org: String,
    credits: i64,
}

/// Everything that is in the table of users, guards too.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = pk, sk = sk)]
struct Raw {
    pk: String,
    sk: String,
    unique_owner_pk: Option<String>,
}

/// Keys that any text can be, without a sort key.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = id)]
struct Code {
    id: String,
    #[dynamorm(unique)]
    code: Vec<u8>,
    #[dynamorm(version)]
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "NOTE")]
struct Note {
    id: String,
}

#[derive(Debug, ItemCollection)]
#[dynamorm(of = Note)]
#[allow(dead_code, reason = "read by `Debug`")]
enum Anything {
    Note(Note),
    User(User),
    Other(Item),
}

/// The tenant is an attribute only.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
struct Doc {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
    #[dynamorm(unique)]
    slug: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TENANT#{tenant}", sk = "MEMBER#{id}")]
struct Member {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    #[dynamorm(unique)]
    email: String,
}

fn user(id: &str, email: &str) -> User {
    User { id: id.into(), email: email.into(), nickname: None, badge: None, org: "o1".into(), credits: 10 }
}

async fn table(db: &TestDb) -> Result<()> {
    db.create_table::<User>().execute().await
}

/// The guards that are there, each with its owner.
async fn guards(db: &Db) -> Result<Vec<(String, String)>> {
    let all = db.scan::<Raw>().consistent_read().all().await?;
    let mut guards: Vec<_> = all.into_iter().filter_map(|raw| Some((raw.pk, raw.unique_owner_pk?))).collect();
    guards.sort();
    Ok(guards)
}

fn guard(key: &str, owner: &str) -> (String, String) {
    (format!("UNIQUE#User#{key}"), format!("USER#{owner}"))
}

async fn no_two_items_have_one_value(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&user("u1", "ada")).if_not_exists().execute().await?;
    for refused in [
        db.put(&user("u2", "ada")).if_not_exists().execute().await,
        db.put(&user("u2", "ada")).execute().await,
        db.update(User::key("u2")).set(User::EMAIL, "ada").execute().await,
        db.put(&user("u2", "ada")).returning_new().await.map(drop),
    ] {
        let err = refused.unwrap_err();
        assert!(err.is_not_unique() && !err.is_condition_failed(), "{err}");
        assert_eq!((err.kind(), err.unique_attribute()), (ErrorKind::NotUnique, Some("email")));
        assert!(!format!("{err} {err:?}").contains("ada"));
    }
    assert_eq!(db.get(User::key("u2")).optional().await?, None, "nothing was written");
    assert_eq!(guards(&db).await?, [guard("email#ada", "u1")]);
    // The same item may be written again, and there is one already for `if_not_exists`.
    db.put(&user("u1", "ada")).execute().await?;
    let err = db.put(&user("u1", "ada")).if_not_exists().execute().await.unwrap_err();
    assert_eq!(err.kind(), ErrorKind::ConditionFailed);
    Ok(())
}

async fn a_value_that_is_given_up_is_free(db: TestDb) -> Result<()> {
    table(&db).await?;
    let ada = User { nickname: Some("countess".into()), ..user("u1", "ada") };
    db.put(&ada).if_not_exists().execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#ada", "u1"), guard("nickname#countess", "u1")]);
    db.update(User::key("u1")).set(User::EMAIL, "lovelace").remove(User::NICKNAME).execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#lovelace", "u1")]);
    db.put(&user("u2", "ada")).if_not_exists().execute().await?;
    db.delete(User::key("u1")).execute().await?;
    db.delete(User::key("u1")).execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#ada", "u2")]);
    // What is deleted as it was read needs no read.
    let (reads, bob) = (db.calls_of(Operation::GetItem), user("u2", "ada"));
    db.delete(&bob).execute().await?;
    assert_eq!((db.calls_of(Operation::GetItem), guards(&db).await?), (reads, vec![]));
    Ok(())
}

async fn a_put_over_an_item_moves_its_guards(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&user("u1", "a#da%")).execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#a%23da%25", "u1")]);
    db.put(&User { badge: Some(7), ..user("u1", "lovelace") }).execute().await?;
    assert_eq!(guards(&db).await?, [guard("badge#o1#7", "u1"), guard("email#lovelace", "u1")]);
    let refused = db.put(&user("u1", "byron")).condition(User::CREDITS.ge(70)).returning_old_on_failure();
    let err = refused.execute().await.unwrap_err();
    assert_eq!(err.kind(), ErrorKind::ConditionFailed);
    assert_eq!(err.item::<User>()?.unwrap().email, "lovelace");
    let err = db.put(&user("u1", "byron")).condition(User::CREDITS.ge(70)).execute().await.unwrap_err();
    assert_eq!((err.kind(), err.item::<User>()?), (ErrorKind::ConditionFailed, None), "not asked for");
    assert_eq!(guards(&db).await?.len(), 2);
    Ok(())
}

async fn a_write_that_changes_no_unique_value_is_no_transaction(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&user("u1", "ada")).if_not_exists().execute().await?;
    let transactions = db.calls_of(Operation::TransactWriteItems);
    db.put(&User { credits: 5, ..user("u1", "ada") }).execute().await?;
    let reads = db.calls_of(Operation::GetItem);
    db.update(User::key("u1")).add(User::CREDITS, 1).execute().await?;
    assert_eq!(db.update(User::key("u1")).add(User::CREDITS, 1).returning_new().await?.credits, 7);
    assert_eq!(db.calls_of(Operation::GetItem), reads, "an update of others reads nothing");
    db.update(User::key("u1")).set(User::EMAIL, "ada").execute().await?;
    assert_eq!(db.calls_of(Operation::TransactWriteItems), transactions);
    assert_eq!(guards(&db).await?, [guard("email#ada", "u1")]);
    Ok(())
}

async fn within_a_scope_values_are_unique_and_move_with_it(db: TestDb) -> Result<()> {
    table(&db).await?;
    let of = |id: &str, org: &str| User { badge: Some(7), org: org.into(), ..user(id, id) };
    db.put(&of("u1", "o1")).execute().await?;
    db.put(&of("u2", "o2")).execute().await?;
    let err = db.put(&of("u3", "o2")).execute().await.unwrap_err();
    assert_eq!(err.unique_attribute(), Some("badge"));
    let err = db.update(User::key("u1")).set(User::ORG, "o2").execute().await.unwrap_err();
    assert_eq!(err.unique_attribute(), Some("badge"));
    db.update(User::key("u1")).set(User::ORG, "o3").execute().await?;
    db.update(User::key("u2")).set(User::ORG, "o1").set(User::BADGE, 8_u32).execute().await?;
    let badges: Vec<_> = guards(&db).await?.into_iter().filter(|(key, _)| key.contains("badge")).collect();
    assert_eq!(badges, [guard("badge#o1#8", "u2"), guard("badge#o3#7", "u1")]);
    Ok(())
}

async fn an_item_is_found_by_a_unique_value(db: TestDb) -> Result<()> {
    table(&db).await?;
    let ada = User { badge: Some(7), nickname: Some("countess".into()), ..user("u1", "ada") };
    db.put(&ada).execute().await?;
    let before = db.calls();
    assert_eq!(db.get_by(User::EMAIL, "ada").one().await?, ada);
    assert_eq!(db.calls() - before, 2);
    assert_eq!(db.get_by(User::NICKNAME, "countess").optional().await?.as_ref(), Some(&ada));
    assert_eq!(db.get_by(User::BADGE, ("o1", 7_u32)).optional().await?.as_ref(), Some(&ada));
    assert_eq!(db.get_by(User::BADGE, ("o2", 7_u32)).optional().await?, None);
    let err = db.get_by(User::EMAIL, "bob").one().await.unwrap_err();
    assert!(err.is_not_found() && !err.to_string().contains("bob"), "{err}");
    // A guard whose item is gone, or has another value, finds nothing.
    db.send_json(
        Operation::UpdateItem,
        json!({
            "Key": {"pk": {"S": "USER#u1"}, "sk": {"S": "PROFILE"}},
            "UpdateExpression": "SET email = :e", "ExpressionAttributeValues": {":e": {"S": "byron"}},
        }),
    )
    .await;
    assert_eq!(db.get_by(User::EMAIL, "ada").optional().await?, None);
    Ok(())
}

async fn values_change_hands_within_one_transaction(db: TestDb) -> Result<()> {
    table(&db).await?;
    let [ada, bob] = [user("u1", "ada"), user("u2", "bob")];
    db.transact_write().put(&ada).put(Put::new(&bob).if_not_exists()).execute().await?;
    // One for the other.
    let swap = db
        .transact_write()
        .update(Update::new(User::key("u1")).set(User::EMAIL, "bob"))
        .update(Update::of(&bob).set(User::EMAIL, "ada"));
    swap.execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#ada", "u2"), guard("email#bob", "u1")]);
    // What one gives up another one takes.
    let handed =
        db.transact_write().delete(User::key("u1")).put(Put::new(&user("u3", "bob")).if_not_exists());
    handed.execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#ada", "u2"), guard("email#bob", "u3")]);
    // Two cannot take one.
    let both = db.transact_write().put(&user("u4", "eve")).put(&user("u5", "eve"));
    let err = both.execute().await.unwrap_err();
    assert_eq!((err.kind(), err.unique_attribute()), (ErrorKind::NotUnique, Some("email")));
    // An update of another attribute leaves the guard alone.
    let plain = db.transact_write().update(Update::new(User::key("u2")).add(User::CREDITS, 1));
    plain.execute().await?;
    assert_eq!(guards(&db).await?.len(), 2);
    Ok(())
}

async fn a_cancelled_transaction_names_the_callers_operations(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&user("u1", "ada")).execute().await?;
    let err = db
        .transact_write()
        .put(&user("u2", "bob"))
        .check(Check::new(User::key("u1"), User::CREDITS.ge(70)).returning_old_on_failure())
        .put(&User { nickname: Some("nick".into()), ..user("u3", "ada") })
        .execute()
        .await
        .unwrap_err();
    assert_eq!(err.kind(), ErrorKind::TransactionCanceled);
    let reasons: Vec<_> = err.cancellations().iter().map(|reason| (reason.operation, reason.code)).collect();
    assert_eq!(reasons, [(1, CancelCode::ConditionFailed), (2, CancelCode::NotUnique)]);
    assert_eq!(err.cancellations()[0].item::<User>()?.unwrap().id, "u1");
    assert!(err.is_not_unique() && err.is_condition_failed());
    assert_eq!(err.cancellations()[1].unique_attribute(), Some("email"));
    assert_eq!(guards(&db).await?, [guard("email#ada", "u1")]);
    Ok(())
}

async fn guards_count_among_the_operations_of_a_transaction(db: TestDb) -> Result<()> {
    table(&db).await?;
    let of = |count: usize| {
        (0..count).fold(db.transact_write(), |transaction, nth| {
            transaction.put(Put::new(&user(&format!("u{nth}"), &format!("e{nth}"))).if_not_exists())
        })
    };
    of(50).execute().await?;
    assert_eq!(guards(&db).await?.len(), 50);
    let err = of(51).execute().await.unwrap_err();
    assert_eq!(
        err.to_string(),
        "TransactWriteItems: the transaction has 51 operations and 51 guards of unique attributes, it takes 100 together"
    );
    Ok(())
}

/// Does something to the database before one request of an operation.
#[derive(Debug)]
struct Before {
    below: Arc<dyn Transport>,
    operation: Operation,
    requests: Mutex<Vec<Request>>,
}

impl Transport for Before {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move {
            if request.operation == self.operation {
                let first = self.requests.lock().unwrap().pop();
                if let Some(first) = first {
                    self.below.call(first).await?;
                }
            }
            self.below.call(request).await
        })
    }
}

async fn what_was_read_is_never_trusted(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&user("u1", "ada")).execute().await?;
    db.put(&user("u2", "bob")).execute().await?;
    // Between the read and the write of another one, the item gets another value, twice.
    let interfering = |emails: &[&str]| {
        let mut old = "ada".to_owned();
        let mut requests: Vec<Request> = emails
            .iter()
            .map(|email| {
                let update =
                    db.update(User::key("u1")).set(User::EMAIL, *email).given(User::EMAIL, old.as_str());
                old = (*email).to_owned();
                update.to_request().unwrap()
            })
            .collect();
        requests.reverse();
        db.through(|below| Before {
            below,
            operation: Operation::TransactWriteItems,
            requests: Mutex::new(requests),
        })
    };
    let slow = interfering(&["x1", "x2"]);
    slow.update(User::key("u1")).set(User::EMAIL, "last").execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#bob", "u2"), guard("email#last", "u1")]);
    db.put(&user("u1", "ada")).execute().await?;
    let slow = interfering(&["x1"]);
    slow.transact_write().delete(User::key("u1")).put(&user("u3", "ada")).execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#ada", "u3"), guard("email#bob", "u2")]);
    Ok(())
}

async fn what_is_told_saves_the_read_and_must_be_true(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&user("u1", "ada")).if_not_exists().execute().await?;
    let reads = db.calls_of(Operation::GetItem);
    let told = |old: &str| db.update(User::key("u1")).set(User::EMAIL, "byron").given(User::EMAIL, old);
    let err = told("bob").execute().await.unwrap_err();
    assert_eq!(err.kind(), ErrorKind::ConditionFailed);
    told("ada").execute().await?;
    let stored = user("u1", "byron");
    db.update(&stored).set(User::EMAIL, "lovelace").execute().await?;
    User { email: "ada".into(), ..stored }.changes_from(&user("u1", "lovelace")).on(&db).execute().await?;
    assert_eq!(db.calls_of(Operation::GetItem), reads);
    assert_eq!(guards(&db).await?, [guard("email#ada", "u1")]);
    // With a token of the caller's, what is read could not be the same twice.
    let token = |update: Update<User>| db.transact_write().update(update).token(db.table_name()).execute();
    let err = token(Update::new(User::key("u1")).set(User::EMAIL, "bob")).await.unwrap_err();
    assert_eq!(err.kind(), ErrorKind::InvalidRequest);
    let sent = || token(Update::new(User::key("u1")).set(User::EMAIL, "bob").given(User::EMAIL, "ada"));
    sent().await?;
    sent().await?;
    assert_eq!(guards(&db).await?, [guard("email#bob", "u1")]);
    Ok(())
}

async fn a_version_is_checked_with_the_guards(db: TestDb) -> Result<()> {
    db.create_table::<Code>().execute().await?;
    let new = Code { id: "c1".into(), code: vec![1, 2], version: 0 };
    let first = db.put(&new).returning_new().await?;
    assert_eq!(first.version, 1);
    let second = db.put(&Code { code: vec![3], ..first.clone() }).returning_new().await?;
    assert_eq!(second.version, 2);
    for late in [
        db.put(&Code { code: vec![4], ..first.clone() }).execute().await,
        db.update(&first).set(Code::CODE, vec![4]).execute().await,
        db.delete(&first).execute().await,
    ] {
        assert_eq!(late.unwrap_err().kind(), ErrorKind::ConditionFailed);
    }
    assert_eq!(db.get_by(Code::CODE, vec![3]).one().await?, second);
    let other = Code { id: "c2".into(), code: vec![3], version: 0 };
    assert!(db.put(&other).execute().await.is_err_and(|err| err.unique_attribute() == Some("code")));
    db.delete(&second).execute().await?;
    db.put(&other).execute().await?;
    assert_eq!(db.scan::<Code>().all().await?.len(), 1, "guards are no items");
    Ok(())
}

async fn a_lost_answer_is_no_second_item(db: TestDb) -> Result<()> {
    table(&db).await?;
    let lossy = db.faulty(|faults| faults.on(Operation::TransactWriteItems, 1, Fault::LostResponse));
    lossy.put(&user("u1", "ada")).if_not_exists().execute().await?;
    let lossy = db.faulty(|faults| faults.on(Operation::TransactWriteItems, 1, Fault::LostResponse));
    lossy.update(User::key("u1")).set(User::EMAIL, "lovelace").execute().await?;
    assert_eq!(guards(&db).await?, [guard("email#lovelace", "u1")]);
    Ok(())
}

async fn items_that_had_one_value_before_can_part(db: TestDb) -> Result<()> {
    table(&db).await?;
    for id in ["u1", "u2", "u3"] {
        let item = json!({
            "pk": {"S": format!("USER#{id}")}, "sk": {"S": "PROFILE"}, "id": {"S": id}, "email": {"S": "ada"},
            "org": {"S": "o1"}, "credits": {"N": "10"},
        });
        db.send_json(Operation::PutItem, json!({ "Item": item })).await;
    }
    // From before they were unique: there is no guard.
    db.update(User::key("u1")).set(User::EMAIL, "eve").execute().await?;
    db.put(&User { nickname: Some("n".into()), ..user("u2", "ada") }).execute().await?;
    // Somebody takes the value: then the guard is theirs, and the others can still leave.
    db.put(&user("u4", "ada")).if_not_exists().execute().await?;
    db.update(User::key("u2")).set(User::EMAIL, "bob").execute().await?;
    db.transact_write().delete(User::key("u3")).execute().await?;
    assert_eq!(
        guards(&db).await?,
        [
            guard("email#ada", "u4"),
            guard("email#bob", "u2"),
            guard("email#eve", "u1"),
            guard("nickname#n", "u2")
        ]
    );
    Ok(())
}

async fn no_guard_is_seen_as_an_item(db: TestDb) -> Result<()> {
    table(&db).await?;
    for nth in 0..3 {
        db.put(&user(&format!("u{nth}"), &format!("e{nth}"))).execute().await?;
    }
    assert_eq!(db.scan::<User>().all().await?.len(), 3);
    assert_eq!(db.scan::<User>().parallel(2).all().await?.len(), 3);
    assert_eq!(db.scan::<User>().count().await?, 3);
    assert_eq!(db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).all().await?.len(), 1);
    // Nor by a collection whose keys are of a model without any.
    let found = db.scan::<Anything>().all().await?;
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|item| matches!(item, Anything::User(_))), "{found:?}");
    Ok(())
}

async fn what_would_leave_a_guard_behind_is_refused(db: TestDb) -> Result<()> {
    table(&db).await?;
    let calls = db.calls();
    let ada = user("u1", "ada");
    let set = || db.update(User::key("u1")).set(User::EMAIL, "bob");
    let code = Code { id: "UNIQUE#Code#code#AQI=".into(), code: vec![1], version: 0 };
    for refused in [
        db.batch_write().put(&ada).execute().await,
        db.put(&ada).returning_old().await.map(drop),
        set().returning_old().await.map(drop),
        set().returning_new().await.map(drop),
        db.delete(User::key("u1")).returning_old().await.map(drop),
        db.update(User::key("u1")).set(User::BADGE, User::BADGE.plus(1_u32)).execute().await,
        db.update(User::key("u1")).set_if_absent(User::NICKNAME, "n").execute().await,
        db.put(&user("u1", &"x".repeat(3_000))).execute().await,
        db.put(&code).execute().await,
        db.delete(Code::key(code.id.as_str())).execute().await,
        db.transact_write().delete(Delete::new(&code)).execute().await,
    ] {
        let err = refused.unwrap_err();
        assert_eq!(err.kind(), ErrorKind::InvalidRequest, "{err}");
    }
    // All before the network, but for the one whose guard is too long for a key: its old one might have been read.
    assert!(db.calls() - calls <= 1);
    assert_eq!(guards(&db).await?, []);
    Ok(())
}

async fn reads_and_writes_cost_what_the_guide_says(db: TestDb) -> Result<()> {
    table(&db).await?;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    let cost = || {
        let usage = meter.reset();
        (usage.read_units, usage.write_units)
    };
    metered.put(&user("u1", "ada")).if_not_exists().execute().await?;
    assert_eq!(cost(), (0.0, 4.0));
    metered.put(&user("u1", "ada")).execute().await?;
    assert_eq!(cost(), (1.0, 1.0));
    metered.put(&user("u1", "bob")).execute().await?;
    assert_eq!(cost(), (1.0, 6.0));
    metered.update(User::key("u1")).set(User::EMAIL, "eve").given(User::EMAIL, "bob").execute().await?;
    assert_eq!(cost(), (0.0, 6.0));
    metered.update(User::key("u1")).set(User::EMAIL, "ada").execute().await?;
    assert_eq!(cost(), (1.0, 6.0));
    metered.update(User::key("u1")).add(User::CREDITS, 1).execute().await?;
    assert_eq!(cost(), (0.0, 1.0));
    metered.get_by(User::EMAIL, "ada").one().await?;
    assert_eq!(cost(), (2.0, 0.0));
    metered.get_by(User::EMAIL, "bob").optional().await?;
    assert_eq!(cost(), (1.0, 0.0));
    metered.delete(&user("u1", "ada")).execute().await?;
    assert_eq!(cost(), (0.0, 4.0));
    Ok(())
}
