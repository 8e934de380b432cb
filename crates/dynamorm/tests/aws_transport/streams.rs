//! The client of streams, beside that of items.

use crate::request;
use crate::server::Server;
use aws_sdk_dynamodbstreams::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodbstreams::{Client, Config};
use dynamorm::transport::{Aws, Failure, Operation, Transport};

const OPERATIONS: [Operation; 3] =
    [Operation::DescribeStream, Operation::GetShardIterator, Operation::GetRecords];

fn client(server: &Server) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "secret", None, None, "test"))
        .http_client(server.clone());
    Client::from_conf(config.build())
}

#[tokio::test]
async fn a_stream_is_read_by_its_own_client_in_exact_bytes() {
    for operation in OPERATIONS {
        for make in [Aws::direct, Aws::compat] {
            let (body, answer) = (r#"{ "z": 1,  "StreamArn":"arn" }"#, r#"{ "Y": 1,  "X":{} }"#);
            let (items, streams) = (Server::default(), Server::answering([(200, answer)]));
            let aws = make(items.client()).streams(client(&streams));
            assert_eq!(aws.call(request(operation, body)).await.unwrap(), answer);
            let sent = streams.sent();
            assert_eq!((sent.len(), &sent[0].body), (1, &body.into()));
            assert_eq!(sent[0].uri, "https://streams.dynamodb.eu-central-1.amazonaws.com/");
            let target = format!("DynamoDBStreams_20120810.{}", operation.name());
            assert_eq!(sent[0].header("x-amz-target"), Some(target.as_str()));
            assert!(sent[0].header("authorization").expect("a signature").contains("/dynamodb/aws4_request"));
            assert!(items.sent().is_empty());
        }
    }
}

#[tokio::test]
async fn a_refusal_keeps_its_code() {
    let refused = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException","message":"m"}"#;
    let streams = Server::answering([(400, refused)]);
    let aws = Aws::direct(Server::default().client()).streams(client(&streams));
    let failure = aws.call(request(Operation::GetRecords, "{}")).await.unwrap_err();
    let Failure::Service(error) = failure else { panic!("{failure:?}") };
    assert_eq!((error.code.as_str(), error.message.as_str()), ("TrimmedDataAccessException", "m"));
}

#[tokio::test]
async fn without_that_client_nothing_is_sent() {
    for operation in OPERATIONS {
        let server = Server::default();
        let failure = Aws::new(server.client()).call(request(operation, "{}")).await.unwrap_err();
        let Failure::Refused(why) = failure else { panic!("{failure:?}") };
        assert!(why.contains("`Aws::new(client).streams(streams_client)`"), "{why}");
        assert!(server.sent().is_empty());
    }
}
