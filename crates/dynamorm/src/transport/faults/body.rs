//! What a fault changes in a request or a response, and the errors that it answers with.
//!
//! Which call gets which fault is decided one level up, in `faults`.

use crate::transport::{Failure, Operation, Request, ServiceError};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// How many writes a batch or a transaction holds.
pub(super) fn writes(request: &Request) -> usize {
    let Ok(body) = read(&request.body) else { return 0 };
    match request.operation {
        Operation::TransactWriteItems => body["TransactItems"].as_array().map_or(0, Vec::len),
        _ => body["RequestItems"]
            .as_object()
            .map_or(0, |tables| tables.values().filter_map(Value::as_array).map(Vec::len).sum()),
    }
}

/// Writes of a batch, by their tables.
pub(super) type Writes = Vec<(String, Vec<Value>)>;

/// Splits a batch after its first `keep` writes: a request of these, and the others.
pub(super) fn split(request: Request, mut keep: usize) -> Result<(Request, Writes), Failure> {
    let mut body = read(&request.body)?;
    let mut others = Vec::new();
    if let Some(tables) = body["RequestItems"].as_object_mut() {
        for (table, writes) in tables.iter_mut() {
            let Some(writes) = writes.as_array_mut() else { continue };
            let stay = keep.min(writes.len());
            keep -= stay;
            if stay < writes.len() {
                others.push((table.clone(), writes.split_off(stay)));
            }
        }
        // DynamoDB refuses a table without writes.
        tables.retain(|_, writes| writes.as_array().is_none_or(|writes| !writes.is_empty()));
    }
    Ok((Request { body: write(&body), ..request }, others))
}

/// The same response, with these writes unprocessed too.
pub(super) fn with_unprocessed(response: &Bytes, left: Writes) -> Result<Bytes, Failure> {
    let mut response = read(response)?;
    let mut unprocessed = match response["UnprocessedItems"].take() {
        Value::Object(tables) => tables,
        _ => Map::new(),
    };
    for (table, mut writes) in left {
        // The transport below may have left writes undone too.
        if let Some(Value::Array(others)) = unprocessed.remove(&table) {
            writes.extend(others);
        }
        unprocessed.insert(table, Value::Array(writes));
    }
    response["UnprocessedItems"] = Value::Object(unprocessed);
    Ok(write(&response))
}

/// The same Query, evaluating at most `limit` items.
pub(super) fn with_limit(request: Request, limit: usize) -> Result<Request, Failure> {
    let mut body = read(&request.body)?;
    let limit = limit.max(1) as u64;
    let limit = body["Limit"].as_u64().map_or(limit, |asked| asked.min(limit));
    body["Limit"] = Value::from(limit);
    Ok(Request { body: write(&body), ..request })
}

pub(super) fn service(code: &str, message: &str) -> Failure {
    Failure::Service(ServiceError::new(code, message))
}

pub(super) fn throttled() -> Failure {
    service(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded",
    )
}

pub(super) fn conflict(request: &Request, operation: usize) -> Failure {
    const ONGOING: &str = "Transaction is ongoing for the item";
    if request.operation != Operation::TransactWriteItems {
        return service("TransactionConflictException", ONGOING);
    }
    let writes = writes(request);
    let mut reasons = vec![json!({ "Code": "None" }); writes];
    let mut codes = vec!["None"; writes];
    let at_fault = operation.min(writes.saturating_sub(1));
    if let (Some(reason), Some(code)) = (reasons.get_mut(at_fault), codes.get_mut(at_fault)) {
        *reason = json!({ "Code": "TransactionConflict", "Message": ONGOING });
        *code = "TransactionConflict";
    }
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
            codes.join(", ")
        ),
        "CancellationReasons": reasons,
    });
    Failure::Service(ServiceError::from_body(write(&body)))
}

/// Reads a body that a fault changes. The bodies that this crate writes are objects, and so are DynamoDB's.
fn read(body: &Bytes) -> Result<Value, Failure> {
    match serde_json::from_slice(body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        _ => Err(Failure::Refused("a body to inject a fault into is not a JSON object".to_owned())),
    }
}

fn write(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}
