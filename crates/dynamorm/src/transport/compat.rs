//! Requests as the client's typed inputs, its typed outputs as responses.
//!
//! For clients whose interceptors read or change those, which the bytes of `aws::direct` pass by. `request` reads the
//! members of a request, `response` writes those of a response; which of them an operation has is here for writes, in `reads`
//! for reads, and in `statements` for PartiQL. Start at [`call`].

mod reads;
mod request;
mod response;
mod statements;

use super::aws::{call_direct, failure};
use super::{Failure, Operation, Request};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, DeleteRequest, Put, PutRequest, TransactWriteItem, Update, WriteRequest,
};
use bytes::Bytes;
use request::Members;
use response::Response;

/// Sends a request as a typed input, and gives the typed output as the response's body.
///
/// A request member that is unknown here is refused, never left out. Operations on tables have no attribute values, and
/// go the direct way.
pub(super) async fn call(client: &Client, request: Request) -> Result<Bytes, Failure> {
    match request.operation {
        Operation::GetItem => reads::get_item(client, Members::parse(&request)?).await,
        Operation::PutItem => put_item(client, Members::parse(&request)?).await,
        Operation::UpdateItem => update_item(client, Members::parse(&request)?).await,
        Operation::DeleteItem => delete_item(client, Members::parse(&request)?).await,
        Operation::Query => reads::query(client, Members::parse(&request)?).await,
        Operation::Scan => reads::scan(client, Members::parse(&request)?).await,
        Operation::SearchVectors => reads::search_vectors(client, Members::parse(&request)?).await,
        Operation::BatchGetItem => reads::batch_get_item(client, Members::parse(&request)?).await,
        Operation::TransactGetItems => reads::transact_get_items(client, Members::parse(&request)?).await,
        Operation::ExecuteStatement => statements::execute(client, Members::parse(&request)?).await,
        Operation::BatchExecuteStatement => statements::batch(client, Members::parse(&request)?).await,
        Operation::ExecuteTransaction => statements::transaction(client, Members::parse(&request)?).await,
        Operation::BatchWriteItem => batch_write_item(client, Members::parse(&request)?).await,
        Operation::TransactWriteItems => transact_write_items(client, Members::parse(&request)?).await,
        Operation::CreateTable
        | Operation::DescribeTable
        | Operation::DeleteTable
        | Operation::UpdateTable
        | Operation::UpdateTimeToLive
        | Operation::DescribeStream
        | Operation::GetShardIterator
        | Operation::GetRecords => call_direct(client, request).await,
    }
}

async fn put_item(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .put_item()
        .set_table_name(members.text("TableName")?)
        .set_item(members.item("Item")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values(members.choice("ReturnValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.item("Attributes", output.attributes)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

async fn update_item(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .update_item()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_update_expression(members.text("UpdateExpression")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values(members.choice("ReturnValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.item("Attributes", output.attributes)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

async fn delete_item(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .delete_item()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values(members.choice("ReturnValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.item("Attributes", output.attributes)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

async fn batch_write_item(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .batch_write_item()
        .set_request_items(members.lists("RequestItems", write_request)?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.writes("UnprocessedItems", output.unprocessed_items)?;
    response.capacities(output.consumed_capacity);
    Ok(response.into_body())
}

fn write_request(mut members: Members) -> Result<WriteRequest, Failure> {
    let put = members.nested("PutRequest", |put| {
        PutRequest::builder().set_item(put.item("Item")?).build().map_err(refused)
    })?;
    let delete = members.nested("DeleteRequest", |delete| {
        DeleteRequest::builder().set_key(delete.item("Key")?).build().map_err(refused)
    })?;
    members.finish()?;
    Ok(WriteRequest::builder().set_put_request(put).set_delete_request(delete).build())
}

async fn transact_write_items(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .transact_write_items()
        .set_transact_items(members.list("TransactItems", transact_write_item)?)
        .set_client_request_token(members.text("ClientRequestToken")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.capacities(output.consumed_capacity);
    Ok(response.into_body())
}

fn transact_write_item(mut members: Members) -> Result<TransactWriteItem, Failure> {
    let item = TransactWriteItem::builder()
        .set_put(members.nested("Put", put)?)
        .set_update(members.nested("Update", update)?)
        .set_delete(members.nested("Delete", delete)?)
        .set_condition_check(members.nested("ConditionCheck", condition_check)?)
        .build();
    members.finish()?;
    Ok(item)
}

fn put(members: &mut Members) -> Result<Put, Failure> {
    Put::builder()
        .set_table_name(members.text("TableName")?)
        .set_item(members.item("Item")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .build()
        .map_err(refused)
}

fn update(members: &mut Members) -> Result<Update, Failure> {
    Update::builder()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_update_expression(members.text("UpdateExpression")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .build()
        .map_err(refused)
}

fn delete(members: &mut Members) -> Result<Delete, Failure> {
    Delete::builder()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .build()
        .map_err(refused)
}

fn condition_check(members: &mut Members) -> Result<ConditionCheck, Failure> {
    ConditionCheck::builder()
        .set_table_name(members.text("TableName")?)
        .set_key(members.item("Key")?)
        .set_condition_expression(members.text("ConditionExpression")?)
        .set_expression_attribute_names(members.names("ExpressionAttributeNames")?)
        .set_expression_attribute_values(members.item("ExpressionAttributeValues")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .build()
        .map_err(refused)
}

/// Names the member that the client demands and the request lacks.
fn refused(error: BuildError) -> Failure {
    Failure::Refused(error.to_string())
}
