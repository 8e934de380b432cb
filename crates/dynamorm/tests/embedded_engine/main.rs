//! The embedded engine as a transport: every operation, its errors, its guard, its pages, and its file.
#![cfg(feature = "embedded")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise, in its helper functions too"
)]

mod paging;

use bytes::Bytes;
use dynamorm::transport::{Embedded, Failure, Operation, Request, ServiceError, Transport};
use paging::{pages, query};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Says to a test that it is the child process of itself, and which file to use.
const CHILD: &str = "DYNAMORM_TEST_CHILD_FILE";

async fn send(engine: &Embedded, operation: Operation, body: Value) -> Result<Value, Failure> {
    let request = Request { operation, tables: vec!["app".to_owned()], body: Bytes::from(body.to_string()) };
    engine.call(request).await.map(|body| serde_json::from_slice(&body).unwrap())
}

/// The error of a call that must fail with an answer.
async fn refusal(engine: &Embedded, operation: Operation, body: Value) -> ServiceError {
    match send(engine, operation, body).await {
        Err(Failure::Service(error)) => error,
        other => panic!("expected an error response, found {other:?}"),
    }
}

fn table() -> Value {
    json!({
        "TableName": "app",
        "KeySchema": [
            { "AttributeName": "pk", "KeyType": "HASH" },
            { "AttributeName": "sk", "KeyType": "RANGE" },
        ],
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" },
            { "AttributeName": "sk", "AttributeType": "N" },
        ],
        "BillingMode": "PAY_PER_REQUEST",
    })
}

fn key(pk: &str, sk: usize) -> Value {
    json!({ "pk": { "S": pk }, "sk": { "N": sk.to_string() } })
}

fn put(pk: &str, sk: usize) -> Value {
    let mut item = key(pk, sk);
    item["text"] = json!({ "S": "old" });
    json!({ "TableName": "app", "Item": item })
}

fn get(pk: &str, sk: usize) -> Value {
    json!({ "TableName": "app", "Key": key(pk, sk) })
}

/// A put whose condition is this expression; `:v` is 1.
fn put_if(condition: &str) -> Value {
    let mut request = put("a", 1);
    request["ConditionExpression"] = json!(condition);
    request["ExpressionAttributeValues"] = json!({ ":v": { "N": "1" } });
    request
}

async fn engine_with_table() -> Embedded {
    let engine = Embedded::memory().unwrap();
    send(&engine, Operation::CreateTable, table()).await.unwrap();
    engine
}

