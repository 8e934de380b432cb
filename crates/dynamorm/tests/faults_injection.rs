//! Injected faults: what each one does to a call, by plan and by chance, and that a seed replays them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise, in its helper functions too"
)]

use bytes::Bytes;
use dynamorm::transport::{Call, Failure, Fault, Faults, Operation, Request, Transport};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A transport that answers everything and remembers what came through.
#[derive(Debug, Clone, Default)]
struct Recorder {
    bodies: Arc<Mutex<Vec<Value>>>,
    answer: Option<&'static str>,
}

impl Recorder {
    fn bodies(&self) -> Vec<Value> {
        self.bodies.lock().unwrap().clone()
    }
}

impl Transport for Recorder {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move {
            self.bodies.lock().unwrap().push(serde_json::from_str(request.json()).unwrap());
            Ok(Bytes::from_static(self.answer.unwrap_or("{}").as_bytes()))
        })
    }
}

async fn send(faults: &Faults, operation: Operation, body: Value) -> Result<Value, Failure> {
    let request = Request { operation, tables: Vec::new(), body: Bytes::from(body.to_string()) };
    faults.call(request).await.map(|body| serde_json::from_slice(&body).unwrap())
}

/// The error code and body of a call that must fail with an answer.
async fn refusal(faults: &Faults, operation: Operation, body: Value) -> (String, Value) {
    match send(faults, operation, body).await {
        Err(Failure::Service(error)) => (error.code, serde_json::from_slice(&error.body).unwrap()),
        other => panic!("expected an error response, found {other:?}"),
    }
}

fn put(n: usize) -> Value {
    json!({ "PutRequest": { "Item": { "pk": { "N": n.to_string() } } } })
}

/// A batch of puts 0 to `count` in one table, and of one put in another that comes before it.
fn batch(count: usize) -> Value {
    let puts: Vec<_> = (0..count).map(put).collect();
    json!({ "RequestItems": { "b": puts, "a": [put(100)] } })
}

#[tokio::test]
async fn without_a_fault_a_call_goes_through_as_it_is() {
    let below = Recorder { answer: Some(r#"{"Count":3}"#), ..Recorder::default() };
    let faults = Faults::new(below.clone()).seed(3);
    assert_eq!(send(&faults, Operation::Query, json!({ "Limit": 9 })).await.unwrap(), json!({ "Count": 3 }));
    assert_eq!(below.bodies(), [json!({ "Limit": 9 })]);
    assert!(faults.injected().is_empty());
}

#[tokio::test]
async fn a_planned_fault_hits_its_call_and_no_other() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone()).on(Operation::PutItem, 2, Fault::Throttled);
    send(&faults, Operation::PutItem, json!({})).await.unwrap();
    send(&faults, Operation::GetItem, json!({})).await.unwrap();
    let (code, _) = refusal(&faults, Operation::PutItem, json!({})).await;
    assert_eq!(code, "ProvisionedThroughputExceededException");
    send(&faults, Operation::PutItem, json!({})).await.unwrap();
    assert_eq!(below.bodies().len(), 3);
    let injected: Vec<_> = faults.injected().iter().map(|i| (i.operation, i.call, i.fault)).collect();
    assert_eq!(injected, [(Operation::PutItem, 2, Fault::Throttled)]);
}

#[tokio::test]
async fn an_unavailable_service_answers_with_an_internal_error() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone()).unavailable(1.0);
    assert_eq!(refusal(&faults, Operation::DescribeTable, json!({})).await.0, "InternalServerError");
    assert!(below.bodies().is_empty());
}

#[tokio::test]
async fn unprocessed_writes_come_back_and_the_others_go_through() {
    let below = Recorder { answer: Some(r#"{"UnprocessedItems":{}}"#), ..Recorder::default() };
    let faults = Faults::new(below.clone()).on(Operation::BatchWriteItem, 1, Fault::Unprocessed { keep: 3 });
    let answer = send(&faults, Operation::BatchWriteItem, batch(4)).await.unwrap();
    assert_eq!(below.bodies(), [json!({ "RequestItems": { "a": [put(100)], "b": [put(0), put(1)] } })]);
    assert_eq!(answer, json!({ "UnprocessedItems": { "b": [put(2), put(3)] } }));
}

#[tokio::test]
async fn unprocessed_writes_join_those_of_the_transport_below() {
    let below = Recorder {
        answer: Some(r#"{"UnprocessedItems":{"b":[{"PutRequest":{"Item":{"pk":{"N":"0"}}}}]}}"#),
        ..Recorder::default()
    };
    let faults = Faults::new(below).on(Operation::BatchWriteItem, 1, Fault::Unprocessed { keep: 2 });
    let answer = send(&faults, Operation::BatchWriteItem, batch(3)).await.unwrap();
    assert_eq!(answer, json!({ "UnprocessedItems": { "b": [put(1), put(2), put(0)] } }));
}

#[tokio::test]
async fn a_table_without_writes_left_does_not_go_through() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone()).on(Operation::BatchWriteItem, 1, Fault::Unprocessed { keep: 1 });
    send(&faults, Operation::BatchWriteItem, batch(1)).await.unwrap();
    // DynamoDB refuses an empty list.
    assert_eq!(below.bodies(), [json!({ "RequestItems": { "a": [put(100)] } })]);
}

#[tokio::test]
async fn a_batch_of_which_nothing_can_be_written_is_throttled() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone()).on(Operation::BatchWriteItem, 1, Fault::Unprocessed { keep: 0 });
    let (code, _) = refusal(&faults, Operation::BatchWriteItem, batch(2)).await;
    assert_eq!(code, "ProvisionedThroughputExceededException");
    assert!(below.bodies().is_empty());
}

