//! The way over the client's typed inputs and outputs.

use crate::server::Server;
use crate::{call, request};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use dynamorm::transport::{Aws, Failure, Operation, Transport};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Each operation on items: a request with every member that it may have, and a response.
fn exchanges() -> Vec<(Operation, Value, Value)> {
    let item = json!({
        "pk": {"S": "USER#1"}, "n": {"N": "-12.50"}, "b": {"B": "AAH/"}, "yes": {"BOOL": true}, "no": {"BOOL": false},
        "null": {"NULL": true}, "l": {"L": [{"S": ""}, {"M": {}}, {"L": []}]}, "m": {"M": {"a": {"N": "1E+2"}}},
        "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.0"]}, "bs": {"BS": ["AA==", "AQ=="]}
    });
    let key = json!({"pk": {"S": "USER#1"}, "sk": {"N": "1"}});
    let capacity = json!({
        "TableName": "app", "CapacityUnits": 1.5, "ReadCapacityUnits": 0.5, "WriteCapacityUnits": 1.0,
        "VectorIndexes": {"by-embedding": {"VectorWriteRequestBytes": 2048.0}}
    });
    let with = |mut base: Value, more: Value| {
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    };
    let conditional = json!({
        "TableName": "app", "ConditionExpression": "#0 = :0", "ExpressionAttributeNames": {"#0": "name"},
        "ExpressionAttributeValues": {":0": {"S": "Ada"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
    });
    let write =
        with(conditional.clone(), json!({"ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}));
    let written = json!({"Attributes": item, "ConsumedCapacity": capacity});
    vec![
        (
            Operation::GetItem,
            json!({
                "TableName": "app", "Key": key, "ConsistentRead": true, "ProjectionExpression": "#0",
                "ExpressionAttributeNames": {"#0": "name"}, "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({"Item": item, "ConsumedCapacity": capacity}),
        ),
        (Operation::GetItem, json!({"TableName": "app", "Key": key}), json!({})),
        (Operation::PutItem, with(write.clone(), json!({"Item": item})), written.clone()),
        (
            Operation::UpdateItem,
            with(write.clone(), json!({"Key": key, "UpdateExpression": "SET #0 = :0"})),
            written.clone(),
        ),
        (Operation::DeleteItem, with(write, json!({"Key": key})), written),
        (
            Operation::Query,
            json!({
                "TableName": "app", "IndexName": "email-index", "KeyConditionExpression": "#0 = :0",
                "FilterExpression": "#1 = :1", "ProjectionExpression": "#0, #1",
                "ExpressionAttributeNames": {"#0": "pk", "#1": "n"},
                "ExpressionAttributeValues": {":0": {"S": "a"}, ":1": {"N": "1"}},
                "Select": "SPECIFIC_ATTRIBUTES", "ScanIndexForward": false, "ConsistentRead": false, "Limit": 20,
                "ExclusiveStartKey": key, "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({
                "Count": 2, "ScannedCount": 7, "Items": [item, {}], "LastEvaluatedKey": key,
                "ConsumedCapacity": capacity
            }),
        ),
        (
            Operation::Query,
            json!({"TableName": "app", "KeyConditionExpression": "pk = :0", "Select": "COUNT"}),
            json!({"Count": 0, "ScannedCount": 0}),
        ),
        (
            Operation::SearchVectors,
            json!({
                "TableName": "app", "IndexName": "by-embedding", "SearchVector": [{"N": "0.5"}, {"N": "-1e-7"}], "TopK": 10,
                "SearchConditionExpression": "#0 = :0", "ProjectionExpression": "#1",
                "ExpressionAttributeNames": {"#0": "lang", "#1": "id"},
                "ExpressionAttributeValues": {":0": {"S": "en"}}, "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({
                "SearchResults": [{"Item": item, "Score": 0.25}, {"Item": {}, "Score": -1.5}],
                "ConsumedCapacity": {"VectorSearchRequestBytes": 1024.0}
            }),
        ),
        (
            Operation::BatchWriteItem,
            json!({
                "RequestItems": {
                    "app": [{"PutRequest": {"Item": item}}, {"DeleteRequest": {"Key": key}}],
                    "other": [{"DeleteRequest": {"Key": key}}]
                },
                "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({
                "UnprocessedItems": {"app": [{"DeleteRequest": {"Key": key}}, {"PutRequest": {"Item": item}}]},
                "ConsumedCapacity": [capacity]
            }),
        ),
        (
            Operation::BatchWriteItem,
            json!({"RequestItems": {"app": [{"DeleteRequest": {"Key": key}}]}}),
            json!({"UnprocessedItems": {}}),
        ),
        (
            Operation::TransactWriteItems,
            json!({
                "TransactItems": [
                    {"Put": with(conditional.clone(), json!({"Item": item}))},
                    {"Update": with(conditional.clone(), json!({"Key": key, "UpdateExpression": "SET #0 = :0"}))},
                    {"Delete": with(conditional.clone(), json!({"Key": key}))},
                    {"ConditionCheck": with(conditional, json!({"Key": key}))}
                ],
                "ClientRequestToken": "order-42", "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({"ConsumedCapacity": [capacity]}),
        ),
        (
            Operation::Scan,
            json!({
                "TableName": "app", "IndexName": "email-index", "FilterExpression": "#1 = :1",
                "ProjectionExpression": "#0, #1", "ExpressionAttributeNames": {"#0": "pk", "#1": "n"},
                "ExpressionAttributeValues": {":1": {"N": "1"}}, "Select": "SPECIFIC_ATTRIBUTES",
                "Segment": 1, "TotalSegments": 4, "ConsistentRead": false, "Limit": 20, "ExclusiveStartKey": key,
                "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({
                "Count": 1, "ScannedCount": 7, "Items": [item], "LastEvaluatedKey": key,
                "ConsumedCapacity": capacity
            }),
        ),
        (
            Operation::BatchGetItem,
            json!({
                "RequestItems": {
                    "app": {
                        "Keys": [key, key], "ConsistentRead": true, "ProjectionExpression": "#0",
                        "ExpressionAttributeNames": {"#0": "pk"}
                    },
                    "other": {"Keys": [key]}
                },
                "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({
                "Responses": {"app": [item, {}], "other": []}, "UnprocessedKeys": {"app": {"Keys": [key]}},
                "ConsumedCapacity": [capacity]
            }),
        ),
        (
            Operation::TransactGetItems,
            json!({
                "TransactItems": [
                    {"Get": {"TableName": "app", "Key": key}},
                    {"Get": {
                        "TableName": "other", "Key": key, "ProjectionExpression": "#0",
                        "ExpressionAttributeNames": {"#0": "pk"}
                    }}
                ],
                "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({"Responses": [{"Item": item}, {}], "ConsumedCapacity": [capacity]}),
        ),
        (
            Operation::ExecuteStatement,
            json!({
                "Statement": "SELECT * FROM app WHERE pk = ?", "Parameters": [{"S": "a"}], "ConsistentRead": true,
                "NextToken": "next", "Limit": 5, "ReturnConsumedCapacity": "TOTAL",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
            }),
            json!({
                "Items": [item], "NextToken": "later", "LastEvaluatedKey": key, "ConsumedCapacity": capacity
            }),
        ),
        (
            Operation::BatchExecuteStatement,
            json!({
                "Statements": [
                    {"Statement": "SELECT * FROM app WHERE pk = ?", "Parameters": [{"S": "a"}], "ConsistentRead": true},
                    {
                        "Statement": "DELETE FROM app WHERE pk = ?", "Parameters": [{"S": "a"}],
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
                    }
                ],
                "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({
                "Responses": [
                    {"TableName": "app", "Item": item},
                    {"TableName": "app", "Error": {"Code": "ConditionalCheckFailed", "Message": "m", "Item": item}}
                ],
                "ConsumedCapacity": [capacity]
            }),
        ),
        (
            Operation::ExecuteTransaction,
            json!({
                "TransactStatements": [{
                    "Statement": "UPDATE app SET n = ? WHERE pk = ?", "Parameters": [{"N": "1"}, {"S": "a"}],
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
                }],
                "ClientRequestToken": "order-42", "ReturnConsumedCapacity": "TOTAL"
            }),
            json!({"Responses": [{}], "ConsumedCapacity": [capacity]}),
        ),
    ]
}

#[tokio::test]
async fn every_member_of_a_request_and_of_a_response_survives() {
    for (operation, body, answer) in exchanges() {
        let server = Server::answering([(200, answer.to_string())]);
        let got = call(&Aws::compat(server.client()), operation, &body)
            .await
            .unwrap_or_else(|_| panic!("{}", operation.name()));
        assert_eq!(got, answer, "response of {operation:?}");
        assert_eq!(server.sent()[0].json(), body, "request of {operation:?}");
    }
}

#[tokio::test]
async fn an_unknown_member_is_refused_by_its_name_and_nothing_is_sent() {
    for (operation, body, _) in exchanges() {
        // At every level where members are: top, and the parts of batches and transactions.
        for path in [
            "",
            "/TransactItems/0",
            "/TransactItems/1/Update",
            "/RequestItems/app/0",
            "/RequestItems/app/0/PutRequest",
        ] {
            let mut body = body.clone();
            let Some(Value::Object(members)) = body.pointer_mut(path) else { continue };
            members.insert("Novelty".to_owned(), json!({"S": "classified"}));
            let server = Server::answering([(200, "{}")]);
            let failure = call(&Aws::compat(server.client()), operation, &body).await.expect_err("a refusal");
            let Failure::Refused(why) = failure else { panic!("{failure:?}") };
            assert!(why.contains("`Novelty`") && !why.contains("classified"), "{why}");
            assert!(server.sent().is_empty());
        }
    }
}

#[tokio::test]
async fn a_malformed_member_is_refused_without_its_value() {
    let wrong = [
        (json!({"TableName": 1, "Item": {}}), "TableName"),
        (json!({"TableName": "app", "Item": {"a": {"S": 77123}}}), "Item"),
        (json!({"TableName": "app", "Item": {"a": {"S": "77123", "N": "77123"}}}), "Item"),
        (json!({"TableName": "app", "Item": {"a": {"B": "77123 "}}}), "Item"),
        (json!({"TableName": "app", "Item": {"a": {}}}), "Item"),
        (json!({"TableName": "app", "Item": {"a": {"M": {"b": {"Q": "77123"}}}}}), "Item"),
    ];
    for (body, name) in wrong {
        let server = Server::answering([(200, "{}")]);
        let failure =
            call(&Aws::compat(server.client()), Operation::PutItem, &body).await.expect_err("a refusal");
        let Failure::Refused(why) = failure else { panic!("{failure:?}") };
        assert!(why.contains(&format!("`{name}`")) && !why.contains("77123"), "{why}");
        assert!(server.sent().is_empty());
    }
    let failure = Aws::compat(Server::default().client()).call(request(Operation::PutItem, "[]")).await;
    assert!(matches!(failure, Err(Failure::Refused(_))), "{failure:?}");
}

#[tokio::test]
async fn operations_on_tables_go_the_direct_way() {
    for operation in [
        Operation::CreateTable,
        Operation::DescribeTable,
        Operation::DeleteTable,
        Operation::UpdateTable,
        Operation::UpdateTimeToLive,
    ] {
        let server = Server::answering([(200, "{ }")]);
        let body = Aws::compat(server.client()).call(request(operation, "{ \"Novelty\": 1 }")).await;
        assert_eq!(body.unwrap_or_else(|_| panic!("{}", operation.name())), "{ }");
        assert_eq!(server.sent()[0].body, "{ \"Novelty\": 1 }");
    }
}

/// Hides the partition key from DynamoDB, as an encrypting interceptor does with attributes.
#[derive(Debug)]
struct Disguise;

impl Intercept for Disguise {
    fn name(&self) -> &'static str {
        "Disguise"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut().downcast_mut::<GetItemInput>().ok_or("not a get")?;
        let pk = input.key.as_mut().and_then(|key| key.get_mut("pk")).ok_or("no key")?;
        let AttributeValue::S(text) = pk else { return Err("no text".into()) };
        *text = text.chars().rev().collect();
        Ok(())
    }

    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error_mut() else { return Ok(()) };
        let output = output.downcast_mut::<GetItemOutput>().ok_or("not a get")?;
        output.item.get_or_insert_default().insert("seen".to_owned(), AttributeValue::Bool(true));
        Ok(())
    }
}

#[tokio::test]
async fn a_client_with_an_interceptor_gives_it_typed_inputs_and_outputs() {
    let server = Server::answering([(200, r#"{"Item":{"pk":{"S":"abc"}}}"#)]);
    let aws = Aws::new(Client::from_conf(server.config().interceptor(Disguise).build()));
    let body = json!({"TableName": "app", "Key": {"pk": {"S": "abc"}}});
    let got = call(&aws, Operation::GetItem, &body).await.unwrap();
    assert_eq!(got, json!({"Item": {"pk": {"S": "abc"}, "seen": {"BOOL": true}}}));
    assert_eq!(server.sent()[0].json()["Key"], json!({"pk": {"S": "cba"}}));
}

/// Attribute values of every type, nested a few levels.
fn attribute() -> impl Strategy<Value = Value> {
    let base64 = proptest::collection::vec(any::<u8>(), 0..9)
        .prop_map(|bytes| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes));
    let number = "-?[0-9]{1,20}(\\.[0-9]{1,18})?(E[+-][0-9]{1,2})?";
    let set = |element: BoxedStrategy<String>| proptest::collection::vec(element, 1..4);
    let leaf = prop_oneof![
        any::<String>().prop_map(|text| json!({"S": text})),
        number.prop_map(|number| json!({"N": number})),
        base64.clone().prop_map(|binary| json!({"B": binary})),
        any::<bool>().prop_map(|flag| json!({"BOOL": flag})),
        Just(json!({"NULL": true})),
        set(any::<String>().boxed()).prop_map(|set| json!({"SS": set})),
        set(number.boxed()).prop_map(|set| json!({"NS": set})),
        set(base64.boxed()).prop_map(|set| json!({"BS": set})),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(|list| json!({"L": list})),
            proptest::collection::hash_map(any::<String>(), inner, 0..5).prop_map(|map| json!({"M": map})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_item_survives_both_ways(item in proptest::collection::hash_map(any::<String>(), attribute(), 0..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = Server::answering([(200, json!({"Attributes": item}).to_string())]);
        let body = json!({"TableName": "app", "Item": item});
        let answer = runtime.block_on(call(&Aws::compat(server.client()), Operation::PutItem, &body)).unwrap();
        prop_assert_eq!(answer, json!({"Attributes": item}));
        prop_assert_eq!(server.sent()[0].json(), body);
    }
}
