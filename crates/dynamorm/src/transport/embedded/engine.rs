//! One request, one call of the engine: JSON to its request type, its method, its response or error to JSON.
//!
//! Requests are checked by `guard` in between. Start at [`answer`].

use super::guard::{self, Expressions};
use crate::transport::{Operation, Request, ServiceError};
use bytes::Bytes;
use dynoxide::actions::describe_stream::{DescribeStreamRequest, DescribeStreamResponse};
use dynoxide::actions::describe_table::DescribeTableRequest;
use dynoxide::actions::execute_statement::ExecuteStatementRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::actions::update_item::{UpdateItemRequest, UpdateItemResponse};
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Items that one Query, Scan or statement evaluates at most. The engine reads all that the limit allows, however little of it
/// fits into a page: without a limit, each page of a large partition or table would cost as much as all the rest of it.
const PAGE_LIMIT: usize = 1_000;

/// Answers one request with the body of a response, or of an error.
pub(super) fn answer(database: &Database, request: &Request) -> Result<Bytes, ServiceError> {
    let body = &request.body;
    match request.operation {
        Operation::GetItem => run(body, |request| database.get_item(request)),
        Operation::PutItem => run(body, |request| database.put_item(request)),
        Operation::UpdateItem => run(body, |request| update_item(database, request)),
        Operation::DeleteItem => run(body, |request| database.delete_item(request)),
        Operation::Query => run(body, |mut request: QueryRequest| {
            request.limit = limited(request.limit);
            database.query(request)
        }),
        Operation::Scan => run(body, |mut request: ScanRequest| {
            request.limit = limited(request.limit);
            database.scan(request)
        }),
        Operation::SearchVectors => run(body, |request| database.search_vectors(request)),
        Operation::BatchGetItem => run(body, |request| database.batch_get_item(request)),
        Operation::TransactGetItems => run(body, |request| database.transact_get_items(request)),
        Operation::ExecuteStatement => run(body, |mut request: ExecuteStatementRequest| {
            // A statement that writes takes a limit too.
            request.limit = limited(request.limit);
            database.execute_statement(request)
        }),
        Operation::BatchExecuteStatement => run(body, |request| database.batch_execute_statement(request)),
        Operation::ExecuteTransaction => run(body, |request| database.execute_transaction(request)),
        Operation::BatchWriteItem => run(body, |request| database.batch_write_item(request)),
        Operation::TransactWriteItems => run(body, |request| database.transact_write_items(request)),
        Operation::CreateTable => run(body, |request| database.create_table(request)),
        Operation::DescribeTable => {
            run(body, |request: DescribeTableRequest| describe_table(database, &request))
        }
        Operation::DeleteTable => run(body, |request| database.delete_table(request)),
        Operation::UpdateTable => run(body, |request| database.update_table(request)),
        Operation::UpdateTimeToLive => run(body, |request| database.update_time_to_live(request)),
        Operation::DescribeStream => run(body, |request| describe_stream(database, request)),
        Operation::GetShardIterator => run(body, |request| database.get_shard_iterator(request)),
        Operation::GetRecords => run(body, |request| database.get_records(request)),
    }
}

fn run<Q, R>(body: &[u8], call: impl FnOnce(Q) -> dynoxide::Result<R>) -> Result<Bytes, ServiceError>
where
    Q: DeserializeOwned + Expressions,
    R: Serialize,
{
    stacker::maybe_grow(guard::stack(0), guard::stack(0), || {
        let request: Q = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let stack = guard::stack(guard::check(&request)?);
        stacker::maybe_grow(stack, stack, || {
            let response = call(request).map_err(|error| refused(&error))?;
            let response = serde_json::to_vec(&response).map_err(|error| unwritable(&error))?;
            Ok(Bytes::from(response))
        })
    })
}

fn limited(asked: Option<usize>) -> Option<usize> {
    Some(asked.map_or(PAGE_LIMIT, |limit| limit.min(PAGE_LIMIT)))
}

/// The engine gives the key as the old item of an update that made one, where DynamoDB gives nothing. An item that had no
/// more than its key is taken for one that was made: the response does not tell them apart.
fn update_item(database: &Database, request: UpdateItemRequest) -> dynoxide::Result<UpdateItemResponse> {
    let key = (request.return_values.as_deref() == Some("ALL_OLD")).then(|| request.key.clone());
    let mut response = database.update_item(request)?;
    if key.is_some() && response.attributes == key {
        response.attributes = None;
    }
    Ok(response)
}

