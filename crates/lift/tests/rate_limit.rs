//! How many requests somebody may make: counted exactly, whoever asks at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::{Db, Timestamp};
use futures_util::future::join_all;
use lift::axum::Router;
use lift::axum::routing::get;
use lift::testing::{TestApp, TestResponse};
use lift::{App, Per, RateLimit};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
/// The beginning of a minute.
const START: i64 = 1_800_000_000_000;

/// A clock that a test sets.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(START)))
    }

    fn set(&self, seconds: i64) {
        self.0.store(START + seconds * 1000, Ordering::SeqCst);
    }

    fn on(&self, limit: RateLimit) -> RateLimit {
        let clock = self.0.clone();
        limit.clock(move || Timestamp::from_epoch_millis(clock.load(Ordering::SeqCst)))
    }
}

async fn app(limit: RateLimit) -> TestApp {
    limit.create_table().await.unwrap();
    again(limit)
}

/// Another process with the same limit.
fn again(limit: RateLimit) -> TestApp {
    TestApp::new(App::new().routes(Router::new().route("/", get(async || "hello")).route_layer(limit)))
}

async fn passed(app: &TestApp, requests: usize) -> usize {
    let answers = join_all((0..requests).map(|_| app.get("/").tenant("acme").send())).await;
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_1000_requests_from_16_connections_exactly_100_pass() {
    let db = Db::memory().unwrap();
    let limit = Clock::new().on(RateLimit::new(&db, "api", Per::Tenant, 100, MINUTE));
    let app = app(limit).await;
    let connections = (0..16).map(|nth| {
        let app = app.clone();
        tokio::spawn(async move {
            let mut passed = 0;
            for _ in 0..(if nth < 8 { 63 } else { 62 }) {
                let answer = app.get("/").tenant("acme").send().await;
                assert!(answer.status == 200 || answer.status == 429, "{}", answer.text());
                passed += usize::from(answer.status == 200);
            }
            passed
        })
    });
    let passed: usize = join_all(connections).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(passed, 100);
}

#[tokio::test]
async fn an_answer_says_what_is_left_and_a_refusal_when_to_come_back() {
    let db = Db::memory().unwrap();
    let clock = Clock::new();
    clock.set(15);
    let app = app(clock.on(RateLimit::new(&db, "api", Per::Tenant, 2, MINUTE))).await;
    let told = |answer: &TestResponse| {
        ["limit", "remaining", "reset", "policy"]
            .map(|name| answer.headers[&format!("ratelimit-{name}")].to_str().unwrap().to_owned())
    };
    let ask = || app.get("/").tenant("acme").send();
    assert_eq!(told(&ask().await), ["2", "1", "45", "2;w=60"]);
    assert_eq!(told(&ask().await), ["2", "0", "45", "2;w=60"]);
    let refused = ask().await;
    assert_eq!(told(&refused), ["2", "0", "45", "2;w=60"]);
    assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].to_str().unwrap()), (429, "45"));
    assert_eq!(refused.json::<Value>()["code"], "RATE_LIMITED");
    clock.set(60);
    assert_eq!(ask().await.status, 200);
}

#[tokio::test]
async fn tenants_and_names_are_counted_apart() {
    let db = Db::memory().unwrap();
    let clock = Clock::new();
    let limit = |name: &str| clock.on(RateLimit::new(&db, name, Per::Tenant, 1, MINUTE));
    let app = app(limit("api")).await;
    let status = async |tenant: &str| app.get("/").tenant(tenant).send().await.status.as_u16();
    assert_eq!((status("acme").await, status("acme").await, status("umbrella").await), (200, 429, 200));
    let other = again(limit("uploads"));
    assert_eq!(other.get("/").tenant("acme").send().await.status, 200);
}

#[tokio::test]
async fn users_are_counted_apart_and_who_is_unknown_by_address() {
    let db = Db::memory().unwrap();
    let app = app(Clock::new().on(RateLimit::new(&db, "api", Per::User, 1, MINUTE))).await;
    let event = |user: Option<&str>, address: &str| {
        let authorizer = user.map(|user| json!({"jwt": {"claims": {"sub": user, "tenant_id": "acme"}}}));
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "headers": {"host": "x"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "routeKey": "$default", "requestId": "id",
                "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": address, "userAgent": "x"},
                "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1583348638390_i64, "authorizer": authorizer,
            },
            "isBase64Encoded": false,
        })
    };
    let mut statuses = Vec::new();
    for (user, address) in [
        (Some("ada"), "192.0.2.1"),
        (Some("ada"), "192.0.2.2"),
        (Some("bob"), "192.0.2.1"),
        (None, "192.0.2.1"),
        (None, "192.0.2.1"),
        (None, "192.0.2.9"),
    ] {
        let answer = app.invoke(event(user, address)).await.unwrap();
        statuses.push(answer["statusCode"].as_u64().unwrap());
    }
    assert_eq!(statuses, [200, 429, 200, 200, 429, 200]);
}

#[tokio::test]
async fn two_full_windows_are_neighbours_where_they_are_fixed_and_not_where_they_slide() {
    let db = Db::memory().unwrap();
    let clock = Clock::new();
    let fixed = app(clock.on(RateLimit::new(&db, "fixed", Per::Tenant, 100, MINUTE))).await;
    let sliding = || again(clock.on(RateLimit::new(&db, "sliding", Per::Tenant, 100, MINUTE).sliding()));
    let first = sliding();
    clock.set(59);
    assert_eq!((passed(&fixed, 150).await, passed(&first, 150).await), (100, 100));
    clock.set(60);
    assert_eq!((passed(&fixed, 150).await, passed(&first, 150).await), (100, 0));
    // A quarter of the last minute is over; another process counts on.
    clock.set(75);
    let second = sliding();
    assert_eq!((passed(&first, 10).await, passed(&second, 50).await), (10, 15));
    assert_eq!(passed(&first, 10).await, 0);
    clock.set(179);
    // One second of the minute before, with its 25, is left.
    assert_eq!(passed(&second, 150).await, 99);
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused_or_passes_by_choice() {
    let db = Db::memory().unwrap();
    // Nobody made the table.
    let limit = || RateLimit::new(&db, "api", Per::Tenant, 1, MINUTE);
    let closed = again(limit()).get("/").tenant("acme").send().await;
    assert_eq!(
        (closed.status.as_u16(), closed.json::<Value>()["code"].clone()),
        (500, json!("DATABASE_ERROR"))
    );
    let open = again(limit().fail_open()).get("/").tenant("acme").send().await;
    assert_eq!(open.status, 200);
}
