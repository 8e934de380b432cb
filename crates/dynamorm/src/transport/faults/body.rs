//! What a fault changes in a request or a response, and the errors that it answers with.
//!
//! Which call gets which fault is decided one level up, in `faults`.

use crate::transport::{Failure, Operation, Request, ServiceError};
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// How many operations a batch or a transaction holds: writes, keys or statements.
pub(super) fn operations(request: &Request) -> usize {
    let Ok(mut body) = read(&request.body) else { return 0 };
    match request.operation {
        Operation::TransactWriteItems | Operation::TransactGetItems => {
            body["TransactItems"].as_array().map_or(0, Vec::len)
        }
        Operation::ExecuteTransaction => body["TransactStatements"].as_array().map_or(0, Vec::len),
        _ => body["RequestItems"]
            .as_object_mut()
            .map_or(0, |tables| tables.values_mut().filter_map(of_table).map(|list| list.len()).sum()),
    }
}

/// The operations of a batch on one table: a list of writes, or the keys of what is asked.
fn of_table(table: &mut Value) -> Option<&mut Vec<Value>> {
    match table {
        Value::Array(writes) => Some(writes),
        asked => asked["Keys"].as_array_mut(),
    }
}

/// What is left of a batch, by table, in the form of the request.
pub(super) type Left = Vec<(String, Value)>;

/// Splits a batch after its first `keep` operations: a request of these, and the others.
pub(super) fn split(request: Request, mut keep: usize) -> Result<(Request, Left), Failure> {
    let mut body = read(&request.body)?;
    let mut others = Vec::new();
    if let Some(tables) = body["RequestItems"].as_object_mut() {
        for (table, asked) in tables.iter_mut() {
            let mut left = asked.clone();
            let (Some(kept), Some(rest)) = (of_table(asked), of_table(&mut left)) else { continue };
            let stay = keep.min(kept.len());
            keep -= stay;
            kept.truncate(stay);
            rest.drain(..stay);
            if !rest.is_empty() {
                others.push((table.clone(), left));
            }
        }
        // DynamoDB refuses a table of which nothing is asked.
        tables.retain(|_, asked| of_table(asked).is_none_or(|list| !list.is_empty()));
    }
    Ok((Request { body: write(&body), ..request }, others))
}

/// The same response, with these operations left undone too.
pub(super) fn with_unprocessed(response: &Bytes, operation: Operation, left: Left) -> Result<Bytes, Failure> {
    let member = if operation == Operation::BatchGetItem { "UnprocessedKeys" } else { "UnprocessedItems" };
    let mut response = read(response)?;
    let mut unprocessed = match response[member].take() {
        Value::Object(tables) => tables,
        _ => Map::new(),
    };
    for (table, mut asked) in left {
        // The transport below may have left some undone too.
        if let (Some(mut others), Some(list)) = (unprocessed.remove(&table), of_table(&mut asked)) {
            list.append(of_table(&mut others).unwrap_or(&mut Vec::new()));
        }
        unprocessed.insert(table, asked);
    }
    response[member] = Value::Object(unprocessed);
    Ok(write(&response))
}

/// The same Query or Scan, evaluating at most `limit` items.
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
    if !is_transaction(request.operation) {
        return service("TransactionConflictException", ONGOING);
    }
    let operations = operations(request);
    let mut reasons = vec![json!({ "Code": "None" }); operations];
    let mut codes = vec!["None"; operations];
    let at_fault = operation.min(operations.saturating_sub(1));
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

fn is_transaction(operation: Operation) -> bool {
    use Operation::{ExecuteTransaction, TransactGetItems, TransactWriteItems};
    matches!(operation, TransactWriteItems | TransactGetItems | ExecuteTransaction)
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
