//! The other side: the official client and serde_dynamo, and serde_json for the floor.
//!
//! The client's own serializers and parsers are reached through the public configuration of its operations.

use crate::models::{Item, User};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItem, BatchWriteItemInput};
use aws_sdk_dynamodb::operation::put_item::{PutItem, PutItemInput};
use aws_sdk_dynamodb::operation::query::{Query, QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItem, UpdateItemInput};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use bytes::Bytes;
use std::collections::HashMap;

/// The client's parser of answers to a query.
pub struct Parser(FrozenLayer);

impl Default for Parser {
    fn default() -> Self {
        Self(Query::new().config().expect("a query has a configuration"))
    }
}

impl std::fmt::Debug for Parser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parser")
    }
}

impl Parser {
    /// Items as the client gives them.
    #[must_use]
    pub fn maps(&self, answer: &Bytes) -> Vec<HashMap<String, AttributeValue>> {
        let response = HttpResponse::new(200.try_into().expect("a status"), SdkBody::from(answer.clone()));
        let parser = self.0.load::<SharedResponseDeserializer>().expect("a parser");
        let output =
            parser.deserialize_nonstreaming_with_config(&response, &ConfigBag::base()).expect("a page");
        output.downcast::<QueryOutput>().expect("a query's output").items.expect("items")
    }

    /// Items as structs, by serde_dynamo.
    #[must_use]
    pub fn items<T: Item>(&self, answer: &Bytes) -> Vec<T> {
        serde_dynamo::from_items(self.maps(answer)).expect("items")
    }
}

/// Serializes the input of one operation.
fn serialize<O: RuntimePlugin>(operation: &O, input: Input) -> Bytes {
    let config = operation.config().expect("a configuration");
    let serializer = config.load::<SharedRequestSerializer>().expect("a serializer");
    let mut request = serializer.serialize_input(input, &mut ConfigBag::base()).expect("a request");
    match request.take_body().bytes() {
        Some(body) => Bytes::copy_from_slice(body),
        None => Bytes::new(),
    }
}

/// The body of a put.
#[must_use]
pub fn put<T: Item>(item: &T) -> Bytes {
    let item = serde_dynamo::to_item(item).expect("an item");
    let input = PutItemInput::builder().table_name("app").set_item(Some(item)).build().expect("an input");
    serialize(&PutItem::new(), Input::erase(input))
}

/// The body of a batch of puts.
#[must_use]
pub fn batch<T: Item>(items: &[T]) -> Bytes {
    let put = |item: &T| {
        let put = PutRequest::builder().set_item(Some(serde_dynamo::to_item(item).expect("an item"))).build();
        WriteRequest::builder().put_request(put.expect("a put")).build()
    };
    let requests = items.iter().map(put).collect();
    let input = BatchWriteItemInput::builder().request_items("app", requests).build().expect("an input");
    serialize(&BatchWriteItem::new(), Input::erase(input))
}

/// The body of the query that [`ours::query_request`](crate::ours::query_request) makes.
#[must_use]
pub fn query(revision: u64) -> Bytes {
    let input = QueryInput::builder()
        .table_name("app")
        .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
        .filter_expression("#active = :active AND #credits >= :credits AND #revision < :revision")
        .expression_attribute_names("#pk", "pk")
        .expression_attribute_names("#sk", "sk")
        .expression_attribute_names("#active", "active")
        .expression_attribute_names("#credits", "credits")
        .expression_attribute_names("#revision", "revision")
        .expression_attribute_values(":pk", AttributeValue::S("TENANT#acme-0001".into()))
        .expression_attribute_values(":sk", AttributeValue::S("USER#".into()))
        .expression_attribute_values(":active", AttributeValue::Bool(true))
        .expression_attribute_values(":credits", AttributeValue::N("100".into()))
        .expression_attribute_values(":revision", AttributeValue::N(revision.to_string()))
        .limit(100)
        .build();
    serialize(&Query::new(), Input::erase(input.expect("an input")))
}

/// The body of the update that [`ours::update_request`](crate::ours::update_request) makes.
#[must_use]
pub fn update(credits: i64) -> Bytes {
    let input = UpdateItemInput::builder()
        .table_name("app")
        .key("pk", AttributeValue::S("TENANT#acme-0001".into()))
        .key("sk", AttributeValue::S("USER#01J9ZK3T7Q00000001".into()))
        .update_expression("SET #name = :name, #active = :active ADD #credits :credits")
        .condition_expression("#credits >= :credits")
        .expression_attribute_names("#name", "name")
        .expression_attribute_names("#active", "active")
        .expression_attribute_names("#credits", "credits")
        .expression_attribute_values(":name", AttributeValue::S("Ada Lovelace".into()))
        .expression_attribute_values(":active", AttributeValue::Bool(true))
        .expression_attribute_values(":credits", AttributeValue::N(credits.to_string()))
        .build();
    serialize(&UpdateItem::new(), Input::erase(input.expect("an input")))
}

/// Answers every request of a client at once, in its process.
#[derive(Debug, Clone)]
struct InProcess(Bytes);

impl HttpConnector for InProcess {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let status = 200.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.0.clone()))))
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// An official client whose HTTP is in this process: all else is as it is in production.
#[must_use]
pub fn client(answer: Bytes) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "bench"))
        .http_client(InProcess(answer));
    Client::from_conf(config.build())
}

/// Queries a page through the client.
pub async fn query_through(client: &Client) -> Vec<User> {
    let output = client
        .query()
        .table_name("app")
        .key_condition_expression("#pk = :pk")
        .expression_attribute_names("#pk", "pk")
        .expression_attribute_values(":pk", AttributeValue::S("TENANT#acme-0001".into()))
        .send()
        .await
        .expect("a page");
    serde_dynamo::from_items(output.items.expect("items")).expect("users")
}

/// Gets an item through the client.
pub async fn get_through(client: &Client) -> User {
    let output = client
        .get_item()
        .table_name("app")
        .key("pk", AttributeValue::S("TENANT#acme-0001".into()))
        .key("sk", AttributeValue::S("USER#01J9ZK3T7Q00000001".into()))
        .send()
        .await
        .expect("an answer");
    serde_dynamo::from_item(output.item.expect("an item")).expect("a user")
}

/// Puts an item through the client.
pub async fn put_through(client: &Client, user: &User) {
    let item = serde_dynamo::to_item(user).expect("an item");
    client.put_item().table_name("app").set_item(Some(item)).send().await.expect("an answer");
}
