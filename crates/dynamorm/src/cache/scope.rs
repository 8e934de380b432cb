//! What an answer is of, and what a write is about: items and partitions, by table and key.
//!
//! A write is read from its request, whatever operation made it, so that none is forgotten here.

use crate::codec::{Attribute, CodecError, Problem, Reader};
use crate::model::ModelShape;
use crate::op::identity;
use crate::transport::summary::Asked;
use crate::transport::{Operation, Request};
use crate::value::{AttributeValue, Item};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What answers are forgotten by: an item, or a partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Group(Arc<(Box<str>, Box<[u8]>)>);

impl Group {
    /// By the attributes of a primary key, or of a partition key alone.
    pub(crate) fn of(table: &str, key: &Item) -> Self {
        Self(Arc::new((table.into(), identity(key).into())))
    }

    pub(super) fn is_of(&self, table: &str) -> bool {
        *self.0.0 == *table
    }

    pub(super) fn len(&self) -> usize {
        self.0.0.len() + self.0.1.len()
    }
}

/// The names of key attributes, of the tables whose answers are remembered.
#[derive(Default)]
pub(super) struct Tables(RwLock<HashMap<String, Names>>);

/// The partition key, and the sort key if there is one.
type Names = (&'static str, Option<&'static str>);

impl Tables {
    pub(super) fn know(&self, table: &str, model: &ModelShape) {
        if self.knows(table) {
            return;
        }
        let primary = &model.primary;
        let names = (primary.partition_key().attribute, primary.sort.first().map(|key| key.attribute));
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(table.to_owned(), names);
    }

    pub(super) fn knows(&self, table: &str) -> bool {
        self.names(table).is_some()
    }

    fn names(&self, table: &str) -> Option<Names> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(table).copied()
    }
}

/// What a write is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scope {
    These { groups: Vec<Group>, tables: Vec<String> },
    Everything,
}

impl Scope {
    /// `None` for a read.
    pub(super) fn of(request: &Request, tables: &Tables) -> Option<Self> {
        let read = match request.operation {
            Operation::PutItem | Operation::UpdateItem | Operation::DeleteItem => {
                Found::of(tables, |found| found.write(&mut Reader::new(&request.body)?))
            }
            Operation::TransactWriteItems => Found::of(tables, |found| {
                members(&request.body, "TransactItems", |reader| {
                    reader.array(|reader| {
                        reader.object(|reader, word| match word {
                            "ConditionCheck" => reader.skip(),
                            _ => found.write(reader),
                        })
                    })
                })
            }),
            Operation::BatchWriteItem => Found::of(tables, |found| {
                members(&request.body, "RequestItems", |reader| {
                    reader.object(|reader, table| {
                        let table = table.to_owned();
                        reader.array(|reader| {
                            reader.object(|reader, _| {
                                reader.object(|reader, _| {
                                    let item = reader.raw()?;
                                    found.item(&table, item)
                                })
                            })
                        })
                    })
                })
            }),
            Operation::DeleteTable => Ok(Scope::Everything),
            // What a statement is about, only its text tells.
            Operation::ExecuteStatement
            | Operation::BatchExecuteStatement
            | Operation::ExecuteTransaction => {
                if !Asked::of(request).is_write {
                    return None;
                }
                Ok(Scope::Everything)
            }
            Operation::GetItem
            | Operation::Query
            | Operation::Scan
            | Operation::SearchVectors
            | Operation::BatchGetItem
            | Operation::TransactGetItems
            | Operation::CreateTable
            | Operation::DescribeTable
            | Operation::UpdateTable
            | Operation::UpdateTimeToLive
            | Operation::DescribeStream
            | Operation::GetShardIterator
            | Operation::GetRecords => return None,
        };
        // A request that is not understood here is the transport's to refuse, or to carry out.
        Some(read.unwrap_or(Scope::Everything))
    }
}

/// What is found in a request.
struct Found<'tables> {
    known: &'tables Tables,
    groups: Vec<Group>,
    tables: Vec<String>,
}

impl<'tables> Found<'tables> {
    fn of(
        known: &'tables Tables,
        read: impl FnOnce(&mut Self) -> Result<(), CodecError>,
    ) -> Result<Scope, CodecError> {
        let mut found = Self { known, groups: Vec::new(), tables: Vec::new() };
        read(&mut found)?;
        found.tables.sort_unstable();
        found.tables.dedup();
        Ok(Scope::These { groups: found.groups, tables: found.tables })
    }

    /// One write: an object with a table and a key, or a table and an item.
    fn write(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        let (mut table, mut item) = (None, None);
        reader.object(|reader, name| {
            match name {
                "TableName" => table = Some(reader.string()?.into_owned()),
                "Key" | "Item" => item = Some(reader.raw()?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        match (table, item) {
            (Some(table), Some(item)) => self.item(&table, item),
            _ => Err(CodecError::new(Problem::Invalid("names no item"))),
        }
    }

    fn item(&mut self, table: &str, item: &str) -> Result<(), CodecError> {
        let Some((partition, sort)) = self.known.names(table) else {
            self.tables.push(table.to_owned());
            return Ok(());
        };
        let mut key = Item::new();
        Reader::from_text(item).object(|reader, name| {
            if name != partition && Some(name) != sort {
                return reader.skip();
            }
            key.insert(name.to_owned(), AttributeValue::decode(reader)?);
            Ok(())
        })?;
        self.groups.push(Group::of(table, &key));
        if sort.is_some() {
            key.retain(|name, _| name == partition);
            self.groups.push(Group::of(table, &key));
        }
        Ok(())
    }
}

/// Reads one member of an object, and past the others.
fn members<'a>(
    json: &'a [u8],
    member: &str,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<(), CodecError>,
) -> Result<(), CodecError> {
    Reader::new(json)?.object(|reader, name| if name == member { read(reader) } else { reader.skip() })
}
