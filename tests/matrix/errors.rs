//! No error's text holds a value, whatever went wrong.

use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{
    AttributeValue, Check, Condition, Db, Document, Error, KeyCondition, Model, Number, Put, Result,
    StartKey, Update,
};
use std::error::Error as _;

matrix![no_error_holds_a_value, no_debug_of_a_builder_holds_a_value];

/// Stands in every value, and must stand in no text.
const SENTINEL: &str = "s3ntinel";
/// Likewise, for numbers.
const DIGITS: i64 = 424_242_424_242;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Document)]
enum Kind {
    Known,
}

#[derive(Debug, Clone, Model)]
#[dynamorm(pk = "SECRET#{id}", sk = "{part}#{number}")]
#[dynamorm(index = "by-owner", pk = "OWNER#{owner}")]
struct Secret {
    id: String,
    part: String,
    number: i64,
    owner: String,
    text: String,
    amount: f64,
    count: u8,
    kind: Option<Kind>,
    #[dynamorm(version)]
    version: u64,
}

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "other")]
struct Plain {
    #[dynamorm(pk)]
    id: String,
    text: String,
    exact: Number,
}

fn secret() -> Secret {
    Secret {
        id: SENTINEL.to_owned(),
        part: SENTINEL.to_owned(),
        number: DIGITS,
        owner: SENTINEL.to_owned(),
        text: SENTINEL.to_owned(),
        amount: DIGITS as f64,
        count: 1,
        kind: Some(Kind::Known),
        version: 0,
    }
}

fn plain() -> Plain {
    Plain { id: SENTINEL.to_owned(), text: SENTINEL.to_owned(), exact: DIGITS.into() }
}

fn key() -> SecretKey {
    Secret::key(SENTINEL, SENTINEL, DIGITS)
}

