//! What must happen once happens once: over HTTP by `Idempotency-Key`, and for events.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::{AttributeValue, Db, Item};
use futures_util::future::join_all;
use lift::axum::http::StatusCode;
use lift::axum::response::IntoResponse;
use lift::axum::routing::post;
use lift::axum::{Json, Router};
use lift::event::{SqsMessage, Text};
use lift::testing::{TestApp, TestRequest};
use lift::{App, BoxError, Config, Idempotency};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const KEY: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";

async fn database() -> (Db, Idempotency) {
    let db = Db::memory().unwrap();
    let idempotency = Idempotency::new(&db);
    idempotency.create_table().await.unwrap();
    (db, idempotency)
}

/// An app whose only route does what it is told, and counts how often.
fn app(idempotency: Idempotency) -> (TestApp, Arc<AtomicUsize>) {
    let done = Arc::new(AtomicUsize::new(0));
    let count = done.clone();
    let work = move |Json(order): Json<Value>| {
        let nth = count.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            if let Some(millis) = order["ms"].as_u64() {
                tokio::time::sleep(Duration::from_millis(millis)).await;
            }
            match order["then"].as_str() {
                Some("fail") => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                Some("refuse") => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
                Some("panic") => panic!("in the middle"),
                Some("much") => "x".repeat(400_000).into_response(),
                _ => (StatusCode::CREATED, [("location", format!("/orders/{nth}"))], format!("order {nth}"))
                    .into_response(),
            }
        }
    };
    let routes = Router::new().route("/orders", post(work)).route_layer(idempotency);
    let config = Config { timeout: Duration::from_secs(2), ..Config::default() };
    (TestApp::new(App::new().with_config(config).routes(routes)), done)
}

fn order(app: &TestApp, key: &str, body: Value) -> TestRequest {
    app.post("/orders").tenant("acme").header("idempotency-key", key).json(&body)
}

#[tokio::test]
async fn a_repeat_is_given_the_first_answer() {
    let (_db, idempotency) = database().await;
    let (app, done) = app(idempotency);
    let first = order(&app, KEY, json!({"n": 1})).send().await;
    let again = order(&app, &format!("\"{KEY}\""), json!({"n": 1})).send().await;
    assert_eq!((first.status, first.text()), (StatusCode::CREATED, "order 1".to_owned()));
    assert_eq!((again.status, again.text()), (StatusCode::CREATED, "order 1".to_owned()));
    assert_eq!(again.headers["location"], "/orders/1");
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_ne!(first.headers["x-request-id"], again.headers["x-request-id"]);
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn of_64_requests_at_once_one_is_carried_out_and_the_others_are_refused() {
    let (_db, idempotency) = database().await;
    let (app, done) = app(idempotency);
    let answers = join_all((0..64).map(|_| order(&app, KEY, json!({"ms": 300})).send())).await;
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(409)), (1, 63));
    assert_eq!(done.load(Ordering::SeqCst), 1);
    let refused = answers.iter().find(|answer| answer.status == 409).unwrap();
    assert_eq!(
        (&refused.headers["retry-after"], refused.json::<Value>()["code"].as_str()),
        (&"1".parse().unwrap(), Some("CONFLICT"))
    );
}

