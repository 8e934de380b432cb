//! What is made of DynamoDB's errors, and of no response at all.

use crate::request;
use crate::server::Server;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use dynamorm::transport::{Aws, Failure, Operation, ServiceError, Transport};
use http_body::{Body, Frame};
use std::pin::Pin;
use std::task::{Context, Poll};

/// The failure of one call, by each of the two ways.
async fn failures<B: Into<SdkBody>>(
    operation: Operation,
    body: &str,
    answer: impl Fn() -> Vec<(u16, B)>,
) -> [Failure; 2] {
    let mut failures = Vec::new();
    for way in [Aws::direct, Aws::compat] {
        let aws = way(Server::answering(answer()).client());
        failures.push(aws.call(request(operation, body)).await.expect_err("a failure"));
    }
    failures.try_into().expect("two ways")
}

fn service_error(failure: Failure) -> ServiceError {
    match failure {
        Failure::Service(error) => error,
        other => panic!("not DynamoDB's error: {other:?}"),
    }
}

#[tokio::test]
async fn a_failed_condition_tells_the_item() {
    let answer = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"The conditional request failed","Item":{"pk":{"S":"USER#1"},"n":{"N":"1.0"}}}"#;
    for operation in [Operation::PutItem, Operation::UpdateItem, Operation::DeleteItem] {
        for failure in failures(operation, r#"{"TableName":"app"}"#, || vec![(400, answer)]).await {
            let error = service_error(failure);
            assert_eq!(error.code, "ConditionalCheckFailedException");
            assert_eq!(error.message, "The conditional request failed");
            assert_eq!(error.body, answer);
        }
    }
}

#[tokio::test]
async fn a_cancelled_transaction_tells_its_reasons() {
    let answer = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled","CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"failed","Item":{"pk":{"S":"a"}}}]}"#;
    for failure in
        failures(Operation::TransactWriteItems, r#"{"TransactItems":[]}"#, || vec![(400, answer)]).await
    {
        let error = service_error(failure);
        assert_eq!(error.code, "TransactionCanceledException");
        assert_eq!(error.message, "Transaction cancelled");
        assert_eq!(error.body, answer);
    }
}

#[tokio::test]
async fn an_error_that_the_client_does_not_know_keeps_its_code() {
    let answer = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"no"}"#;
    for failure in failures(Operation::GetItem, r#"{"TableName":"app"}"#, || vec![(400, answer)]).await {
        assert_eq!(service_error(failure).code, "ValidationException");
    }
}

#[tokio::test]
async fn throttling_that_does_not_end_is_the_last_attempts_error() {
    let answer = |n| (400, format!(r#"{{"__type":"x#ThrottlingException","message":"attempt {n}"}}"#));
    for failure in
        failures(Operation::Query, r#"{"TableName":"app"}"#, || (1..=9).map(answer).collect()).await
    {
        let error = service_error(failure);
        assert_eq!((error.code.as_str(), error.message.as_str()), ("ThrottlingException", "attempt 3"));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_dynamodbs_is_named_by_its_status() {
    for failure in
        failures(Operation::GetItem, r#"{"TableName":"app"}"#, || vec![(403, "<html>no</html>")]).await
    {
        assert_eq!(service_error(failure).code, "HTTP 403");
    }
}

#[tokio::test]
async fn a_failed_connection_is_no_response() {
    for failure in failures(Operation::PutItem, r#"{"TableName":"app"}"#, Vec::<(u16, &str)>::new).await {
        let Failure::NoResponse(error) = failure else { panic!("{failure:?}") };
        assert_eq!(error.to_string(), "the request could not be sent");
        assert!(chain(&*error).contains("connection refused"), "{}", chain(&*error));
    }
}

#[tokio::test]
async fn missing_credentials_are_no_response() {
    for way in [Aws::direct, Aws::compat] {
        let server = Server::answering([(200, "{}")]);
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(aws_sdk_dynamodb::config::Region::new("eu-central-1"))
            .http_client(server.clone())
            .build();
        let failure = way(Client::from_conf(config))
            .call(request(Operation::GetItem, r#"{"TableName":"app"}"#))
            .await
            .expect_err("no credentials");
        assert!(matches!(failure, Failure::NoResponse(_)), "{failure:?}");
        assert!(server.sent().is_empty());
    }
}

/// A response body that breaks off.
struct Broken(bool);

impl Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let first = std::mem::replace(&mut self.0, false);
        Poll::Ready(Some(match first {
            true => Ok(Frame::data(Bytes::from_static(br#"{"Item":{"name":{"S":"classified"#))),
            false => Err(std::io::Error::other("connection reset")),
        }))
    }
}

#[tokio::test]
async fn a_response_that_breaks_off_is_no_response_and_shows_no_value() {
    for way in [Aws::direct, Aws::compat] {
        let server = Server::answering([(200, SdkBody::from_body_1_x(Broken(true)))]);
        let client = Client::from_conf(server.config().retry_config(RetryConfig::disabled()).build());
        let body = r#"{"TableName":"app","Key":{"pk":{"S":"classified"}}}"#;
        let failure = way(client).call(request(Operation::GetItem, body)).await.expect_err("half a response");
        let Failure::NoResponse(error) = &failure else { panic!("{failure:?}") };
        assert_eq!(error.to_string(), "the response could not be read");
        let shown = format!("{failure:?} {}", chain(&**error));
        assert!(shown.contains("connection reset"), "{shown}");
        assert!(!shown.contains("classified"), "{shown}");
    }
}

/// The texts of an error and of all its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(|error| format!("{error}; ")).collect()
}