/// A folder of this test's own, deleted at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dynamorm-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("app.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs one test of this file in a process of its own.
fn child(test: &str, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn every_operation_is_carried_out() {
    let engine = Embedded::memory().unwrap();
    let made = send(&engine, Operation::CreateTable, table()).await.unwrap();
    assert_eq!(made["TableDescription"]["TableName"], "app");
    let described = send(&engine, Operation::DescribeTable, json!({ "TableName": "app" })).await.unwrap();
    assert_eq!(described["Table"]["TableStatus"], "ACTIVE");

    assert_eq!(send(&engine, Operation::PutItem, put("a", 1)).await.unwrap(), json!({}));
    let update = json!({
        "TableName": "app", "Key": key("a", 1), "ReturnValues": "UPDATED_NEW",
        "UpdateExpression": "SET #t = :t", "ExpressionAttributeNames": { "#t": "text" },
        "ExpressionAttributeValues": { ":t": { "S": "new" } },
    });
    let updated = send(&engine, Operation::UpdateItem, update).await.unwrap();
    assert_eq!(updated, json!({ "Attributes": { "text": { "S": "new" } } }));
    let got = send(&engine, Operation::GetItem, get("a", 1)).await.unwrap();
    assert_eq!(got["Item"]["text"], json!({ "S": "new" }));

    let batch = json!({ "RequestItems": { "app": [
        { "PutRequest": { "Item": key("a", 3) } },
        { "PutRequest": { "Item": key("a", 2) } },
    ] } });
    let written = send(&engine, Operation::BatchWriteItem, batch).await.unwrap();
    assert_eq!(written, json!({ "UnprocessedItems": {} }));
    let transaction = json!({ "TransactItems": [
        { "Put": { "TableName": "app", "Item": key("a", 4) } },
        { "Delete": { "TableName": "app", "Key": key("a", 1) } },
    ] });
    send(&engine, Operation::TransactWriteItems, transaction).await.unwrap();

    let query = json!({
        "TableName": "app", "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": { ":pk": { "S": "a" } },
    });
    let page = send(&engine, Operation::Query, query).await.unwrap();
    // Ascending, though nothing says so.
    assert_eq!(page["Items"], json!([key("a", 2), key("a", 3), key("a", 4)]));
    assert_eq!(page["LastEvaluatedKey"], Value::Null);

    send(&engine, Operation::DeleteItem, get("a", 2)).await.unwrap();
    assert_eq!(send(&engine, Operation::GetItem, get("a", 2)).await.unwrap(), json!({}));
    let ttl = json!({
        "TableName": "app", "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true },
    });
    send(&engine, Operation::UpdateTimeToLive, ttl).await.unwrap();
    send(&engine, Operation::DeleteTable, json!({ "TableName": "app" })).await.unwrap();
    let error = refusal(&engine, Operation::DescribeTable, json!({ "TableName": "app" })).await;
    assert_eq!(error.code, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_a_resource_not_found() {
    let engine = Embedded::memory().unwrap();
    for (operation, body) in [(Operation::GetItem, get("a", 1)), (Operation::PutItem, put("a", 1))] {
        assert_eq!(refusal(&engine, operation, body).await.code, "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn a_failed_condition_returns_the_old_item_where_asked() {
    let engine = engine_with_table().await;
    send(&engine, Operation::PutItem, put("a", 1)).await.unwrap();
    let mut request = put("a", 1);
    request["ConditionExpression"] = json!("attribute_not_exists(pk)");
    let error = refusal(&engine, Operation::PutItem, request.clone()).await;
    assert_eq!(error.code, "ConditionalCheckFailedException");
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    assert_eq!(body["__type"], "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException");
    assert_eq!(body["Item"], Value::Null);

    request["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let error = refusal(&engine, Operation::PutItem, request).await;
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    assert_eq!(body["Item"]["text"], json!({ "S": "old" }));
}

#[tokio::test]
async fn a_cancelled_transaction_has_a_reason_for_each_operation() {
    let engine = engine_with_table().await;
    send(&engine, Operation::PutItem, put("a", 2)).await.unwrap();
    let absent = "attribute_not_exists(pk)";
    let transaction = json!({ "TransactItems": [
        { "Put": { "TableName": "app", "Item": key("a", 1) } },
        { "Put": { "TableName": "app", "Item": key("a", 2), "ConditionExpression": absent,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD" } },
        { "ConditionCheck": { "TableName": "app", "Key": key("a", 3),
            "ConditionExpression": "attribute_exists(pk)" } },
    ] });
    let error = refusal(&engine, Operation::TransactWriteItems, transaction).await;
    assert_eq!(error.code, "TransactionCanceledException");
    assert!(!error.message.is_empty());
    let body: Value = serde_json::from_slice(&error.body).unwrap();
    let reasons = body["CancellationReasons"].as_array().unwrap();
    let codes: Vec<_> = reasons.iter().map(|reason| reason["Code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]);
    assert_eq!(reasons[1]["Item"]["text"], json!({ "S": "old" }));
    assert_eq!(reasons[2]["Item"], Value::Null);
    assert_eq!(send(&engine, Operation::GetItem, get("a", 1)).await.unwrap(), json!({}));
}

#[tokio::test]
async fn a_request_of_the_wrong_form_is_refused_without_its_values() {
    let engine = engine_with_table().await;
    let wrong = [
        (Operation::GetItem, json!({ "TableName": "app", "Key": "secret" })),
        (Operation::PutItem, json!({ "TableName": "app", "Item": { "pk": { "S": ["secret"] } } })),
        (Operation::TransactWriteItems, json!({ "TransactItems": "secret" })),
        (Operation::TransactWriteItems, json!({ "secret": 1 })),
        (Operation::UpdateTimeToLive, json!({ "TableName": "app", "TimeToLiveSpecification": "secret" })),
    ];
    for (operation, body) in wrong {
        let error = refusal(&engine, operation, body).await;
        assert_eq!(error.code, "ValidationException", "{}", error.message);
        assert!(!error.message.contains("secret"), "{}", error.message);
    }
    // The engine checks this one as it reads, under a mark that must not show.
    let mut query = query("a");
    query["Limit"] = json!(0);
    let error = refusal(&engine, Operation::Query, query).await;
    assert_eq!(error.code, "ValidationException");
    assert!(!error.message.contains("VALIDATION"), "{}", error.message);
    assert!(error.message.contains("imit"), "{}", error.message);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let engine = engine_with_table().await;
    let body = Bytes::from_static(b"{\"TableName\":");
    let request = Request { operation: Operation::GetItem, tables: Vec::new(), body };
    assert!(
        matches!(engine.call(request).await, Err(Failure::Service(e)) if e.code == "ValidationException")
    );
}

// The default stack of a worker is 2 MiB, and a test is mostly an unoptimized build: both as bad as it gets.
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_nested_parentheses_give_an_error() {
    let engine = engine_with_table().await;
    let answer = tokio::spawn(async move {
        let deep = format!("{}a = :v{}", "(".repeat(2_000), ")".repeat(2_000));
        let alone = refusal(&engine, Operation::PutItem, put_if(&deep)).await.code;
        let mut check = get("a", 1);
        check["ConditionExpression"] =
            json!(format!("{}a = :v{}", "(a = :v OR ".repeat(340), ")".repeat(340)));
        check["ExpressionAttributeValues"] = json!({ ":v": { "N": "1" } });
        let transaction = json!({ "TransactItems": [{ "ConditionCheck": check }] });
        [alone, refusal(&engine, Operation::TransactWriteItems, transaction).await.code]
    });
    assert_eq!(answer.await.unwrap(), ["ValidationException"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deepest_expressions_that_are_let_through_are_evaluated() {
    let engine = engine_with_table().await;
    let answer = tokio::spawn(async move {
        let nots = format!("{}a = :v{}", "NOT (".repeat(299), ")".repeat(299));
        let ors = format!("{}a = :v{}", "(a = :v OR ".repeat(149), ")".repeat(149));
        let long = format!("a = :v{:4090}", "");
        let mut found = Vec::new();
        for condition in [&nots, &ors, &long] {
            assert!(condition.len() <= 4_096);
            let body = put_if(condition);
            found.push(send(&engine, Operation::PutItem, body).await.err().map(|error| match error {
                Failure::Service(error) => error.code + ": " + &error.message,
                other => format!("{other:?}"),
            }));
        }
        // Parentheses in an update: 300 levels and no operator.
        let mut update = get("a", 1);
        update["UpdateExpression"] = json!(format!("SET a = {}:v{}", "(".repeat(300), ")".repeat(300)));
        update["ExpressionAttributeValues"] = json!({ ":v": { "N": "1" } });
        send(&engine, Operation::UpdateItem, update).await.unwrap();
        found
    });
    let found = answer.await.unwrap();
    // An odd row of NOTs makes a false comparison true.
    assert_eq!(found[0], None);
    for refused in &found[1..] {
        assert!(refused.as_deref().unwrap().starts_with("ConditionalCheckFailed"), "{refused:?}");
    }
}

#[tokio::test]
async fn an_expression_over_a_limit_is_refused() {
    let engine = engine_with_table().await;
    let ors = |n: usize| format!("a = :v{}", " OR a = :v".repeat(n));
    // 299 operators, then 301.
    let error = refusal(&engine, Operation::PutItem, put_if(&ors(149))).await;
    assert_eq!(error.code, "ConditionalCheckFailedException");
    let error = refusal(&engine, Operation::PutItem, put_if(&ors(150))).await;
    assert_eq!(error.code, "ValidationException");
    assert!(error.message.contains("operator count: 301"), "{}", error.message);
    let error = refusal(&engine, Operation::PutItem, put_if(&format!("a = :v{:4091}", ""))).await;
    assert!(error.message.contains("size: 4097"), "{}", error.message);
}

#[tokio::test]
async fn a_statement_over_a_limit_is_refused_and_what_stands_in_quotes_is_not_counted() {
    let engine = engine_with_table().await;
    let of = |condition: &str| format!("SELECT * FROM app WHERE pk = 'a' AND {condition}");
    let nested =
        |open: &str, close: &str, levels| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    let refused = [
        of(&format!("sk = 1 AND x = '{}'", "x".repeat(8_192))),
        of(&format!("({} sk = 1)", "NOT ".repeat(301))),
        of(&format!("{}sk = 1{}", "(".repeat(2_000), ")".repeat(2_000))),
        of(&format!("x = {}", nested("[", "]", 2_000))),
        of(&format!("x = {}", nested("{'a':", "}", 1_000))),
        of(&format!("x = {}", nested("<<", ">>", 1_000))),
    ];
    for statement in refused {
        for operation in
            [Operation::ExecuteStatement, Operation::BatchExecuteStatement, Operation::ExecuteTransaction]
        {
            let one = json!({ "Statement": statement });
            let body = match operation {
                Operation::ExecuteStatement => one,
                Operation::BatchExecuteStatement => json!({ "Statements": [one] }),
                _ => json!({ "TransactStatements": [one] }),
            };
            let error = refusal(&engine, operation, body).await;
            assert_eq!(error.code, "ValidationException");
        }
    }
    let quoted =
        of(&format!("sk = 1 AND x <> '{}' AND \"{}\" = 1", "((NOT [''{".repeat(400), "<(".repeat(400)));
    send(&engine, Operation::ExecuteStatement, json!({ "Statement": quoted })).await.unwrap();
    // What is let through is carried out, or refused by the engine: it never overflows the stack.
    for condition in [
        format!("{}sk = 1{}", "(".repeat(300), ")".repeat(300)),
        format!("{} sk = 1", "NOT ".repeat(290)),
        format!("x = {}", nested("[", "]", 300)),
        format!("x = {}", nested("{'a':", "}", 300)),
        vec!["sk = 1"; 140].join(" OR "),
    ] {
        let _ = send(&engine, Operation::ExecuteStatement, json!({ "Statement": of(&condition) })).await;
    }
}

#[tokio::test]
async fn assignments_and_the_and_of_between_are_no_operators() {
    let engine = engine_with_table().await;
    let sets: Vec<_> = (0..350).map(|n| format!("a{n} = :v")).collect();
    let mut update = get("a", 1);
    update["UpdateExpression"] = json!(format!("SET {}", sets.join(", ")));
    update["ExpressionAttributeValues"] = json!({ ":v": { "N": "1" } });
    send(&engine, Operation::UpdateItem, update).await.unwrap();
    let betweens = vec!["a1 between :v and :v"; 150].join(" AND ");
    send(&engine, Operation::PutItem, put_if(&betweens)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn values_nested_too_deeply_are_refused() {
    let engine = engine_with_table().await;
    for (levels, accepted) in [(30, true), (60, false), (2_000, false)] {
        let value = format!("{}{{\"S\":\"x\"}}{}", "{\"L\":[".repeat(levels), "]}".repeat(levels));
        let body = format!(
            "{{\"TableName\":\"app\",\"Item\":{{\"pk\":{{\"S\":\"a\"}},\"sk\":{{\"N\":\"1\"}},\"deep\":{value}}}}}"
        );
        let request = Request { operation: Operation::PutItem, tables: Vec::new(), body: Bytes::from(body) };
        match engine.call(request).await {
            Ok(_) => assert!(accepted),
            Err(Failure::Service(error)) => {
                assert!(!accepted);
                assert_eq!(error.code, "ValidationException");
                assert!(error.message.contains("Nesting Levels"), "{}", error.message);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn expired_items_are_swept_once_a_minute() {
    let engine = engine_with_table().await;
    let ttl = json!({
        "TableName": "app", "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true },
    });
    send(&engine, Operation::UpdateTimeToLive, ttl).await.unwrap();
    for (sk, expires) in [(1, "1000000000"), (2, "99999999999")] {
        let mut item = put("a", sk);
        item["Item"]["expires"] = json!({ "N": expires });
        send(&engine, Operation::PutItem, item).await.unwrap();
    }
    let found = async |sk| send(&engine, Operation::GetItem, get("a", sk)).await.unwrap() != json!({});
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(50)).await;
    assert!(found(1).await, "an item stays until it is swept");
    tokio::time::advance(Duration::from_secs(11)).await;
    assert!(!found(1).await);
    assert!(found(2).await);
}

#[tokio::test]
async fn a_file_keeps_its_items_and_sweeps_them_when_opened() {
    let folder = Folder::new("keeps");
    let engine = Embedded::open(folder.file()).unwrap();
    send(&engine, Operation::CreateTable, table()).await.unwrap();
    send(&engine, Operation::PutItem, put("a", 1)).await.unwrap();
    let mut expired = put("a", 2);
    expired["Item"]["expires"] = json!({ "N": "1000000000" });
    send(&engine, Operation::PutItem, expired).await.unwrap();
    let ttl = json!({
        "TableName": "app", "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true },
    });
    send(&engine, Operation::UpdateTimeToLive, ttl).await.unwrap();
    drop(engine);

    let engine = Embedded::open(folder.file()).unwrap();
    assert_ne!(send(&engine, Operation::GetItem, get("a", 1)).await.unwrap(), json!({}));
    assert_eq!(send(&engine, Operation::GetItem, get("a", 2)).await.unwrap(), json!({}));
}

#[tokio::test]
async fn a_file_opened_twice_in_a_process_is_one_database() {
    let folder = Folder::new("twice");
    let first = Embedded::open(folder.file()).unwrap();
    let second = Embedded::open(folder.0.join(".").join("app.db")).unwrap();
    send(&first, Operation::CreateTable, table()).await.unwrap();
    send(&second, Operation::PutItem, put("a", 1)).await.unwrap();
    send(&first, Operation::DeleteTable, json!({ "TableName": "app" })).await.unwrap();
    let error = refusal(&second, Operation::GetItem, get("a", 1)).await;
    assert_eq!(error.code, "ResourceNotFoundException");
}

#[test]
fn a_file_can_be_opened_while_another_thread_closes_it() {
    let folder = Folder::new("closing");
    let again = || {
        for _ in 0..100 {
            drop(Embedded::open(folder.file()).unwrap());
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(again);
        scope.spawn(again);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_once_are_all_carried_out() {
    let engine = engine_with_table().await;
    let begin = Instant::now();
    let puts: Vec<_> = (0..1_000)
        .map(|sk| {
            let engine = engine.clone();
            tokio::spawn(async move { send(&engine, Operation::PutItem, put("a", sk)).await.unwrap() })
        })
        .collect();
    for put in puts {
        put.await.unwrap();
    }
    println!("1,000 puts at once took {:?}", begin.elapsed());
    // Where the system tells the number of threads: not one for each call that waits.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(threads) = status.lines().find_map(|line| line.strip_prefix("Threads:")) {
        assert!(threads.trim().parse::<usize>().unwrap() < 300, "{threads} threads");
    }
    assert_eq!(pages(&engine, query("a")).await[0].0, 1_000);
}

#[test]
fn a_file_that_cannot_be_opened_is_named() {
    let folder = Folder::new("named");
    let absent = folder.0.join("absent").join("app.db");
    let text = folder.0.join("notes.db");
    std::fs::write(&text, "not a database, but more than a hundred bytes of text. ".repeat(100)).unwrap();
    let open = [(absent, "its folder"), (text, "it is not a database"), (folder.0.clone(), "it is a folder")];
    for (path, reason) in open {
        let error = Embedded::open(&path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn a_file_that_another_process_has_open_is_refused() {
    if let Some(file) = std::env::var_os(CHILD) {
        let _engine = Embedded::open(file).unwrap();
        println!("\nopen");
        std::thread::sleep(Duration::from_secs(60));
        return;
    }
    let folder = Folder::new("held");
    let mut child = child("a_file_that_another_process_has_open_is_refused", &folder.file());
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line == "open"));
    let error = Embedded::open(folder.file()).unwrap_err().to_string();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(error.contains("app.db") && error.contains("another process has it open"), "{error}");
    Embedded::open(folder.file()).unwrap();
}

#[test]
fn an_answered_put_survives_the_death_of_its_process() {
    let run = |future: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        tokio::runtime::Runtime::new().unwrap().block_on(future);
    };
    if let Some(file) = std::env::var_os(CHILD) {
        run(Box::pin(async move {
            let engine = Embedded::open(file).unwrap();
            send(&engine, Operation::CreateTable, table()).await.unwrap();
            for sk in 0.. {
                send(&engine, Operation::PutItem, put("a", sk)).await.unwrap();
                println!("\nput {sk}");
            }
        }));
    }
    let folder = Folder::new("killed");
    let mut child = child("an_answered_put_survives_the_death_of_its_process", &folder.file());
    let mut answered = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let Ok(line) = line else { break };
        answered.extend(line.strip_prefix("put ").map(|sk| sk.parse::<usize>().unwrap()));
        if answered.len() == 300 {
            // SIGKILL on Unix. What it had printed by then is still read.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(answered.len() >= 300);
    run(Box::pin(async move {
        let engine = Embedded::open(folder.file()).unwrap();
        for sk in answered {
            let got = send(&engine, Operation::GetItem, get("a", sk)).await.unwrap();
            assert_eq!(got["Item"]["text"], json!({ "S": "old" }), "item {sk}");
        }
    }));
}

#[test]
fn a_call_outside_of_a_runtime_is_refused() {
    let engine = Embedded::memory().unwrap();
    let request = Request { operation: Operation::GetItem, tables: Vec::new(), body: Bytes::new() };
    let mut call = engine.call(request);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let answer = call.as_mut().poll(&mut context);
    assert!(matches!(answer, std::task::Poll::Ready(Err(Failure::Refused(_)))));
}

#[tokio::test]
async fn whole_tables_batches_and_transactions_are_read() {
    let engine = engine_with_table().await;
    for sk in 1..=3 {
        send(&engine, Operation::PutItem, put("a", sk)).await.unwrap();
    }
    let scanned = send(&engine, Operation::Scan, json!({ "TableName": "app" })).await.unwrap();
    assert_eq!(scanned["Count"], 3);
    let keys = json!({ "RequestItems": { "app": { "Keys": [key("a", 1), key("a", 9)] } } });
    let read = send(&engine, Operation::BatchGetItem, keys).await.unwrap();
    assert_eq!(read["Responses"]["app"].as_array().unwrap().len(), 1);
    let gets = json!({ "TransactItems": [{ "Get": get("a", 9) }, { "Get": get("a", 2) }] });
    let read = send(&engine, Operation::TransactGetItems, gets).await.unwrap();
    assert_eq!(read["Responses"][0], json!({}));
    assert_eq!(read["Responses"][1]["Item"]["sk"], json!({ "N": "2" }));
}

#[tokio::test]
async fn statements_are_carried_out() {
    let engine = engine_with_table().await;
    send(&engine, Operation::PutItem, put("a", 1)).await.unwrap();
    let select = json!({ "Statement": "SELECT * FROM \"app\" WHERE pk = ?", "Parameters": [{ "S": "a" }] });
    let found = send(&engine, Operation::ExecuteStatement, select.clone()).await.unwrap();
    assert_eq!(found["Items"].as_array().unwrap().len(), 1);
    let both = json!({ "Statements": [
        { "Statement": "DELETE FROM \"app\" WHERE pk = ? AND sk = ?", "Parameters": [{ "S": "a" }, { "N": "1" }] },
        { "Statement": "DELETE FROM \"missing\" WHERE pk = ? AND sk = ?", "Parameters": [{ "S": "a" }, { "N": "1" }] },
    ] });
    let done = send(&engine, Operation::BatchExecuteStatement, both).await.unwrap();
    assert!(done["Responses"][0]["Error"].is_null());
    assert_eq!(done["Responses"][1]["Error"]["Code"], "ResourceNotFound");
    let insert = json!({ "TransactStatements": [{
        "Statement": "INSERT INTO \"app\" VALUE { 'pk': ?, 'sk': ? }", "Parameters": [{ "S": "a" }, { "N": "7" }],
    }] });
    send(&engine, Operation::ExecuteTransaction, insert).await.unwrap();
    let found = send(&engine, Operation::ExecuteStatement, select).await.unwrap();
    assert_eq!(found["Items"][0]["sk"], json!({ "N": "7" }));
}

#[tokio::test]
async fn a_statement_of_thousands_of_parentheses_is_refused() {
    let engine = engine_with_table().await;
    let deep = format!("SELECT * FROM \"app\" WHERE {}pk = 'a'{}", "(".repeat(2_000), ")".repeat(2_000));
    let error = refusal(&engine, Operation::ExecuteStatement, json!({ "Statement": deep })).await;
    assert_eq!(error.code, "ValidationException");
    let long = format!("SELECT * FROM \"app\" WHERE pk = '{}'", "a".repeat(9_000));
    let error = refusal(&engine, Operation::ExecuteStatement, json!({ "Statement": long })).await;
    assert_eq!(error.code, "ValidationException");
}
