//! The members of a response, written as DynamoDB writes them.
//!
//! Which members an operation has is in `compat`. Start at [`Response`].

use crate::transport::Failure;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementResponse, Capacity, ConsumedCapacity, ItemResponse, KeysAndAttributes,
    SearchResultItem, VectorCapacity, WriteRequest,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// An item or a key, as the client gives it.
type Attributes = HashMap<String, AttributeValue>;

/// A response, to which members are added. What the client gave as absent stays absent.
#[derive(Default)]
pub(super) struct Response(Map<String, Value>);

impl Response {
    pub(super) fn item(&mut self, name: &str, item: Option<Attributes>) -> Result<(), Failure> {
        if let Some(item) = item {
            self.put(name, attributes(item)?);
        }
        Ok(())
    }

    pub(super) fn items(&mut self, name: &str, items: Option<Vec<Attributes>>) -> Result<(), Failure> {
        if let Some(items) = items {
            self.put(name, list(items)?);
        }
        Ok(())
    }

    /// What a vector search found, with the scores.
    pub(super) fn matches(
        &mut self,
        name: &str,
        found: Option<Vec<SearchResultItem>>,
    ) -> Result<(), Failure> {
        let Some(found) = found else { return Ok(()) };
        let found = found.into_iter().map(|found| {
            let mut members = Response::default();
            members.item("Item", found.item)?;
            members.put("Score", Value::from(found.score));
            Ok(Value::Object(members.0))
        });
        let found = found.collect::<Result<_, Failure>>()?;
        self.put(name, Value::Array(found));
        Ok(())
    }

    /// The capacity of a vector search, which has a form of its own.
    pub(super) fn vector_capacity(&mut self, consumed: Option<VectorCapacity>) {
        if let Some(consumed) = consumed {
            self.put("ConsumedCapacity", Value::Object(vectors(&consumed)));
        }
    }

    pub(super) fn count(&mut self, name: &str, count: i32) {
        self.put(name, Value::from(count));
    }

    pub(super) fn writes(
        &mut self,
        name: &str,
        tables: Option<HashMap<String, Vec<WriteRequest>>>,
    ) -> Result<(), Failure> {
        let Some(tables) = tables else { return Ok(()) };
        let tables = tables.into_iter().map(|(table, writes)| {
            let writes = writes.into_iter().map(write).collect::<Result<_, _>>()?;
            Ok((table, Value::Array(writes)))
        });
        let tables = tables.collect::<Result<_, Failure>>()?;
        self.put(name, Value::Object(tables));
        Ok(())
    }

    pub(super) fn items_by_table(
        &mut self,
        name: &str,
        tables: Option<HashMap<String, Vec<Attributes>>>,
    ) -> Result<(), Failure> {
        let Some(tables) = tables else { return Ok(()) };
        let tables = tables.into_iter().map(|(table, items)| Ok((table, list(items)?)));
        let tables = tables.collect::<Result<_, Failure>>()?;
        self.put(name, Value::Object(tables));
        Ok(())
    }

    /// Keys that were not read, by table. What else was asked of them is the caller's, who knows it.
    pub(super) fn keys(
        &mut self,
        name: &str,
        tables: Option<HashMap<String, KeysAndAttributes>>,
    ) -> Result<(), Failure> {
        let Some(tables) = tables else { return Ok(()) };
        let tables = tables.into_iter().map(|(table, keys)| Ok((table, tagged("Keys", list(keys.keys)?))));
        let tables = tables.collect::<Result<_, Failure>>()?;
        self.put(name, Value::Object(tables));
        Ok(())
    }

    /// The answers of a transaction that reads, in its order; an absent item has none.
    pub(super) fn responses(
        &mut self,
        name: &str,
        responses: Option<Vec<ItemResponse>>,
    ) -> Result<(), Failure> {
        let Some(responses) = responses else { return Ok(()) };
        let responses = responses.into_iter().map(|response| match response.item {
            Some(item) => Ok(tagged("Item", attributes(item)?)),
            None => Ok(Value::Object(Map::new())),
        });
        let responses = responses.collect::<Result<_, Failure>>()?;
        self.put(name, Value::Array(responses));
        Ok(())
    }

    /// The answers of a batch of statements, in its order.
    pub(super) fn statements(
        &mut self,
        name: &str,
        responses: Option<Vec<BatchStatementResponse>>,
    ) -> Result<(), Failure> {
        let Some(responses) = responses else { return Ok(()) };
        let responses = responses.into_iter().map(|response| {
            let mut members = Response::default();
            members.text("TableName", response.table_name);
            members.item("Item", response.item)?;
            if let Some(error) = response.error {
                let mut of_error = Response::default();
                of_error.text("Code", error.code.map(|code| code.as_str().to_owned()));
                of_error.text("Message", error.message);
                of_error.item("Item", error.item)?;
                members.put("Error", Value::Object(of_error.0));
            }
            Ok(Value::Object(members.0))
        });
        let responses = responses.collect::<Result<_, Failure>>()?;
        self.put(name, Value::Array(responses));
        Ok(())
    }