#[tokio::test]
async fn of_64_requests_at_once_that_may_wait_all_have_the_same_answer() {
    let (_db, idempotency) = database().await;
    let (app, done) = app(idempotency.wait(Duration::from_secs(10)));
    let answers = join_all((0..64).map(|_| order(&app, KEY, json!({"ms": 100})).send())).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.text()), (StatusCode::CREATED, "order 1".to_owned()));
    }
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_key_of_another_request_is_refused() {
    let (_db, idempotency) = database().await;
    let (app, done) = app(idempotency);
    order(&app, KEY, json!({"n": 1})).send().await;
    let reused = order(&app, KEY, json!({"n": 2})).send().await;
    assert_eq!(
        (reused.status.as_u16(), reused.json::<Value>()["code"].clone()),
        (422, json!("IDEMPOTENCY_KEY_REUSED"))
    );
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn keys_of_tenants_are_apart() {
    let (_db, idempotency) = database().await;
    let (app, _) = app(idempotency);
    let of = |tenant: &str| {
        app.post("/orders").tenant(tenant).header("idempotency-key", KEY).json(&json!({"n": 1})).send()
    };
    assert_eq!(of("acme").await.text(), "order 1");
    assert_eq!(of("umbrella").await.text(), "order 2");
    assert_eq!(of("acme").await.text(), "order 1");
}

#[tokio::test]
async fn a_key_is_required_unless_it_is_optional() {
    let (_db, idempotency) = database().await;
    let (app_, done) = app(idempotency.clone());
    let refused = app_.post("/orders").tenant("acme").json(&json!({})).send().await;
    assert_eq!(
        (refused.status.as_u16(), refused.json::<Value>()["code"].clone()),
        (400, json!("IDEMPOTENCY_KEY_REQUIRED"))
    );
    assert_eq!(order(&app_, "", json!({})).send().await.status, 400);
    assert_eq!(done.load(Ordering::SeqCst), 0);
    let (optional, done) = app(idempotency.optional());
    for _ in 0..2 {
        assert_eq!(optional.post("/orders").json(&json!({})).send().await.status, 201);
    }
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn errors_and_panics_are_not_given_again() {
    for (then, status) in [("fail", 500), ("refuse", 422), ("panic", 500)] {
        let (_db, idempotency) = database().await;
        let (app, done) = app(idempotency);
        for nth in 1..=3 {
            let answer = order(&app, KEY, json!({"then": then})).send().await;
            assert_eq!(answer.status, status, "{then}");
            assert_eq!(done.load(Ordering::SeqCst), nth, "{then}");
        }
        // Nor do they hold the key for another body.
        assert_eq!(order(&app, KEY, json!({})).send().await.status, 201, "{then}");
    }
}

#[tokio::test]
async fn a_request_that_ended_in_the_middle_is_carried_out_once_its_time_has_passed() {
    let (_db, idempotency) = database().await;
    let (app, done) = app(idempotency);
    // As if the process had been killed: nothing of it runs any more.
    let killed =
        tokio::time::timeout(Duration::from_millis(200), order(&app, KEY, json!({"ms": 100_000})).send());
    assert!(killed.await.is_err());
    assert_eq!(order(&app, KEY, json!({"ms": 100_000})).send().await.status, 409);
    assert_eq!(done.load(Ordering::SeqCst), 1);
    // The app gives a request two seconds.
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(order(&app, KEY, json!({"n": 7})).send().await.status, 201);
    assert_eq!(done.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_keep_is_not_made_twice() {
    let (_db, idempotency) = database().await;
    let (app, done) = app(idempotency);
    assert_eq!(order(&app, KEY, json!({"then": "much"})).send().await.body.len(), 400_000);
    let again = order(&app, KEY, json!({"then": "much"})).send().await;
    assert_eq!(again.status, 409);
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_record_has_the_form_of_powertools() {
    let (db, idempotency) = database().await;
    let (app, _) = app(idempotency);
    order(&app, KEY, json!({"n": 1})).send().await;
    let items: Vec<Item> = db.statement("SELECT * FROM \"idempotency\"", [""; 0]).all().await.unwrap();
    let record = &items[0];
    let text = |name: &str| match &record[name] {
        AttributeValue::S(text) => text.clone(),
        other => panic!("{name}: {other:?}"),
    };
    let id = text("id");
    let (of, hash) = id.split_once('#').unwrap();
    assert_eq!((of, hash.len()), ("POST /orders", 64));
    assert!(!id.contains(KEY) && !id.contains("acme"));
    assert_eq!(text("status"), "COMPLETED");
    assert_eq!(text("validation").len(), 64);
    let data: Value = serde_json::from_str(&text("data")).unwrap();
    assert_eq!((&data["statusCode"], &data["body"]), (&json!(201), &json!("order 1")));
    let number = |name: &str| match &record[name] {
        AttributeValue::N(number) => number.to_string().parse::<i64>().unwrap(),
        other => panic!("{name}: {other:?}"),
    };
    let now = dynamorm::Timestamp::now();
    assert!((number("expiration") - now.epoch_seconds() - 3600).abs() < 60);
    assert!((number("in_progress_expiration") - now.epoch_millis() - 2000).abs() < 60_000);
}

#[tokio::test]
async fn an_event_is_worked_on_once_and_a_failure_is_no_end() {
    let (_db, idempotency) = database().await;
    let done = Arc::new(AtomicUsize::new(0));
    let app = {
        let done = done.clone();
        TestApp::new(App::new().sqs("payments", move |message: SqsMessage<Text>| {
            let (idempotency, done) = (idempotency.clone(), done.clone());
            async move {
                let receipt = idempotency.once(&message.id, &message.ctx, async || {
                    match done.fetch_add(1, Ordering::SeqCst) {
                        0 => Err(BoxError::from("the bank is closed")),
                        nth => Ok(nth),
                    }
                });
                assert_eq!(receipt.await?, 1);
                Ok::<_, BoxError>(())
            }
        }))
    };
    let event = json!({"Records": [{
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:payments",
        "messageId": "m1", "body": "pay",
    }]});
    let failures: Vec<usize> = {
        let mut failures = Vec::new();
        for _ in 0..4 {
            let answer = app.invoke(event.clone()).await.unwrap();
            failures.push(answer["batchItemFailures"].as_array().unwrap().len());
        }
        failures
    };
    assert_eq!(failures, [1, 0, 0, 0]);
    assert_eq!(done.load(Ordering::SeqCst), 2);
}
