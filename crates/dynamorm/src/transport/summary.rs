//! What a request and its answer say of themselves, for meters and spans: read in one pass, and only where one is on.
//!
//! Names of tables and indexes, counts and units. Never a value.

use super::{Operation, Request};
use crate::codec::{CodecError, Reader};

/// What a request asks for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Asked {
    pub(crate) index_name: Option<String>,
    pub(crate) select: Option<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) segment: Option<u64>,
    pub(crate) total_segments: Option<u64>,
    pub(crate) consistent_read: Option<bool>,
    pub(crate) scan_forward: Option<bool>,
    /// How many operations a batch or a transaction holds.
    pub(crate) operations: Option<u64>,
    /// How many items it writes.
    pub(crate) writes: u64,
    /// Whether its units are write units.
    pub(crate) is_write: bool,
    /// Whether it asks for its capacity already.
    pub(crate) capacity: bool,
}

impl Asked {
    /// Reads a request. What is not understood is left out: a request is the transport's to refuse.
    pub(crate) fn of(request: &Request) -> Self {
        let mut asked = Self::default();
        match request.operation {
            Operation::PutItem | Operation::UpdateItem | Operation::DeleteItem => {
                (asked.writes, asked.is_write) = (1, true);
            }
            Operation::BatchWriteItem | Operation::TransactWriteItems => asked.is_write = true,
            _ => {}
        }
        let _ = Reader::new(&request.body)
            .and_then(|mut reader| reader.object(|reader, name| asked.member(reader, name)));
        asked
    }

    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError> {
        match name {
            "IndexName" => self.index_name = Some(reader.string()?.into_owned()),
            "Select" => self.select = Some(reader.string()?.into_owned()),
            "Limit" => self.limit = Some(reader.count()?),
            "Segment" => self.segment = Some(reader.count()?),
            "TotalSegments" => self.total_segments = Some(reader.count()?),
            "ConsistentRead" => self.consistent_read = Some(reader.raw()? == "true"),
            "ScanIndexForward" => self.scan_forward = Some(reader.raw()? == "true"),
            "ReturnConsumedCapacity" => {
                self.capacity = true;
                reader.skip()?;
            }
            // A list of writes for each table, or the keys to get of it.
            "RequestItems" if self.is_write => {
                self.writes = elements_of_members(reader)?;
                self.operations = Some(self.writes);
            }
            "RequestItems" => {
                let mut keys = 0;
                reader.object(|reader, _| {
                    reader.object(|reader, name| match name {
                        "Keys" => elements(reader).map(|count| keys += count),
                        _ => reader.skip(),
                    })
                })?;
                self.operations = Some(keys);
            }
            "TransactItems" => {
                let (mut operations, mut writes) = (0, 0);
                reader.array(|reader| {
                    operations += 1;
                    reader.object(|reader, name| {
                        writes += u64::from(matches!(name, "Put" | "Update" | "Delete"));
                        reader.skip()
                    })
                })?;
                (self.operations, self.writes) = (Some(operations), writes);
            }
            "Statement" => self.statement(&reader.string()?),
            "Statements" | "TransactStatements" => {
                let mut operations = 0;
                reader.array(|reader| {
                    operations += 1;
                    reader.object(|reader, name| match name {
                        "Statement" => reader.string().map(|text| self.statement(&text)),
                        _ => reader.skip(),
                    })
                })?;
                self.operations = Some(operations);
            }
            _ => reader.skip()?,
        }
        Ok(())
    }

    fn statement(&mut self, text: &str) {
        let word = text.split_whitespace().next().unwrap_or_default();
        if !word.eq_ignore_ascii_case("select") && !word.to_ascii_lowercase().starts_with("exists") {
            self.writes += 1;
            self.is_write = true;
        }
    }
}

/// What an answer tells.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answered {
    /// Items that it gives.
    pub(crate) items: u64,
    /// Writes that were left undone.
    pub(crate) unprocessed: u64,
    pub(crate) consumed: Vec<Consumed>,
    /// The same as it was sent.
    pub(crate) capacity: Option<String>,
}

/// What a table was charged for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Consumed {
    /// Empty in the answer to a vector search.
    pub(crate) table: String,
    pub(crate) units: Units,
    pub(crate) vectors: VectorBytes,
    /// Each index that has a part in it.
    pub(crate) indexes: Vec<(String, Units)>,
}

/// Bytes of vector indexes, which have no units.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct VectorBytes {
    pub(crate) searched: f64,
    pub(crate) written: f64,
}