    pub(super) fn text(&mut self, name: &str, text: Option<String>) {
        if let Some(text) = text {
            self.put(name, Value::String(text));
        }
    }

    pub(super) fn capacity(&mut self, consumed: Option<ConsumedCapacity>) {
        if let Some(consumed) = consumed {
            self.put("ConsumedCapacity", capacity(consumed));
        }
    }

    pub(super) fn capacities(&mut self, consumed: Option<Vec<ConsumedCapacity>>) {
        if let Some(consumed) = consumed {
            self.put("ConsumedCapacity", consumed.into_iter().map(capacity).collect());
        }
    }

    pub(super) fn into_body(self) -> Bytes {
        Bytes::from(Value::Object(self.0).to_string())
    }

    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }
}

/// An object with one member, as attribute values and writes are.
fn tagged(tag: &str, value: impl Into<Value>) -> Value {
    Value::Object(Map::from_iter([(tag.to_owned(), value.into())]))
}

fn write(write: WriteRequest) -> Result<Value, Failure> {
    let mut members = Map::new();
    if let Some(put) = write.put_request {
        members.insert("PutRequest".to_owned(), tagged("Item", attributes(put.item)?));
    }
    if let Some(delete) = write.delete_request {
        members.insert("DeleteRequest".to_owned(), tagged("Key", attributes(delete.key)?));
    }
    Ok(Value::Object(members))
}

fn list(items: Vec<Attributes>) -> Result<Value, Failure> {
    items.into_iter().map(attributes).collect::<Result<_, _>>().map(Value::Array)
}

/// What was consumed, by the table and each index where the client says.
fn capacity(consumed: ConsumedCapacity) -> Value {
    let mut members =
        units(consumed.capacity_units, consumed.read_capacity_units, consumed.write_capacity_units);
    if let Some(table) = consumed.table_name {
        members.insert("TableName".to_owned(), Value::String(table));
    }
    if let Some(table) = consumed.table {
        members.insert("Table".to_owned(), Value::Object(part(&table)));
    }
    for (name, indexes) in [
        ("LocalSecondaryIndexes", consumed.local_secondary_indexes),
        ("GlobalSecondaryIndexes", consumed.global_secondary_indexes),
    ] {
        if let Some(indexes) = indexes {
            let indexes = indexes.into_iter().map(|(index, units)| (index, Value::Object(part(&units))));
            members.insert(name.to_owned(), Value::Object(indexes.collect()));
        }
    }
    if let Some(indexes) = consumed.vector_indexes {
        let indexes = indexes.into_iter().map(|(index, bytes)| (index, Value::Object(vectors(&bytes))));
        members.insert("VectorIndexes".to_owned(), Value::Object(indexes.collect()));
    }
    Value::Object(members)
}

/// What a vector index was charged for.
fn vectors(consumed: &VectorCapacity) -> Map<String, Value> {
    [
        ("VectorSearchRequestBytes", consumed.vector_search_request_bytes),
        ("VectorWriteRequestBytes", consumed.vector_write_request_bytes),
    ]
    .into_iter()
    .filter_map(|(name, bytes)| Some((name.to_owned(), Value::from(bytes?))))
    .collect()
}

/// What a table itself or an index was charged for.
fn part(consumed: &Capacity) -> Map<String, Value> {
    units(consumed.capacity_units, consumed.read_capacity_units, consumed.write_capacity_units)
}

fn units(all: Option<f64>, read: Option<f64>, write: Option<f64>) -> Map<String, Value> {
    [("CapacityUnits", all), ("ReadCapacityUnits", read), ("WriteCapacityUnits", write)]
        .into_iter()
        .filter_map(|(name, units)| Some((name.to_owned(), Value::from(units?))))
        .collect()
}

fn attributes(item: Attributes) -> Result<Value, Failure> {
    let item = item.into_iter().map(|(name, value)| Ok((name, attribute(value)?)));
    item.collect::<Result<_, _>>().map(Value::Object)
}

fn attribute(value: AttributeValue) -> Result<Value, Failure> {
    Ok(match value {
        AttributeValue::S(text) => tagged("S", text),
        AttributeValue::N(number) => tagged("N", number),
        AttributeValue::B(blob) => tagged("B", STANDARD.encode(blob)),
        AttributeValue::Bool(flag) => tagged("BOOL", flag),
        AttributeValue::Null(flag) => tagged("NULL", flag),
        AttributeValue::M(map) => tagged("M", attributes(map)?),
        AttributeValue::L(list) => {
            tagged("L", list.into_iter().map(attribute).collect::<Result<Vec<_>, _>>()?)
        }
        AttributeValue::Ss(set) => tagged("SS", set),
        AttributeValue::Ns(set) => tagged("NS", set),
        AttributeValue::Bs(set) => {
            tagged("BS", set.into_iter().map(|blob| STANDARD.encode(blob)).collect::<Vec<_>>())
        }
        _ => {
            return Err(Failure::NoResponse(
                "the response holds an attribute value of a type that this AWS client does not know".into(),
            ));
        }
    })
}