#[tokio::test]
async fn a_chance_of_unprocessed_writes_lets_every_batch_get_on() {
    let faults = Faults::new(Recorder::default()).unprocessed(1.0).seed(1);
    for _ in 0..50 {
        let answer = send(&faults, Operation::BatchWriteItem, batch(4)).await.unwrap();
        let left: usize = answer["UnprocessedItems"]
            .as_object()
            .unwrap()
            .values()
            .map(|writes| writes.as_array().unwrap().len())
            .sum();
        assert!((1..5).contains(&left), "{left} of 5 left");
    }
}

#[tokio::test]
async fn a_conflict_names_the_operation_of_a_transaction() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone())
        .on(Operation::TransactWriteItems, 1, Fault::Conflict { operation: 1 })
        .on(Operation::TransactWriteItems, 2, Fault::Conflict { operation: 9 });
    let transaction = json!({ "TransactItems": [{}, {}, {}] });
    let codes = async || {
        let (code, body) = refusal(&faults, Operation::TransactWriteItems, transaction.clone()).await;
        assert_eq!(code, "TransactionCanceledException");
        let reasons = body["CancellationReasons"].as_array().unwrap().clone();
        reasons.iter().map(|reason| reason["Code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes().await, ["None", "TransactionConflict", "None"]);
    assert_eq!(codes().await, ["None", "None", "TransactionConflict"]);
    assert!(below.bodies().is_empty());
}

#[tokio::test]
async fn a_conflict_of_a_single_write_has_its_own_code() {
    let faults = Faults::new(Recorder::default()).conflict(1.0);
    for operation in [Operation::PutItem, Operation::UpdateItem, Operation::DeleteItem] {
        assert_eq!(refusal(&faults, operation, json!({})).await.0, "TransactionConflictException");
    }
    send(&faults, Operation::GetItem, json!({})).await.unwrap();
    send(&faults, Operation::BatchWriteItem, batch(1)).await.unwrap();
}

#[tokio::test]
async fn a_lost_response_is_lost_after_the_write() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone()).lost_response(1.0);
    let answer = send(&faults, Operation::PutItem, json!({})).await;
    assert!(matches!(answer, Err(Failure::NoResponse(_))));
    assert_eq!(below.bodies().len(), 1);
}

#[tokio::test]
async fn small_pages_lower_the_limit_of_queries_only() {
    let below = Recorder::default();
    let faults =
        Faults::new(below.clone()).small_pages(3).on(Operation::Query, 4, Fault::SmallPage { limit: 0 });
    for body in [json!({}), json!({ "Limit": 2 }), json!({ "Limit": 5 }), json!({})] {
        send(&faults, Operation::Query, body).await.unwrap();
    }
    send(&faults, Operation::GetItem, json!({})).await.unwrap();
    let limits: Vec<_> = below.bodies().iter().map(|body| body["Limit"].as_u64()).collect();
    assert_eq!(limits, [Some(3), Some(2), Some(3), Some(1), None]);
}

#[tokio::test(start_paused = true)]
async fn latency_delays_each_call() {
    let faults = Faults::new(Recorder::default()).latency(Duration::from_millis(200));
    let begin = tokio::time::Instant::now();
    for _ in 0..3 {
        send(&faults, Operation::GetItem, json!({})).await.unwrap();
    }
    assert_eq!(begin.elapsed(), Duration::from_millis(600));
}

#[tokio::test]
async fn a_planned_fault_that_an_operation_cannot_have_is_refused() {
    let below = Recorder::default();
    let faults = Faults::new(below.clone())
        .on(Operation::GetItem, 1, Fault::Unprocessed { keep: 1 })
        .on(Operation::GetItem, 2, Fault::Conflict { operation: 0 })
        .on(Operation::CreateTable, 1, Fault::Throttled);
    for operation in [Operation::GetItem, Operation::GetItem, Operation::CreateTable] {
        let answer = send(&faults, operation, json!({})).await;
        assert!(matches!(answer, Err(Failure::Refused(why)) if why.contains(operation.name())));
    }
    assert!(below.bodies().is_empty());
    assert!(faults.injected().is_empty());
}

fn shaky(seed: u64) -> Faults {
    Faults::new(Recorder::default())
        .seed(seed)
        .throttle(0.2)
        .unavailable(0.1)
        .unprocessed(0.3)
        .conflict(0.2)
        .lost_response(0.1)
}

const MIX: [Operation; 4] =
    [Operation::PutItem, Operation::BatchWriteItem, Operation::GetItem, Operation::TransactWriteItems];