/// The engine's own description counts the items of the table and of each index, every time: a start on a large file would
/// take seconds. This one leaves the counts out; DynamoDB's are hours old as well.
fn describe_table(database: &Database, request: &DescribeTableRequest) -> dynoxide::Result<Value> {
    let name = &request.table_name;
    let Some(table) = database.get_table_metadata(name)? else {
        let message = format!("Requested resource not found: Table: {name} not found");
        return Err(DynoxideError::ResourceNotFoundException(message));
    };
    let stored = |json: &str| serde_json::from_str::<Value>(json).unwrap_or(Value::Null);
    let mut description = json!({
        "TableName": table.table_name,
        "TableStatus": table.table_status,
        "CreationDateTime": table.created_at,
        "KeySchema": stored(&table.key_schema),
        "AttributeDefinitions": stored(&table.attribute_definitions),
    });
    if let Some(indexes) = &table.lsi_definitions {
        description["LocalSecondaryIndexes"] = stored(indexes);
    }
    if let Some(indexes) = &table.gsi_definitions {
        let mut indexes = stored(indexes);
        for index in indexes.as_array_mut().into_iter().flatten() {
            index["IndexStatus"] = json!("ACTIVE");
        }
        description["GlobalSecondaryIndexes"] = indexes;
    }
    if let Some(indexes) = &table.vector_index_definitions {
        let mut indexes = stored(indexes);
        for index in indexes.as_array_mut().into_iter().flatten() {
            index["IndexStatus"] = json!("ACTIVE");
        }
        description["VectorIndexes"] = indexes;
    }
    if let (true, Some(label)) = (table.stream_enabled, &table.stream_label) {
        description["LatestStreamLabel"] = json!(label);
        description["LatestStreamArn"] = json!(dynoxide::streams::stream_arn(name, label));
        description["StreamSpecification"] =
            json!({ "StreamEnabled": true, "StreamViewType": table.stream_view_type });
    }
    Ok(json!({ "Table": description }))
}

/// The engine tells the last record of its one shard as the shard's end, though it is open.
fn describe_stream(
    database: &Database,
    request: DescribeStreamRequest,
) -> dynoxide::Result<DescribeStreamResponse> {
    let mut response = database.describe_stream(request)?;
    for shard in &mut response.stream_description.shards {
        shard.sequence_number_range.ending_sequence_number = None;
    }
    Ok(response)
}

fn refused(error: &DynoxideError) -> ServiceError {
    ServiceError::from_body(Bytes::from(error.to_json()))
}

/// What DynamoDB would say of a request that does not have the form of its operation.
///
/// The engine checks some things while it reads a request. It marks these, and words them as DynamoDB does; the words of others
/// are the JSON reader's and may quote a value, so they are replaced.
fn unreadable(error: &serde_json::Error) -> ServiceError {
    const VALIDATION: &str = "ValidationException";
    const MARKS: [(&str, &str); 5] = [
        ("VALIDATION_AS_READ:", VALIDATION),
        ("VALIDATION_REQUEST:", VALIDATION),
        ("VALIDATION:", VALIDATION),
        ("SERIALIZATION_AS_READ:", "SerializationException"),
        ("SERIALIZATION:", "SerializationException"),
    ];
    let text = error.to_string();
    for (mark, code) in MARKS {
        if let Some(message) = text.strip_prefix(mark) {
            let end = message.rfind(" at line ").unwrap_or(message.len());
            return ServiceError::new(code, message.get(..end).unwrap_or(message));
        }
    }
    let (line, column) = (error.line(), error.column());
    let problem = if text.starts_with("recursion limit exceeded") {
        "Nesting Levels have exceeded supported limits".to_owned()
    } else if text.starts_with("missing field") {
        // The quoted text is a member of the request type.
        text
    } else {
        format!("The request does not have the form of its operation: line {line}, column {column}")
    };
    ServiceError::new(VALIDATION, &problem)
}

fn unwritable(error: &serde_json::Error) -> ServiceError {
    ServiceError::new("InternalServerError", &format!("the response cannot be written: {error}"))
}
