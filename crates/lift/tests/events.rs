//! Events beside HTTP, through the code that runs inside Lambda: what is handled, what is given again, what fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use dynamorm::{Change, Item, Model};
use lambda_runtime::Context;
use lift::event::{
    Binary, EventBridgeEvent, KinesisRecord, MessageAttribute, S3Event, ScheduledEvent, SnsMessage,
    SqsMessage, StreamRecord, Text,
};
use lift::testing::{TestApp, events};
use lift::{App, BoxError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use support::{Logs, sample};

/// What handlers saw, in the order in which they began.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

#[derive(Deserialize)]
struct Order {
    number: u32,
}

/// Notes the orders, and fails or panics for two of them.
async fn handle(seen: Seen, order: Order) -> lift::Result<()> {
    seen.note(order.number.to_string());
    match order.number {
        13 => Err(lift::Error::validation("no such luck")),
        99 => panic!("an order that nobody expected"),
        _ => Ok(()),
    }
}

fn queue_app(queue: &str, seen: &Seen) -> TestApp {
    let seen = seen.clone();
    TestApp::new(App::new().sqs(queue, move |message: SqsMessage<Order>| handle(seen.clone(), message.body)))
}

fn failures(ids: &[&str]) -> Value {
    json!({"batchItemFailures": ids.iter().map(|id| json!({"itemIdentifier": id})).collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_poison_message_leaves_the_rest_acknowledged() {
    let seen = Seen::default();
    let bodies = [
        r#"{"number":1}"#,
        r#"{"number":13}"#,
        "not JSON",
        r#"{"number":99}"#,
        r#"{"total":1}"#,
        r#"{"number":6}"#,
    ];
    let answer = queue_app("orders", &seen).invoke(events::sqs("orders", bodies)).await.unwrap();
    assert_eq!(answer, failures(&["m1", "m2", "m3", "m4"]));
    assert_eq!(seen.all(), ["1", "13", "99", "6"]);
}

#[tokio::test]
async fn a_batch_that_went_well_names_no_failure() {
    let seen = Seen::default();
    let bodies: Vec<String> = (0..10_000).map(|n| format!("{{\"number\":{}}}", n + 100)).collect();
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let answer = queue_app("orders", &seen).invoke(events::sqs("orders", bodies)).await.unwrap();
    assert_eq!(answer, failures(&[]));
    assert_eq!(seen.all().len(), 10_000);
}

#[tokio::test]
async fn a_fifo_queue_stops_at_the_first_failure_and_gives_back_the_rest() {
    let seen = Seen::default();
    let bodies =
        [r#"{"number":1}"#, r#"{"number":2}"#, r#"{"number":13}"#, r#"{"number":4}"#, r#"{"number":5}"#];
    let answer = queue_app("orders.fifo", &seen).invoke(events::sqs("orders.fifo", bodies)).await.unwrap();
    assert_eq!(answer, failures(&["m2", "m3", "m4"]));
    assert_eq!(seen.all(), ["1", "2", "13"]);
}

#[tokio::test]
async fn a_queue_is_matched_by_its_whole_name() {
    let seen = Seen::default();
    let app = queue_app("orders", &seen);
    for other in ["my-orders", "orders2", "orders.fifo", "Orders"] {
        let error = app.invoke(events::sqs(other, [r#"{"number":1}"#])).await.unwrap_err().to_string();
        assert_eq!(
            error,
            format!("no handler for the queue `{other}`: add one with `App::sqs(\"{other}\", ..)`")
        );
    }
    assert!(seen.all().is_empty());
}

#[tokio::test]
async fn what_is_not_done_when_the_time_runs_out_is_given_back() {
    let seen = Seen::default();
    let app = {
        let seen = seen.clone();
        TestApp::new(App::new().sqs("orders", move |message: SqsMessage<Order>| {
            let seen = seen.clone();
            async move {
                if message.body.number == 2 {
                    std::future::pending::<()>().await;
                }
                assert!(message.ctx.remaining().unwrap() < Duration::from_secs(2));
                handle(seen, message.body).await
            }
        }))
    };
    let mut context = Context::default();
    context.request_id = "r1".into();
    // Half a second of it is kept for the answer.
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_millis(700);
    context.deadline = u64::try_from(at.as_millis()).unwrap();
    let bodies = [r#"{"number":1}"#, r#"{"number":2}"#, r#"{"number":3}"#];
    let answer = app.invoke_with(events::sqs("orders", bodies), context).await.unwrap();
    assert_eq!(answer, failures(&["m1"]));
    assert_eq!(seen.all(), ["1", "3"]);
}

#[tokio::test]
async fn a_record_that_is_none_fails_the_invocation_before_anything_is_done() {
    let seen = Seen::default();
    let mut event = events::sqs("orders", [r#"{"number":1}"#, r#"{"number":2}"#]);
    event["Records"][1].as_object_mut().unwrap().remove("messageId");
    let error = queue_app("orders", &seen).invoke(event).await.unwrap_err().to_string();
    assert!(error.starts_with("record 1 is not a record of SQS"), "{error}");
    assert!(seen.all().is_empty());
}

fn clicks(numbers: &[u32]) -> Value {
    let records: Vec<String> = numbers.iter().map(|number| format!("{{\"number\":{number}}}")).collect();
    events::kinesis("orders", records)
}

#[tokio::test]
async fn a_stream_stops_at_the_first_failure_so_that_its_order_is_kept() {
    let seen = Seen::default();
    let app = {
        let seen = seen.clone();
        TestApp::new(
            App::new()
                .kinesis("orders", move |record: KinesisRecord<Order>| handle(seen.clone(), record.data)),
        )
    };
    let answer = app.invoke(clicks(&[1, 2, 99, 4])).await.unwrap();
    // Lambda goes on at the lowest of them.
    assert_eq!(answer, failures(&["2", "3"]));
    assert_eq!(seen.all(), ["1", "2", "99"]);
    assert_eq!(app.invoke(clicks(&[5, 6])).await.unwrap(), failures(&[]));
}

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "ORDER#{number}", sk = "ORDER")]
struct StoredOrder {
    number: u32,
}

fn inserted(numbers: &[u32]) -> Value {
    events::stream("app", numbers.iter().map(|number| Change::Inserted(StoredOrder { number: *number })))
}

#[tokio::test]
async fn changes_of_a_table_come_in_the_types_of_its_models_and_in_order() {
    let seen = Seen::default();
    let handled = seen.clone();
    let app = TestApp::new(App::new().stream("app", move |record: StreamRecord<StoredOrder>| {
        assert_eq!(record.happened_at.unwrap().epoch_seconds(), 1_795_600_800);
        let (word, order) = match &record.change {
            Change::Inserted(order) => ("inserted", order),
            Change::Updated { new, .. } => ("updated", new),
            Change::Removed(order) => (if record.is_expired { "expired" } else { "removed" }, order),
            other => panic!("{other:?}"),
        };
        handled.note(word);
        handle(handled.clone(), Order { number: order.number })
    }));
    let order = || StoredOrder { number: 1 };
    let [first, then, last] =
        [Change::Inserted(order()), Change::Updated { old: order(), new: order() }, Change::Removed(order())];
    let mut event = events::stream("app", [first.clone(), first, then, last]);
    event["Records"][1]["dynamodb"]["NewImage"] = json!({"pk": {"S": "NOTE#1"}, "sk": {"S": "NOTE"}});
    event["Records"][3]["userIdentity"] = json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"});
    assert_eq!(app.invoke(event).await.unwrap(), failures(&[]));
    assert_eq!(seen.all(), ["inserted", "1", "updated", "1", "expired", "1"], "a note is no order");

    assert_eq!(app.invoke(inserted(&[2, 99, 3])).await.unwrap(), failures(&["1", "2"]));
    let mut unreadable = inserted(&[4, 5, 6]);
    unreadable["Records"][1]["dynamodb"]["NewImage"]["number"] = json!({"S": "five"});
    assert_eq!(app.invoke(unreadable).await.unwrap(), failures(&["1", "2"]));
    let mut other = inserted(&[7]);
    other["Records"][0]["eventSourceARN"] =
        json!("arn:aws:dynamodb:us-east-1:123456789012:table/else/stream/x");
    let error = app.invoke(other).await.unwrap_err().to_string();
    assert_eq!(error, "no handler for the table `else`: add one with `App::stream(\"else\", ..)`");
}

fn order_placed(number: u32) -> Value {
    events::eventbridge("com.acme.orders", "OrderPlaced", &json!({ "number": number }))
}

#[tokio::test]
async fn an_event_that_fails_fails_the_invocation() {
    let seen = Seen::default();
    let app = {
        let seen = seen.clone();
        TestApp::new(App::new().eventbridge(
            "com.acme.orders",
            "OrderPlaced",
            move |event: EventBridgeEvent<Order>| handle(seen.clone(), event.detail),
        ))
    };
    assert_eq!(app.invoke(order_placed(1)).await.unwrap(), Value::Null);
    let error = app.invoke(order_placed(13)).await.unwrap_err().to_string();
    assert_eq!(error, "eventbridge `com.acme.orders`, e0: no such luck");
    let error = app.invoke(order_placed(99)).await.unwrap_err().to_string();
    assert!(error.ends_with("panic: an order that nobody expected"), "{error}");
    assert_eq!(seen.all(), ["1", "13", "99"]);

    let mut other = order_placed(1);
    other["detail-type"] = json!("OrderPaid");
    let error = app.invoke(other).await.unwrap_err().to_string();
    assert!(error.contains("no handler for the event `OrderPaid` of `com.acme.orders`"), "{error}");
}

#[tokio::test]
async fn no_value_of_a_body_is_in_an_error() {
    let app = TestApp::new(App::new().eventbridge(
        "com.acme.orders",
        "OrderPlaced",
        async |_: EventBridgeEvent<Order>| Ok::<_, BoxError>(()),
    ));
    let mut event = order_placed(1);
    event["detail"]["number"] = json!("4111-1111-1111-1111");
    let error = app.invoke(event).await.unwrap_err().to_string();
    assert!(error.contains("`number`") && !error.contains("4111"), "{error}");
}

#[test]
fn two_handlers_for_one_source_are_refused() {
    let handler = async |_: SqsMessage<Text>| Ok::<_, BoxError>(());
    let app = App::new().sqs("orders", handler).sqs("orders", handler);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| TestApp::new(app))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("the SQS queue `orders` has two handlers, it can have one"), "{message}");
}

#[tokio::test]
async fn the_samples_of_aws_reach_their_handlers() {
    let seen = Seen::default();
    let note = |seen: &Seen| {
        let seen = seen.clone();
        move |what: String| {
            seen.note(what);
            async { Ok::<_, BoxError>(()) }
        }
    };
    #[derive(Deserialize)]
    struct Body {
        a: String,
        b: u32,
    }
    #[derive(Deserialize)]
    struct Detail {
        state: String,
    }
    let [sqs, sns, s3, kinesis, table, bus, schedule] = std::array::from_fn(|_| note(&seen));
    let app = TestApp::new(
        App::new()
            .sqs("SQSQueue", move |message: SqsMessage<Body>| {
                assert_eq!(message.receive_count, 2);
                assert_eq!(message.sent_at.unwrap().epoch_millis(), 1_520_621_625_029);
                assert_eq!(message.attributes["Attribute2"], MessageAttribute::Text("123".into()));
                assert_eq!(message.attributes["Attribute3"], MessageAttribute::Base64("MTEwMA==".into()));
                sqs(format!("{} {} {}", message.id, message.body.a, message.body.b))
            })
            .sns("snsNetTest", move |message: SnsMessage<Text>| {
                assert_eq!(message.published_at.unwrap().to_string(), "2015-08-18T18:02:32.111000000Z");
                sns(format!("{} {}", message.subject.unwrap(), message.message.0.replace("\r\n", " ")))
            })
            .s3("sourcebucket", move |event: S3Event| {
                assert_eq!(event.time.unwrap().epoch_millis(), 123);
                s3(format!("{} {} {}", event.name, event.key, event.size.unwrap()))
            })
            .kinesis("simple-stream", move |record: KinesisRecord<Binary>| {
                assert_eq!(record.arrived_at.unwrap().epoch_millis() % 1000, 477);
                kinesis(format!("{} {}", record.partition_key, String::from_utf8(record.data.0).unwrap()))
            })
            .stream("Example-Table", move |record: StreamRecord<Item>| {
                let item = record.change.new().unwrap();
                table(format!("{} attributes, key {}", item.len(), item["key"].as_s().unwrap()))
            })
            .eventbridge(
                "aws.ec2",
                "EC2 Instance State-change Notification",
                move |event: EventBridgeEvent<Detail>| {
                    bus(format!("{} {}", event.region, event.detail.state))
                },
            )
            .schedule("my-scheduled-rule", move |event: ScheduledEvent| {
                schedule(format!("{} {}", event.name, event.time.unwrap().epoch_seconds()))
            }),
    );
    for (name, answer) in [
        ("sqs-event-obj", failures(&[])),
        // Its body is text, and the handler takes an object.
        ("sqs-event", failures(&["MessageID_1"])),
        ("sns-event", Value::Null),
        ("sns-event-pascal-case", Value::Null),
        ("s3-event", Value::Null),
        ("s3-event-with-decoded", Value::Null),
        ("kinesis-event", failures(&[])),
        ("kinesis-event-encrypted", failures(&[])),
        ("dynamodb-event", failures(&[])),
        // It has no images, and both of its records the same number.
        ("dynamodb-event-null-items", failures(&["1405400000000002063282832"; 2])),
        ("eventbridge-event-obj", Value::Null),
        ("eventbridge-schedule", Value::Null),
    ] {
        assert_eq!(
            app.invoke(sample(name)).await.unwrap_or_else(|error| panic!("{name}: {error}")),
            answer,
            "{name}"
        );
    }
    let mut seen = seen.all();
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            "17 attributes, key binary",
            "4 attributes, key binary",
            "Greetings Hello world!",
            "Greetings Hello world!",
            "MessageID_1 Test 123",
            "ObjectCreated:Put Happy Face.jpg 1024",
            "ObjectCreated:Put Happy Face.jpg 1024",
            "my-scheduled-rule 1444323186",
            "s1 Hello World",
            "s1 Hello World",
            "s1 Hello World",
            "s1 Hello World",
            "us-east-1 pending",
        ]
    );
}

#[tokio::test]
async fn a_request_over_http_still_reaches_its_route_beside_handlers_of_events() {
    use lift::axum::routing::get;
    let app = TestApp::new(
        App::new()
            .routes(lift::axum::Router::new().route("/", get(async || "http")))
            .sqs("orders", async |_: SqsMessage<Text>| Ok::<_, BoxError>(())),
    );
    let answer = app.invoke(sample("apigw-v2-request-no-authorizer")).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

#[tokio::test]
async fn what_is_wrong_with_a_message_is_logged_and_nothing_that_is_in_it() {
    let logs = Logs::start();
    fn fails() -> lift::Result<()> {
        Err(lift::Error::validation("no such luck"))
    }
    let app = App::new()
        .sqs("orders", async |_: SqsMessage<Order>| fails())
        .sns("orders", async |_: SnsMessage<Order>| fails())
        .kinesis("orders", async |_: KinesisRecord<Order>| fails())
        .eventbridge("app", "Ordered", async |_: EventBridgeEvent<Order>| fails());
    let app = TestApp::new(app);
    let good = r#"{"number": 7, "note": "zq-note"}"#;
    for body in [
        good,
        r#"{"number": "zq-number"}"#,
        "zq-text",
        r#"["zq-element"]"#,
        r#"{"number": 1e400, "x": "zq-x"}"#,
    ] {
        let detail: Value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
        // Each is handled or not: here only its lines count.
        let _ = app.invoke(events::sqs("orders", [body])).await;
        let _ = app.invoke(events::sns("orders", body)).await;
        let _ = app.invoke(events::kinesis("orders", [body])).await;
        let _ = app.invoke(events::eventbridge("app", "Ordered", &detail)).await;
    }
    let text = logs.text();
    assert!(text.matches("an event was not handled").count() >= 15, "{text}");
    assert!(!text.contains("zq-"), "{text}");
}
