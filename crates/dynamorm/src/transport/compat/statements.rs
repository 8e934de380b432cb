//! The members that PartiQL statements have: alone, in a batch, in a transaction.

use super::refused;
use super::request::Members;
use super::response::Response;
use crate::transport::Failure;
use crate::transport::aws::failure;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{BatchStatementRequest, ParameterizedStatement};
use bytes::Bytes;

pub(super) async fn execute(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .execute_statement()
        .set_statement(members.text("Statement")?)
        .set_parameters(members.values("Parameters")?)
        .set_consistent_read(members.flag("ConsistentRead")?)
        .set_next_token(members.text("NextToken")?)
        .set_limit(members.integer("Limit")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.items("Items", output.items)?;
    response.text("NextToken", output.next_token);
    response.item("LastEvaluatedKey", output.last_evaluated_key)?;
    response.capacity(output.consumed_capacity);
    Ok(response.into_body())
}

pub(super) async fn batch(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .batch_execute_statement()
        .set_statements(members.list("Statements", batch_statement)?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.statements("Responses", output.responses)?;
    response.capacities(output.consumed_capacity);
    Ok(response.into_body())
}

fn batch_statement(mut members: Members) -> Result<BatchStatementRequest, Failure> {
    let statement = BatchStatementRequest::builder()
        .set_statement(members.text("Statement")?)
        .set_parameters(members.values("Parameters")?)
        .set_consistent_read(members.flag("ConsistentRead")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .build()
        .map_err(refused)?;
    members.finish()?;
    Ok(statement)
}

pub(super) async fn transaction(client: &Client, mut members: Members) -> Result<Bytes, Failure> {
    let call = client
        .execute_transaction()
        .set_transact_statements(members.list("TransactStatements", transact_statement)?)
        .set_client_request_token(members.text("ClientRequestToken")?)
        .set_return_consumed_capacity(members.choice("ReturnConsumedCapacity")?);
    members.finish()?;
    let output = call.send().await.map_err(failure)?;
    let mut response = Response::default();
    response.responses("Responses", output.responses)?;
    response.capacities(output.consumed_capacity);
    Ok(response.into_body())
}

fn transact_statement(mut members: Members) -> Result<ParameterizedStatement, Failure> {
    let statement = ParameterizedStatement::builder()
        .set_statement(members.text("Statement")?)
        .set_parameters(members.values("Parameters")?)
        .set_return_values_on_condition_check_failure(members.choice("ReturnValuesOnConditionCheckFailure")?)
        .build()
        .map_err(refused)?;
    members.finish()?;
    Ok(statement)
}
