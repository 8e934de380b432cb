//! What is given again, who shares a request, what a write forgets, and how many bytes it takes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise, in its helper functions too"
)]

use super::Cache;
use crate::op::test_models::*;
use crate::transport::{Call, Embedded, Operation, Request, Transport};
use crate::{Check, Db, Delete, Item, Meter, Model, Put, Update};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

const HOUR: Duration = Duration::from_secs(3600);

/// Counts reads, and lets them through one by one where a test wants it.
#[derive(Debug, Clone)]
struct Gate {
    below: Arc<Embedded>,
    reads: Arc<AtomicUsize>,
    answers: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
    closed: Arc<Mutex<Option<Arc<Semaphore>>>>,
}

impl Gate {
    fn new() -> Self {
        Self {
            below: Arc::new(Embedded::memory().unwrap()),
            reads: Arc::default(),
            answers: Arc::default(),
            fails: Arc::default(),
            closed: Arc::default(),
        }
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Waits until a read has been carried out, if not answered.
    async fn first_answer(&self) {
        while self.answers.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    }

    /// Answers of reads wait, after they were read, until permits are added.
    fn close(&self) -> Arc<Semaphore> {
        let permits = Arc::new(Semaphore::new(0));
        *self.closed.lock().unwrap() = Some(Arc::clone(&permits));
        permits
    }

    fn open(&self) {
        *self.closed.lock().unwrap() = None;
    }
}

impl Transport for Gate {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move {
            if !matches!(request.operation, Operation::GetItem | Operation::Query) {
                return self.below.call(request).await;
            }
            self.reads.fetch_add(1, Ordering::SeqCst);
            if self.fails.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
                let error = crate::transport::ServiceError::new("ThrottlingException", "slow down");
                return Err(crate::transport::Failure::Service(error));
            }
            let answer = self.below.call(request).await;
            self.answers.fetch_add(1, Ordering::SeqCst);
            let closed = self.closed.lock().unwrap().clone();
            if let Some(closed) = closed {
                closed.acquire().await.unwrap().forget();
            }
            answer
        })
    }
}

async fn cached() -> (Db, Gate) {
    let gate = Gate::new();
    let db = Db::with_transport(gate.clone()).cache(1 << 20);
    db.create_table::<(User, Account, Order)>().execute().await.unwrap();
    db.create_table::<Note>().execute().await.unwrap();
    db.put(&user()).execute().await.unwrap();
    (db, gate)
}

async fn credits(db: &Db) -> i64 {
    db.get(User::key("u1")).cached(HOUR).one().await.unwrap().credits
}

#[tokio::test]
async fn an_answer_is_given_again_and_costs_nothing() {
    let (db, gate) = cached().await;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    for _ in 0..5 {
        assert_eq!(credits(&metered).await, 10);
    }
    let usage = meter.usage();
    assert_eq!((gate.reads(), usage.requests, usage.cache_hits, usage.cache_misses), (1, 1, 4, 1));
    assert_eq!(usage.read_units, 1.0, "a miss is a consistent read");
    let name = db.get(User::key("u1")).project::<UserName>().cached(HOUR);
    assert_eq!(name.one().await.unwrap().name, user().name);
    assert_eq!(gate.reads(), 2, "other attributes are another question");
    let orders = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).cached(HOUR).cache_absent();
    assert!(orders().page().await.unwrap().consumed_capacity.unwrap() > 0.0);
    assert_eq!(orders().page().await.unwrap().consumed_capacity, Some(0.0));
    assert_eq!(gate.reads(), 3);
}

#[tokio::test]
async fn every_write_forgets_what_it_is_about() {
    let (db, gate) = cached().await;
    let ada = user();
    let writes: Vec<(&str, futures_util::future::BoxFuture<'_, crate::Result<()>>)> = vec![
        ("put", Box::pin(db.put(&ada).execute())),
        ("update", Box::pin(db.update(User::key("u1")).add(User::CREDITS, 1).execute())),
        ("batch", Box::pin(db.batch_write().put(&ada).execute())),
        ("batch delete", Box::pin(db.batch_write().delete(User::key("u1")).execute())),
        ("transaction", Box::pin(db.transact_write().put(Put::new(&ada)).execute())),
        (
            "update in a transaction",
            Box::pin(
                db.transact_write().update(Update::new(User::key("u1")).add(User::CREDITS, 1)).execute(),
            ),
        ),
        (
            "delete in a transaction",
            Box::pin(db.transact_write().delete(Delete::new(User::key("u1"))).execute()),
        ),
        ("put again", Box::pin(db.put(&ada).execute())),
        (
            "statement",
            Box::pin(
                db.statement(
                    r#"UPDATE "app" SET credits = 7 WHERE pk = ? AND sk = ?"#,
                    ["USER#u1", "PROFILE"],
                )
                .execute(),
            ),
        ),
        ("delete", Box::pin(db.delete(User::key("u1")).execute())),
    ];
    let whole = || db.get(User::key("u1")).cached(HOUR).cache_absent();
    let name = || whole().project::<UserName>();
    let partition = || db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).cached(HOUR).cache_absent();
    let other = || db.get(User::key("u2")).cached(HOUR).cache_absent();
    for (word, write) in writes {
        for _ in 0..2 {
            whole().optional().await.unwrap();
            name().optional().await.unwrap();
            partition().all().await.unwrap();
            other().optional().await.unwrap();
        }
        let before = gate.reads();
        write.await.unwrap_or_else(|error| panic!("{word}: {error}"));
        let fresh = db.get(User::key("u1")).consistent_read().optional().await.unwrap();
        assert_eq!(whole().optional().await.unwrap(), fresh, "{word}");
        assert_eq!(name().optional().await.unwrap().is_some(), fresh.is_some(), "{word}");
        assert_eq!(partition().optional().await.unwrap(), fresh, "{word}");
        let asked_again = if word == "statement" { 1 } else { 0 };
        other().optional().await.unwrap();
        assert_eq!(gate.reads(), before + 4 + asked_again, "{word}: what it is not about stays");
    }
}

