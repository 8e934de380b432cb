//! What makes a client ready before its first call.

use crate::server::Server;
use aws_sdk_dynamodb::Client;
use dynamorm::transport::{Aws, Faults};
use dynamorm::{Db, ErrorKind};

#[tokio::test]
async fn a_connection_is_opened_by_one_signed_question_that_costs_nothing() {
    for way in [Aws::direct, Aws::compat] {
        let answer = r#"{"Endpoints":[{"Address":"dynamodb.eu-central-1.amazonaws.com","CachePeriodInMinutes":1440}]}"#;
        let server = Server::answering([(200, answer)]);
        Db::with_transport(Faults::new(way(server.client()))).warm().await.unwrap();
        let sent = server.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].header("x-amz-target"), Some("DynamoDB_20120810.DescribeEndpoints"));
        assert!(sent[0].header("authorization").is_some(), "credentials were loaded");
    }
}

#[tokio::test]
async fn whoever_may_not_ask_has_a_connection_all_the_same() {
    let refusal = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized"}"#;
    let server = Server::answering([(400, refusal)]);
    Db::new(server.client()).warm().await.unwrap();
    assert_eq!(server.sent().len(), 1);
}

#[tokio::test]
async fn nobody_there_and_no_credentials_are_errors() {
    let nobody = Server::default();
    let error = Db::new(nobody.client()).warm().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");

    let server = Server::answering([(200, "{}")]);
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("eu-central-1"))
        .http_client(server.clone());
    let error = Db::new(Client::from_conf(config.build())).warm().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert!(server.sent().is_empty());
}