/// Units, of which it may not be said what they are for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Units {
    all: f64,
    read: Option<f64>,
    write: Option<f64>,
}

impl Units {
    /// The units to read and to write. Where the answer does not say, the operation does.
    pub(crate) fn split(self, is_write: bool) -> (f64, f64) {
        match (self.read, self.write) {
            (None, None) if is_write => (0.0, self.all),
            (None, None) => (self.all, 0.0),
            (read, write) => (read.unwrap_or(0.0), write.unwrap_or(0.0)),
        }
    }
}

impl Answered {
    /// Reads an answer. What is not understood is left out: the operation says what is wrong with it.
    pub(crate) fn of(answer: &[u8]) -> Self {
        let mut answered = Self::default();
        let _ = Reader::new(answer)
            .and_then(|mut reader| reader.object(|reader, name| answered.member(reader, name)));
        answered
    }

    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError> {
        if reader.is_null() {
            return Ok(());
        }
        match name {
            "Item" => {
                self.items += 1;
                reader.skip()?;
            }
            "Items" | "SearchResults" => self.items += elements(reader)?,
            "Responses" if is_array(reader) => reader.array(|reader| {
                if reader.is_null() {
                    return Ok(());
                }
                reader.object(|reader, name| {
                    match name {
                        "Item" => self.items += 1,
                        "Error" => self.unprocessed += 1,
                        _ => {}
                    }
                    reader.skip()
                })
            })?,
            "Responses" => self.items += elements_of_members(reader)?,
            "UnprocessedItems" => self.unprocessed += elements_of_members(reader)?,
            "ConsumedCapacity" => {
                let json = reader.raw()?;
                self.capacity = Some(json.to_owned());
                let mut reader = Reader::from_text(json);
                if is_array(&mut reader) {
                    reader.array(|reader| consumed(reader).map(|found| self.consumed.push(found)))?;
                } else {
                    self.consumed.push(consumed(&mut reader)?);
                }
            }
            _ => reader.skip()?,
        }
        Ok(())
    }
}

fn is_array(reader: &mut Reader<'_>) -> bool {
    let mut ahead = reader.clone();
    ahead.raw().is_ok_and(|json| json.starts_with('['))
}

fn elements(reader: &mut Reader<'_>) -> Result<u64, CodecError> {
    let mut count = 0;
    reader.array(|reader| {
        count += 1;
        reader.skip()
    })?;
    Ok(count)
}

fn elements_of_members(reader: &mut Reader<'_>) -> Result<u64, CodecError> {
    let mut count = 0;
    reader.object(|reader, _| elements(reader).map(|more| count += more))?;
    Ok(count)
}

fn consumed(reader: &mut Reader<'_>) -> Result<Consumed, CodecError> {
    let mut found = Consumed::default();
    reader.object(|reader, name| {
        if reader.is_null() {
            return Ok(());
        }
        match name {
            "TableName" => found.table = reader.string()?.into_owned(),
            "GlobalSecondaryIndexes" | "LocalSecondaryIndexes" => reader.object(|reader, index| {
                let mut units = Units::default();
                reader.object(|reader, name| units.member(reader, name))?;
                found.indexes.push((index.to_owned(), units));
                Ok(())
            })?,
            // Of a write, by index. A search tells it without.
            "VectorIndexes" => {
                reader.object(|reader, _| reader.object(|reader, name| found.vectors.member(reader, name)))?
            }
            "VectorSearchRequestBytes" => found.vectors.member(reader, name)?,
            _ => found.units.member(reader, name)?,
        }
        Ok(())
    })?;
    Ok(found)
}

impl VectorBytes {
    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError> {
        match name {
            "VectorSearchRequestBytes" => self.searched += reader.fraction()?,
            "VectorWriteRequestBytes" => self.written += reader.fraction()?,
            _ => reader.skip()?,
        }
        Ok(())
    }
}