#[tokio::test]
async fn what_only_reads_forgets_nothing() {
    let (db, gate) = cached().await;
    credits(&db).await;
    db.transact_write()
        .put(&account(0))
        .check(Check::new(User::key("u1"), User::CREDITS.ge(1)))
        .execute()
        .await
        .unwrap();
    db.statement(r#"SELECT * FROM "app" WHERE pk = ?"#, ["USER#u1"]).all::<Item>().await.unwrap();
    db.scan::<User>().all().await.unwrap();
    credits(&db).await;
    assert_eq!(gate.reads(), 1);
}

#[tokio::test]
async fn a_thousand_who_ask_at_once_share_one_request() {
    let (db, gate) = cached().await;
    let permits = gate.close();
    let all = tokio::spawn({
        let db = db.clone();
        async move { join_all((0..1_000).map(|_| credits(&db))).await }
    });
    gate.first_answer().await;
    permits.add_permits(1);
    assert_eq!(all.await.unwrap(), [10; 1_000]);
    assert_eq!(gate.reads(), 1);
}

#[tokio::test]
async fn those_who_wait_are_told_of_a_failure_and_those_who_come_later_ask_again() {
    let (db, gate) = cached().await;
    gate.fails.store(true, Ordering::SeqCst);
    let asked = join_all((0..100).map(|_| db.get(User::key("u1")).cached(HOUR).one())).await;
    assert!(asked.iter().all(|answer| answer.as_ref().is_err_and(|error| error.is_throttled())));
    assert_eq!(asked[0].as_ref().unwrap_err().to_string(), asked[99].as_ref().unwrap_err().to_string());
    assert_eq!(gate.reads(), 1);
    gate.fails.store(false, Ordering::SeqCst);
    assert_eq!(credits(&db).await, 10);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_one_is_nobody_elses() {
    let (db, gate) = cached().await;
    let permits = gate.close();
    let ask = |db: Db| tokio::spawn(async move { db.get(User::key("u1")).cached(HOUR).one().await });
    let began = tokio::time::Instant::now();
    let until = |seconds| db.deadline((began + Duration::from_secs(seconds)).into_std());
    let first = ask(until(2));
    gate.first_answer().await;
    // Both wait for the first one's answer: this one longer than that one may, and the last one not so long.
    let patient = ask(until(60));
    let hasty = ask(until(1)).await.unwrap().unwrap_err();
    assert!(hasty.is_deadline_exceeded());
    assert_eq!(hasty.operation(), Some("GetItem"));
    assert_eq!((began.elapsed(), gate.reads()), (Duration::from_secs(1), 1));
    assert!(first.await.unwrap().unwrap_err().is_deadline_exceeded());
    permits.add_permits(10);
    assert_eq!(patient.await.unwrap().unwrap().credits, 10, "it asks by itself");
    assert_eq!(gate.reads(), 2);
}

#[tokio::test]
async fn those_who_wait_for_one_who_gives_up_ask_by_themselves() {
    let (db, gate) = cached().await;
    let _permits = gate.close();
    let first = tokio::spawn({
        let db = db.clone();
        async move { credits(&db).await }
    });
    gate.first_answer().await;
    let second = tokio::spawn({
        let db = db.clone();
        async move { credits(&db).await }
    });
    tokio::task::yield_now().await;
    gate.open();
    first.abort();
    assert_eq!(second.await.unwrap(), 10);
    assert_eq!(gate.reads(), 2);
}

#[tokio::test]
async fn an_answer_that_was_read_before_a_write_is_not_remembered_after_it() {
    let (db, gate) = cached().await;
    let permits = gate.close();
    let early = tokio::spawn({
        let db = db.clone();
        async move { credits(&db).await }
    });
    gate.first_answer().await;
    db.update(User::key("u1")).set(User::CREDITS, 3).execute().await.unwrap();
    gate.open();
    assert_eq!(credits(&db).await, 3, "nobody joins who asked before the write");
    permits.add_permits(1);
    assert_eq!(early.await.unwrap(), 10);
    assert_eq!(credits(&db).await, 3, "and his answer does not replace the newer one");
}

#[tokio::test]
async fn a_table_that_nothing_was_asked_of_forgets_too() {
    let gate = Gate::new();
    let db = Db::with_transport(gate.clone()).cache(1 << 20);
    db.create_table::<User>().execute().await.unwrap();
    // The first question of the table is under way while its first write is.
    let cache = Arc::new(Cache::new(1 << 20));
    let request = db.put(&user()).to_request().unwrap();
    let writing = cache.writing(&request).unwrap();
    let (read, group) = (db.get(User::key("u1")).to_request().unwrap(), || {
        cache.know("app", User::SHAPE);
        super::Group::of(
            "app",
            &Item::from([("pk".into(), "USER#u1".into()), ("sk".into(), "PROFILE".into())]),
        )
    });
    let ask = super::Cached { ttl: Some(HOUR), absent: true };
    cache.read(&db, read.clone(), group(), ask).await.unwrap();
    db.put(&user()).execute().await.unwrap();
    drop(writing);
    let (answer, _) = cache.read(&db, read, group(), ask).await.unwrap();
    assert!(std::str::from_utf8(&answer).unwrap().contains("USER#u1"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_for_as_long_as_the_reader_says() {
    let (db, gate) = cached().await;
    let read = |ttl| db.get(User::key("u1")).cached(ttl).one();
    read(HOUR).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    read(HOUR).await.unwrap();
    assert_eq!(gate.reads(), 1);
    read(Duration::from_secs(30)).await.unwrap();
    assert_eq!(gate.reads(), 2, "half a minute is over");
    read(Duration::ZERO).await.unwrap();
    assert_eq!(gate.reads(), 3);
    read(Duration::MAX).await.unwrap();
    read(Duration::MAX).await.unwrap();
    assert_eq!(gate.reads(), 4, "what was to be remembered for no time was not, nor the older answer");
}

#[tokio::test]
async fn an_absent_item_is_remembered_on_demand_only() {
    let (db, gate) = cached().await;
    let read = || db.get(User::key("u9")).cached(HOUR);
    for _ in 0..2 {
        assert!(read().optional().await.unwrap().is_none());
    }
    assert_eq!(gate.reads(), 2);
    for _ in 0..3 {
        // Told to remember it once, it gives it to all.
        assert!(read().cache_absent().optional().await.unwrap().is_none());
    }
    assert_eq!(gate.reads(), 3);
}

#[tokio::test]
async fn a_cached_read_is_consistent_and_says_so() {
    let (db, _) = cached().await;
    insta::assert_snapshot!(shown(db.get(User::key("u1")).cached(HOUR).to_request()), @r#"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "ConsistentRead":true}
    "#);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).cached(HOUR).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ConsistentRead":true,
    "ReturnConsumedCapacity":"INDEXES",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"}}}
    "##);
}

#[tokio::test]
async fn what_cannot_be_cached_is_refused() {
    let (db, _) = cached().await;
    let none = crate::op::test_models::db();
    let orders = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1"));
    insta::assert_snapshot!(refused(none.get(User::key("u1")).cached(HOUR).to_request()), @r#"GetItem on "app": the `Db` has no cache: make it with `.cache(bytes)`"#);
    insta::assert_snapshot!(refused(db.get(User::key("u1")).cache_absent().to_request()), @r#"GetItem on "app": nothing is cached: `cache_absent` goes with `cached`"#);
    insta::assert_snapshot!(refused(db.query::<User>().key(User::EMAIL_INDEX.partition("a")).cached(HOUR).to_request()), @r#"Query on "app": index "email-index" is global, and what is cached is read consistently: cache the items by their keys"#);
    insta::assert_snapshot!(refused(orders().cached(HOUR).hydrate().to_request()), @r#"Query on "app": `hydrate` fetches items that may be newer than their keys: it is not cached"#);
}

#[tokio::test]
async fn the_cache_holds_no_more_bytes_than_it_may() {
    let gate = Gate::new();
    let bytes = 1_u64 << 20;
    let cache = Cache::new(bytes);
    let db = Db::with_transport(gate.clone());
    db.create_table::<User>().execute().await.unwrap();
    cache.know("app", User::SHAPE);
    for nth in 0..300 {
        let user = User { id: nth.to_string(), name: "x".repeat(nth * 37 % 20_000), ..user() };
        db.put(&user).execute().await.unwrap();
        let key = Item::from([
            ("pk".into(), format!("USER#{nth}").as_str().into()),
            ("sk".into(), "PROFILE".into()),
        ]);
        let request = db.get(&user).to_request().unwrap();
        let ask = super::Cached { ttl: Some(HOUR), absent: false };
        cache.read(&db, request, super::Group::of("app", &key), ask).await.unwrap();
        assert!(cache.store.weight() <= bytes, "after {nth}: {}", cache.store.weight());
    }
    assert!(cache.store.weight() > bytes / 2, "and it is used: {}", cache.store.weight());
}
