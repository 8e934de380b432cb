//! The direct way: our bytes out, DynamoDB's bytes in.

use crate::request;
use crate::server::Server;
use bytes::Bytes;
use dynamorm::transport::{Aws, Operation, Request, Transport};

const OPERATIONS: [Operation; 19] = [
    Operation::GetItem,
    Operation::PutItem,
    Operation::UpdateItem,
    Operation::DeleteItem,
    Operation::Query,
    Operation::Scan,
    Operation::SearchVectors,
    Operation::BatchGetItem,
    Operation::BatchWriteItem,
    Operation::TransactGetItems,
    Operation::TransactWriteItems,
    Operation::ExecuteStatement,
    Operation::BatchExecuteStatement,
    Operation::ExecuteTransaction,
    Operation::CreateTable,
    Operation::DescribeTable,
    Operation::DeleteTable,
    Operation::UpdateTable,
    Operation::UpdateTimeToLive,
];

/// What the client's endpoint rules put before the host's own name: searches have an endpoint of their own.
fn prefix(operation: Operation) -> &'static str {
    if operation == Operation::SearchVectors { "search-" } else { "" }
}

#[tokio::test]
async fn every_operation_sends_and_returns_exact_bytes() {
    for operation in OPERATIONS {
        // Spaces, order and an unknown member: none of it would survive a typed input or output.
        let (body, answer) = (r#"{ "z": 1,  "TableName":"app", "a":[ ] }"#, r#"{ "Y": 1,  "X":{} }"#);
        let server = Server::answering([(200, answer)]);
        let aws = Aws::direct(server.client());
        assert_eq!(
            aws.call(request(operation, body)).await.unwrap_or_else(|_| panic!("{}", operation.name())),
            answer
        );

        let sent = server.sent();
        assert_eq!(sent.len(), 1, "{operation:?}");
        assert_eq!(sent[0].body, body);
        assert_eq!(sent[0].method, "POST");
        let host = format!("https://{}dynamodb.eu-central-1.amazonaws.com/", prefix(operation));
        assert_eq!(sent[0].uri, host);
        assert_eq!(sent[0].header("content-type"), Some("application/x-amz-json-1.0"));
        assert_eq!(sent[0].header("content-length"), Some(body.len().to_string().as_str()));
        let target = format!("DynamoDB_20120810.{}", operation.name());
        assert_eq!(sent[0].header("x-amz-target"), Some(target.as_str()));
        let authorization = sent[0].header("authorization").expect("a signature");
        assert!(authorization.contains("Credential=AKIDTEST/"), "{authorization}");
        assert!(authorization.contains("x-amz-target"), "the target is not signed: {authorization}");
    }
}

#[tokio::test]
async fn a_client_without_interceptors_is_used_directly() {
    let server = Server::answering([(200, "{ }")]);
    let body = Aws::new(server.client()).call(request(Operation::GetItem, "{ }")).await.unwrap();
    assert_eq!(body, "{ }");
    assert_eq!(server.sent()[0].body, "{ }");
}

#[tokio::test]
async fn a_response_is_not_copied() {
    let answer = Bytes::from(r#"{"Count":0,"Items":[],"ScannedCount":0}"#.to_owned());
    let server = Server::answering([(200, answer.clone())]);
    let body = Aws::direct(server.client()).call(request(Operation::Query, "{}")).await.unwrap();
    assert_eq!(body.as_ptr(), answer.as_ptr());
    assert_eq!(body, answer);
}

#[tokio::test]
async fn an_empty_response_is_empty() {
    let server = Server::answering([(200, "")]);
    assert_eq!(Aws::direct(server.client()).call(request(Operation::PutItem, "{}")).await.unwrap(), "");
}

#[tokio::test]
async fn a_throttled_attempt_is_retried_by_the_client() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#;
    for operation in OPERATIONS {
        let server = Server::answering([(400, throttled), (500, "{}"), (200, r#"{"attempt":3}"#)]);
        let body = Aws::direct(server.client()).call(request(operation, r#"{"n":1}"#)).await;
        assert_eq!(body.unwrap_or_else(|_| panic!("{}", operation.name())), r#"{"attempt":3}"#);
        let sent = server.sent();
        assert_eq!(sent.len(), 3, "{operation:?}");
        assert!(sent.iter().all(|attempt| attempt.body == r#"{"n":1}"#), "{operation:?}");
    }
}

#[tokio::test]
async fn calls_through_one_client_do_not_mix_their_responses() {
    let server = Server::answering((0..50).map(|n| (200, n.to_string())));
    let aws = Aws::direct(server.client());
    let calls = (0..50).map(|n| aws.call(request(Operation::GetItem, n.to_string())));
    let answers = futures_util::future::join_all(calls).await;
    // The server answers in the order of arrival, which is what it remembers.
    let sent = server.sent();
    assert_eq!(sent.len(), 50);
    for (n, answer) in answers.into_iter().enumerate() {
        let answer: usize = std::str::from_utf8(&answer.unwrap()).unwrap().parse().unwrap();
        assert_eq!(sent[answer].body, n.to_string());
    }
}

#[tokio::test]
async fn the_endpoint_rules_see_the_tables() {
    // The account in a table's ARN goes into the host name.
    let table = "arn:aws:dynamodb:eu-central-1:123456789012:table/app";
    // The tables of a statement stand in its text, which the rules do not read.
    let statements =
        [Operation::ExecuteStatement, Operation::BatchExecuteStatement, Operation::ExecuteTransaction];
    for operation in OPERATIONS.into_iter().filter(|operation| !statements.contains(operation)) {
        let server = Server::answering([(200, "{}")]);
        let request = Request { operation, tables: vec![table.to_owned()], body: Bytes::from_static(b"{}") };
        Aws::direct(server.client()).call(request).await.unwrap();
        let host = format!("https://123456789012.{}ddb.eu-central-1.amazonaws.com/", prefix(operation));
        assert_eq!(server.sent()[0].uri, host, "{operation:?}");
    }
}