/// Everything that an error prints, its sources included.
fn texts(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    for cancellation in error.cancellations() {
        text += &format!(" {cancellation:?} {}", cancellation.code);
    }
    text += &format!(" {:?}", error.unprocessed());
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

#[derive(Default)]
struct Errors(Vec<Error>);

impl Errors {
    /// Takes an error that must be one.
    #[track_caller]
    fn add<T>(&mut self, result: Result<T>) {
        match result {
            Ok(_) => panic!("this must fail, to show its error"),
            Err(error) => self.0.push(error),
        }
    }
}

async fn no_error_holds_a_value(db: TestDb) -> Result<()> {
    db.create_table::<Secret>().execute().await?;
    db.create_table::<Plain>().execute().await?;
    let stored = db.put(&secret()).returning_new().await?;
    db.put(&plain()).execute().await?;
    let mut errors = Errors::default();
    refused_before_the_network(&db, &mut errors).await?;
    refused_by_the_engine(&db, &stored, &mut errors).await;
    not_read(&db, &mut errors).await?;
    not_delivered(&db, &mut errors).await;
    for error in &errors.0 {
        let text = texts(error);
        assert!(!text.contains(SENTINEL), "{text}");
        assert!(!text.contains(&DIGITS.to_string()) && !text.contains("424242"), "{text}");
    }
    assert!(errors.0.len() >= 40, "{}", errors.0.len());
    Ok(())
}

async fn refused_before_the_network(db: &TestDb, errors: &mut Errors) -> Result<()> {
    errors.add(db.put(&Secret { id: String::new(), ..secret() }).execute().await);
    errors.add(db.put(&Secret { id: SENTINEL.repeat(300), ..secret() }).execute().await);
    errors.add(db.put(&Secret { text: SENTINEL.repeat(60_000), ..secret() }).execute().await);
    errors.add(db.put(&Secret { amount: f64::NAN, ..secret() }).execute().await);
    errors.add(db.put(&Secret { version: u64::MAX, ..secret() }).execute().await);
    errors.add(db.batch_write().put(&secret()).execute().await);
    errors.add(db.batch_write().put(&plain()).delete(Plain::key(SENTINEL)).execute().await);
    errors.add(db.transact_write().put(&secret()).put(&secret()).execute().await);
    errors.add(db.transact_write().put(&plain()).token(SENTINEL.repeat(9)).execute().await);
    errors.add(db.update(key()).execute().await);
    errors.add(db.update(key()).set(Secret::TEXT, SENTINEL).set(Secret::TEXT, SENTINEL).execute().await);
    errors.add(db.update(key()).set(Secret::OWNER, Secret::OWNER.or_if_absent(SENTINEL)).execute().await);
    errors.add(db.update(key()).set(Secret::OWNER, SENTINEL.repeat(500)).execute().await);
    errors.add(db.delete(key()).condition(Secret::TEXT.is_in([SENTINEL; 101])).execute().await);
    let owner = || db.query::<Secret>().key(Secret::BY_OWNER_INDEX.partition(SENTINEL));
    errors.add(owner().consistent_read().page().await);
    errors.add(owner().limit(0).page().await);
    let start_key = "eyJsYXN0S2V5Ijp7InBrIjp7IlMiOiJzM250aW5lbCJ9fX0=";
    errors.add(owner().start_key(start_key.parse::<StartKey>()?).page().await);
    errors.add(SENTINEL.parse::<StartKey>());
    let raw = |text: &str| Condition::<Plain>::raw(text, [(":v", SENTINEL)]);
    for text in [
        "text =",
        "text = :v)",
        "((text = :v)",
        "#t = :v",
        "f(text) = :v",
        "text",
        "text = :v AND :w = :v",
        "",
    ] {
        let text = text.replace("text", SENTINEL);
        // An attribute's name may stand in an error; that of a value given by name too, but never the value.
        let _ = db.put(&plain()).condition(raw(&text)).execute().await;
        errors.add(db.put(&plain()).condition(raw(&text.replace(SENTINEL, "text"))).execute().await);
    }
    errors.add(Db::connect(SENTINEL).await);
    Ok(())
}

async fn refused_by_the_engine(db: &TestDb, stored: &Secret, errors: &mut Errors) {
    errors.add(db.put(&secret()).returning_old_on_failure().execute().await);
    errors.add(db.put(&plain()).if_not_exists().returning_old_on_failure().execute().await);
    let stale = Secret { version: 7, ..stored.clone() };
    errors.add(db.update(&stale).set(Secret::TEXT, SENTINEL).returning_old_on_failure().execute().await);
    errors.add(db.delete(&stale).returning_old_on_failure().execute().await);
    let unequal = || Check::new(Plain::key(SENTINEL), Plain::TEXT.ne(SENTINEL)).returning_old_on_failure();
    errors.add(db.transact_write().check(unequal()).put(Put::new(&stale)).execute().await);
    errors.add(db.transact_write().update(Update::new(&stale).set(Secret::TEXT, SENTINEL)).execute().await);
    let absent =
        db.update(Plain::key("absent").clone()).set(Plain::EXACT, Plain::EXACT.plus(Number::from(DIGITS)));
    errors.add(absent.execute().await);
    // Types that DynamoDB refuses, with the values in its own words.
    let raw = |text: &str, value: AttributeValue| {
        db.put(&plain()).condition(Condition::raw(text, [(":v", value)])).execute()
    };
    errors.add(raw("begins_with(text, :v)", DIGITS.into()).await);
    errors.add(raw("text = :v AND attribute_type(text, :v)", SENTINEL.into()).await);
    errors.add(raw("size(:v) = :v AND :v BETWEEN text AND text AND contains(:v)", SENTINEL.into()).await);
    let key = |text: &str, value: AttributeValue| KeyCondition::<Plain>::raw(text, [(":v", value)]);
    errors.add(db.query::<Plain>().key(key("id = :v", DIGITS.into())).page().await);
    errors.add(db.query::<Plain>().key(key("id = :v AND text = :v", SENTINEL.into())).page().await);
    errors.add(db.query::<Plain>().key(key("id > :v", SENTINEL.into())).page().await);
    let missing = Db::clone(db).table("missing-table");
    errors.add(missing.put(&secret()).execute().await);
}

async fn not_read(db: &TestDb, errors: &mut Errors) -> Result<()> {
    let item = |name: &str, value: serde_json::Value| {
        let mut item = serde_json::json!({
            "pk": { "S": format!("SECRET#{SENTINEL}") }, "sk": { "S": format!("{SENTINEL}#0000{DIGITS}") },
            "id": { "S": SENTINEL }, "part": { "S": SENTINEL }, "number": { "N": "1" }, "owner": { "S": SENTINEL },
            "text": { "S": SENTINEL }, "amount": { "N": "1" }, "count": { "N": "1" },
        });
        item[name] = value;
        serde_json::json!({ "Item": item })
    };
    let number = DIGITS.to_string();
    for (name, value) in [
        ("count", serde_json::json!({ "N": number })),
        ("count", serde_json::json!({ "S": SENTINEL })),
        ("text", serde_json::json!({ "N": number })),
        ("kind", serde_json::json!({ "S": SENTINEL })),
        ("amount", serde_json::json!({ "M": { SENTINEL: { "S": SENTINEL } } })),
    ] {
        db.send_json(Operation::PutItem, item(name, value)).await;
        let page = KeyCondition::raw("pk = :p", [(":p", format!("SECRET#{SENTINEL}"))]);
        errors.add(db.query::<Secret>().key(page).descending().all().await);
    }
    errors.add(db.get(Secret::key(SENTINEL, "absent", 1)).one().await);
    errors.add(db.query::<Plain>().key(Plain::PRIMARY_KEY.partition("absent")).one().await);
    Ok(())
}

async fn not_delivered(db: &TestDb, errors: &mut Errors) {
    let faulty = |fault| db.faulty(|faults| faults.on(Operation::TransactWriteItems, 1, fault));
    for fault in [Fault::Throttled, Fault::Unavailable, Fault::LostResponse, Fault::Conflict { operation: 0 }]
    {
        errors.add(faulty(fault).transact_write().put(&plain()).no_retries().execute().await);
    }
    let faulty = db.faulty(|faults| faults.on(Operation::BatchWriteItem, 1, Fault::LostResponse));
    errors.add(faulty.batch_write().put(&plain()).execute().await);
}

async fn no_debug_of_a_builder_holds_a_value(db: TestDb) -> Result<()> {
    let condition = || Secret::TEXT.eq(SENTINEL).and(Secret::NUMBER.gt(DIGITS));
    let query = db.query::<Secret>().key(Secret::BY_OWNER_INDEX.partition(SENTINEL)).filter(condition());
    let update = || db.update(key()).set(Secret::TEXT, SENTINEL).condition(condition());
    let transaction = db.transact_write().put(&secret()).token(SENTINEL);
    let batch = db.batch_write().put(&plain());
    let put = db.put(&secret()).condition(condition());
    let requests =
        [put.to_request()?, update().to_request()?, query.to_request()?, transaction.to_request()?];
    for request in &requests {
        // The request itself has it, so its absence elsewhere shows something.
        assert!(request.json().contains(SENTINEL));
    }
    let texts = [
        format!("{:?}", db.get(key())),
        format!("{put:?}"),
        format!("{:?}", update()),
        format!("{:?}", db.delete(key()).condition(condition())),
        format!("{query:?} {:?}", Secret::BY_OWNER_INDEX.partition(SENTINEL)),
        format!("{transaction:?} {batch:?}"),
        format!("{:?} {:?}", condition(), Condition::<Plain>::raw("text = :v", [(":v", SENTINEL)])),
        format!("{:?}", Check::new(key(), condition())),
        format!("{requests:?} {:?}", batch.to_requests()?),
        format!("{:?}", *db),
        format!("{:?}", "eyJsYXN0S2V5Ijp7InBrIjp7IlMiOiJzM250aW5lbCJ9fX0=".parse::<StartKey>()?),
    ];
    for text in texts {
        assert!(!text.contains(SENTINEL) && !text.contains("424242"), "{text}");
    }
    Ok(())
}
