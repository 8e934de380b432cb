//! The members that reads have: GetItem, Query, Scan, SearchVectors, BatchGetItem, TransactGetItems.

use super::refused;
use super::request::Members;
use super::response::Response;
use crate::transport::Failure;
use crate::transport::aws::failure;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Get, KeysAndAttributes, TransactGetItem};
use bytes::Bytes;

pub(super) async fn get_item(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .get_item()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_consistent_read(members.flag("ConsistentRead")?)
        .set_projection_expression(members.text("ProjectionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.item("Item", output.item)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

pub(super) async fn query(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .query()
        .set_table_name(members.text("TableName")?)
        .set_index_name(members.text("IndexName")?)
        .set_key_condition_expression(members.text("KeyConditionExpression")?)
        .set_filter_expression(members.text("FilterExpression")?)
        .set_projection_expression(members.text("ProjectionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_select(members.choice("Select")?)
        .set_scan_index_forward(members.flag("ScanIndexForward")?)
        .set_consistent_read(members.flag("ConsistentRead")?)
        .set_limit(members.integer("Limit")?)
        .set_exclusive_start_key(members.item("ExclusiveStartKey")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.count("Count", output.count);
    response.count("ScannedCount", output.scanned_count);
    response.items("Items", output.items)?;
    response.item("LastEvaluatedKey", output.last_evaluated_key)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

pub(super) async fn scan(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .scan()
        .set_table_name(members.text("TableName")?)
        .set_index_name(members.text("IndexName")?)
        .set_filter_expression(members.text("FilterExpression")?)
        .set_projection_expression(members.text("ProjectionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_select(members.choice("Select")?)
        .set_segment(members.integer("Segment")?)
        .set_total_segments(members.integer("TotalSegments")?)
        .set_consistent_read(members.flag("ConsistentRead")?)
        .set_limit(members.integer("Limit")?)
        .set_exclusive_start_key(members.item("ExclusiveStartKey")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.count("Count", output.count);
    response.count("ScannedCount", output.scanned_count);
    response.items("Items", output.items)?;
    response.item("LastEvaluatedKey", output.last_evaluated_key)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

pub(super) async fn search_vectors(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .search_vectors()
        .set_table_name(members.text("TableName")?)
        .set_index_name(members.text("IndexName")?)
        .set_search_vector(members.values("SearchVector")?)
        .set_top_k(members.integer("TopK")?)
        .set_search_condition_expression(members.text("SearchConditionExpression")?)
        .set_projection_expression(members.text("ProjectionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.matches("SearchResults", output.search_results)?;
    response.vector_capacity(output.consumed_capacity);
    Ok(response.into_body())
}

pub(super) async fn batch_get_item(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .batch_get_item()
        .set_request_items(members.objects("RequestItems", keys)?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.items_by_table("Responses", output.responses)?;
    response.keys("UnprocessedKeys", output.unprocessed_keys)?;
    response.capacities(output.consumed_capacity);
    Ok(response.into_body())
}

fn keys(members: &mut Members) -> Result<KeysAndAttributes, Failure> {
    KeysAndAttributes::builder()
        .set_keys(members.items("Keys")?)
        .set_consistent_read(members.flag("ConsistentRead")?)
        .set_projection_expression(members.text("ProjectionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .build()
        .map_err(refused)
}

pub(super) async fn transact_get_items(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .transact_get_items()
        .set_transact_items(members.list("TransactItems", transact_get_item)?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.responses("Responses", output.responses)?;
    response.capacities(output.consumed_capacity);
    Ok(response.into_body())
}

fn transact_get_item(mut members: Members) -> Result<TransactGetItem, Failure> {
    let item = TransactGetItem::builder().set_get(members.nested("Get", get)?).build();
    members.finish()?;
    Ok(item)
}

fn get(members: &mut Members) -> Result<Get, Failure> {
    Get::builder()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_projection_expression(members.text("ProjectionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .build()
        .map_err(refused)
}