async fn run(faults: &Faults, operations: impl Iterator<Item = Operation>) {
    for operation in operations {
        let body = match operation {
            Operation::TransactWriteItems => json!({ "TransactItems": [{}, {}, {}] }),
            _ => batch(9),
        };
        let _ = send(faults, operation, body).await;
    }
}

#[tokio::test]
async fn a_seed_replays_its_faults_and_another_seed_has_others() {
    let mut logs = Vec::new();
    for seed in [7, 7, 8] {
        let faults = shaky(seed);
        run(&faults, MIX.into_iter().cycle().take(200)).await;
        logs.push(faults.injected());
    }
    assert!(logs[0].len() > 30, "{} faults", logs[0].len());
    assert_eq!(logs[0], logs[1]);
    assert_ne!(logs[0], logs[2]);
}

#[tokio::test]
async fn calls_of_another_operation_do_not_move_the_faults_of_one() {
    let (mixed, alone) = (shaky(7), shaky(7));
    run(&mixed, MIX.into_iter().cycle().take(200)).await;
    run(&alone, std::iter::repeat_n(Operation::PutItem, 50)).await;
    let of_mixed: Vec<_> =
        mixed.injected().into_iter().filter(|i| i.operation == Operation::PutItem).collect();
    assert!(!of_mixed.is_empty());
    assert_eq!(of_mixed, alone.injected());
}

#[tokio::test]
async fn a_changed_rate_leaves_the_other_faults_where_they_were() {
    let lost = async |faults: Faults| {
        run(&faults, std::iter::repeat_n(Operation::PutItem, 200)).await;
        let calls = faults.injected().into_iter().filter(|i| i.fault == Fault::LostResponse);
        calls.map(|i| i.call).collect::<Vec<_>>()
    };
    let without = lost(Faults::new(Recorder::default()).lost_response(0.3)).await;
    let with = lost(Faults::new(Recorder::default()).lost_response(0.3).throttle(0.3)).await;
    // A call that is throttled first cannot lose its response; no other call changes.
    assert!(with.len() < without.len());
    assert!(with.iter().all(|call| without.contains(call)));
}

#[tokio::test]
async fn a_rate_is_about_kept() {
    let faults = Faults::new(Recorder::default()).throttle(0.1);
    run(&faults, std::iter::repeat_n(Operation::GetItem, 2_000)).await;
    let throttled = faults.injected().len();
    assert!((140..260).contains(&throttled), "{throttled} of 2,000");
}

#[tokio::test]
async fn a_clone_is_a_handle_to_the_same_plan() {
    let faults = Faults::new(Recorder::default());
    let handle = faults.clone();
    let _ = handle.on(Operation::PutItem, 1, Fault::Unavailable);
    assert_eq!(refusal(&faults, Operation::PutItem, json!({})).await.0, "InternalServerError");
    assert!(!format!("{faults:?}").contains("pk"));
}

#[tokio::test]
async fn of_a_batch_that_reads_the_other_keys_come_back() {
    let recorder = Recorder::default();
    let faults = Faults::new(recorder.clone()).on(Operation::BatchGetItem, 1, Fault::Unprocessed { keep: 2 });
    let key = |n: usize| json!({ "pk": { "N": n.to_string() } });
    let asked = json!({ "RequestItems": {
        "a": { "Keys": [key(1)], "ConsistentRead": true },
        "b": { "Keys": [key(2), key(3), key(4)] },
        "c": { "Keys": [key(5)] },
    } });
    let answer = send(&faults, Operation::BatchGetItem, asked).await.unwrap();
    let read = json!({
        "a": { "Keys": [key(1)], "ConsistentRead": true },
        "b": { "Keys": [key(2)] },
    });
    assert_eq!(recorder.bodies()[0]["RequestItems"], read);
    let left = json!({ "b": { "Keys": [key(3), key(4)] }, "c": { "Keys": [key(5)] } });
    assert_eq!(answer["UnprocessedKeys"], left);
}

#[tokio::test]
async fn a_transaction_that_reads_conflicts_at_one_of_its_operations() {
    let faults =
        Faults::new(Recorder::default()).on(Operation::TransactGetItems, 1, Fault::Conflict { operation: 1 });
    let gets = json!({ "TransactItems": [{ "Get": {} }, { "Get": {} }, { "Get": {} }] });
    let (code, body) = refusal(&faults, Operation::TransactGetItems, gets).await;
    assert_eq!(code, "TransactionCanceledException");
    let codes: Vec<_> =
        body["CancellationReasons"].as_array().unwrap().iter().map(|reason| &reason["Code"]).collect();
    assert_eq!(codes, ["None", "TransactionConflict", "None"]);
}

#[tokio::test]
async fn pages_of_a_scan_are_small_too() {
    let recorder = Recorder::default();
    let faults = Faults::new(recorder.clone()).small_pages(3);
    send(&faults, Operation::Scan, json!({ "TableName": "a" })).await.unwrap();
    assert_eq!(recorder.bodies()[0]["Limit"], 3);
}