impl Units {
    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError> {
        match name {
            "CapacityUnits" => self.all = reader.fraction()?,
            "ReadCapacityUnits" => self.read = Some(reader.fraction()?),
            "WriteCapacityUnits" => self.write = Some(reader.fraction()?),
            _ => reader.skip()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn asked(operation: Operation, body: &'static str) -> Asked {
        Asked::of(&Request { operation, tables: vec![], body: Bytes::from_static(body.as_bytes()) })
    }

    #[test]
    fn writes_and_operations_are_counted_in_every_form_of_a_request() {
        let counts = |operation, body| {
            let asked = asked(operation, body);
            (asked.operations, asked.writes, asked.is_write)
        };
        assert_eq!(counts(Operation::PutItem, r#"{"Item":{}}"#), (None, 1, true));
        assert_eq!(counts(Operation::GetItem, r#"{"Key":{}}"#), (None, 0, false));
        let batch = r#"{"RequestItems":{"a":[{"PutRequest":{}},{"DeleteRequest":{}}],"b":[{}]}}"#;
        assert_eq!(counts(Operation::BatchWriteItem, batch), (Some(3), 3, true));
        let gets = r#"{"RequestItems":{"a":{"Keys":[{},{}]},"b":{"ConsistentRead":true,"Keys":[{}]}}}"#;
        assert_eq!(counts(Operation::GetItem, gets), (Some(3), 0, false));
        let transaction = r#"{"TransactItems":[{"Put":{}},{"ConditionCheck":{}},{"Delete":{}}]}"#;
        assert_eq!(counts(Operation::TransactWriteItems, transaction), (Some(3), 2, true));
        let transaction = r#"{"TransactItems":[{"Get":{}},{"Get":{}}]}"#;
        assert_eq!(counts(Operation::GetItem, transaction), (Some(2), 0, false));
        let statements = r#"{"Statements":[{"Statement":" delete FROM a"},{"Statement":"INSERT INTO a"}]}"#;
        assert_eq!(counts(Operation::GetItem, statements), (Some(2), 2, true));
        assert_eq!(counts(Operation::GetItem, r#"{"Statement":"Select * FROM a"}"#), (None, 0, false));
    }

    #[test]
    fn a_capacity_that_is_asked_for_is_told_from_an_attribute_of_that_name() {
        assert!(asked(Operation::GetItem, r#"{"ReturnConsumedCapacity":"TOTAL"}"#).capacity);
        let attribute = r#"{"Item":{"m":{"M":{"ReturnConsumedCapacity":{"S":"x"}}}}}"#;
        assert!(!asked(Operation::PutItem, attribute).capacity);
    }

    #[test]
    fn items_and_units_are_read_from_every_form_of_an_answer() {
        let items = |json: &str| Answered::of(json.as_bytes()).items;
        assert_eq!(items(r#"{"Item":{}}"#), 1);
        assert_eq!(items("{}"), 0);
        assert_eq!(items(r#"{"Items":[{},{}],"Count":2}"#), 2);
        assert_eq!(items(r#"{"Responses":{"a":[{},{}],"b":[{}]}}"#), 3);
        assert_eq!(items(r#"{"Responses":[{"Item":{}},{},{"Item":{}}]}"#), 2);
        assert_eq!(Answered::of(br#"{"UnprocessedItems":{"a":[{},{}]}}"#).unprocessed, 2);
        assert_eq!(
            Answered::of(br#"{"ConsumedCapacity":null,"UnprocessedItems":null}"#),
            Answered::default()
        );

        let one = Answered::of(br#"{"ConsumedCapacity":{"TableName":"a","CapacityUnits":1.5}}"#);
        let search = Answered::of(br#"{"SearchResults":[{"Item":{},"Score":1}],"ConsumedCapacity":{"VectorSearchRequestBytes":1024}}"#);
        assert_eq!((search.items, search.consumed[0].vectors.searched), (1, 1024.0));
        let write = Answered::of(br#"{"ConsumedCapacity":{"TableName":"a","CapacityUnits":1,"VectorIndexes":{"i":{"VectorWriteRequestBytes":2048}}}}"#);
        assert_eq!(write.consumed[0].vectors.written, 2048.0);
        assert_eq!(one.consumed[0].table, "a");
        assert_eq!(one.consumed[0].units.split(false), (1.5, 0.0));
        assert_eq!(one.consumed[0].units.split(true), (0.0, 1.5));
        let json = concat!(
            r#"{"ConsumedCapacity":[{"TableName":"a","CapacityUnits":5,"WriteCapacityUnits":3,"ReadCapacityUnits":2,"#,
            r#""Table":{"CapacityUnits":1},"GlobalSecondaryIndexes":{"i":{"CapacityUnits":4}}},{"TableName":"b"}]}"#
        );
        let two = Answered::of(json.as_bytes());
        assert_eq!(two.consumed.len(), 2);
        assert_eq!(two.consumed[0].units.split(true), (2.0, 3.0));
        assert_eq!(two.consumed[0].indexes[0].0, "i");
        assert_eq!(two.consumed[0].indexes[0].1.split(true), (0.0, 4.0));
    }
}
