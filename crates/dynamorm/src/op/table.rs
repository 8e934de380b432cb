//! Tables: create, describe, wait and delete, from the models that live in them.

use crate::codec::{CodecError, Reader, Writer};
use crate::error::ErrorKind;
use crate::key::{IndexKind, IndexShape, KeyShape, ScalarType};
use crate::lifecycle::Role;
use crate::model::{Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// The models of one table: a model, or a tuple of up to eight.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model, nor a tuple of models",
    label = "expected `User` or `(User, Order)`"
)]
pub trait Models {
    #[doc(hidden)]
    fn shapes() -> Vec<&'static ModelShape>;
}

#[diagnostic::do_not_recommend]
impl<M: Model> Models for M {
    fn shapes() -> Vec<&'static ModelShape> {
        vec![M::SHAPE]
    }
}

macro_rules! models {
    ($($model:ident),+) => {
        #[diagnostic::do_not_recommend]
        impl<$($model: Model),+> Models for ($($model,)+) {
            fn shapes() -> Vec<&'static ModelShape> {
                vec![$($model::SHAPE),+]
            }
        }
    };
}

models!(A);
models!(A, B);
models!(A, B, C);
models!(A, B, C, D);
models!(A, B, C, D, E);
models!(A, B, C, D, E, F);
models!(A, B, C, D, E, F, G);
models!(A, B, C, D, E, F, G, H);

/// How long a table may take to be made, changed or deleted, unless said otherwise.
const PATIENCE: Duration = Duration::from_secs(300);
/// The first pause between two looks at a table; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Db {
    /// Makes the table of one model, or of several that share one: `create_table::<(User, Order)>()`.
    pub fn create_table<Ms: Models>(&self) -> CreateTable<'_, Ms> {
        CreateTable { db: self, if_not_exists: false, of: PhantomData }
    }

    /// Tells the state of a model's table.
    pub fn describe_table<M: Model>(&self) -> DescribeTable<'_, M> {
        DescribeTable { db: self, of: PhantomData }
    }

    /// Waits until a model's table and its indexes are ready.
    pub fn wait_for_table<M: Model>(&self) -> WaitForTable<'_, M> {
        WaitForTable { db: self, patience: PATIENCE, of: PhantomData }
    }

    /// Deletes a model's table, with all items of all models in it.
    pub fn delete_table<M: Model>(&self) -> DeleteTable<'_, M> {
        DeleteTable { db: self, if_exists: false, of: PhantomData }
    }
}

/// Makes a table with its indexes, billed by request, waits until it is ready, and turns time to live on if a model has it:
/// [`Db::create_table`] makes it.
///
/// See [CreateTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html).
#[must_use = "no table is made until this is executed"]
pub struct CreateTable<'db, Ms> {
    db: &'db Db,
    if_not_exists: bool,
    of: PhantomData<fn() -> Ms>,
}

/// What the models of one table say of it, together.
struct Plan {
    table: String,
    primary: IndexShape,
    indexes: Vec<&'static IndexShape>,
    ttl: Option<&'static str>,
}

impl Plan {
    fn of(db: &Db, shapes: &[&'static ModelShape]) -> Result<Self> {
        let Some(first) = shapes.first() else { return Err(Error::invalid("there is no model")) };
        let mut plan = Plan {
            table: db.table_of(first)?.to_owned(),
            primary: first.primary,
            indexes: Vec::new(),
            ttl: None,
        };
        for shape in shapes {
            if db.table_of(shape)? != plan.table {
                return Err(Error::invalid(format!(
                    "`{}` and `{}` live in different tables",
                    first.name, shape.name
                )));
            }
            if !same_keys(&plan.primary, &shape.primary) {
                return Err(Error::invalid(format!(
                    "`{}` and `{}` have different primary keys, in name or type, and cannot share a table",
                    first.name, shape.name
                )));
            }
            for index in shape.indexes {
                match plan.indexes.iter().find(|known| known.name == index.name) {
                    None => plan.indexes.push(index),
                    Some(known) if same_keys(known, index) && known.kind == index.kind => {}
                    Some(_) => {
                        return Err(Error::invalid(format!(
                            "index \"{}\" of `{}` has another key than that of an earlier model",
                            index.name, shape.name
                        )));
                    }
                }
            }
            for attribute in shape.managed().filter(|managed| matches!(managed.role, Role::Ttl { .. })) {
                match plan.ttl {
                    Some(known) if known != attribute.name => {
                        return Err(Error::invalid(format!(
                            "a table has one time to live, and its models have it in `{known}` and `{}`",
                            attribute.name
                        )));
                    }
                    _ => plan.ttl = Some(attribute.name),
                }
            }
        }
        plan.check_types()?;
        Ok(plan)
    }

    /// Each key attribute of the table and its indexes.
    fn keys(&self) -> impl Iterator<Item = &KeyShape> {
        self.primary.keys().chain(self.indexes.iter().flat_map(|index| index.keys()))
    }

    fn check_types(&self) -> Result<()> {
        for key in self.keys() {
            if let Some(other) =
                self.keys().find(|other| other.attribute == key.attribute && other.kind != key.kind)
            {
                return Err(Error::invalid(format!(
                    "attribute `{}` is {} in one key and {} in another: a table has one type for it",
                    key.attribute,
                    key.kind.name(),
                    other.kind.name()
                )));
            }
        }
        Ok(())
    }

    fn request(&self) -> Request {
        let mut writer = Writer::new();
        writer.raw("{\"TableName\":");
        writer.json_string(&self.table);
        writer.raw(",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":[");
        let mut defined: Vec<(&str, ScalarType)> = Vec::new();
        for key in self.keys() {
            if !defined.iter().any(|(name, _)| *name == key.attribute) {
                defined.push((key.attribute, key.kind));
            }
        }
        for (nth, (name, kind)) in defined.iter().enumerate() {
            writer.raw(if nth == 0 { "{\"AttributeName\":" } else { ",{\"AttributeName\":" });
            writer.json_string(name);
            writer.raw(",\"AttributeType\":\"");
            writer.raw(kind.name());
            writer.raw("\"}");
        }
        writer.raw("],\"KeySchema\":");
        write_key_schema(&mut writer, &self.primary);
        self.write_indexes(&mut writer, "GlobalSecondaryIndexes", IndexKind::Global);
        self.write_indexes(&mut writer, "LocalSecondaryIndexes", IndexKind::Local);
        writer.raw("}");
        request(Operation::CreateTable, &self.table, writer)
    }

    fn write_indexes(&self, writer: &mut Writer, member: &str, kind: IndexKind) {
        for (nth, index) in self.indexes.iter().filter(|index| index.kind == kind).enumerate() {
            if nth == 0 {
                writer.raw(",\"");
                writer.raw(member);
                writer.raw("\":[");
            } else {
                writer.raw(",");
            }
            writer.raw("{\"IndexName\":");
            writer.json_string(index.name);
            writer.raw(",\"KeySchema\":");
            write_key_schema(writer, index);
            writer.raw(",\"Projection\":{\"ProjectionType\":\"ALL\"}}");
        }
        if self.indexes.iter().any(|index| index.kind == kind) {
            writer.raw("]");
        }
    }

    /// Says what a table that exists already lacks.
    fn check(&self, found: &TableDescription) -> Result<()> {
        if found.key != key_names(&self.primary) {
            return Err(Error::invalid(format!(
                "the table exists with another key: it has {}, the models have {}",
                listed(&found.key),
                listed(&key_names(&self.primary))
            )));
        }
        for index in &self.indexes {
            match found.indexes.iter().find(|(name, _)| name == index.name) {
                None => {
                    return Err(Error::invalid(format!(
                        "the table exists without index \"{}\": add it, or delete the table",
                        index.name
                    )));
                }
                Some((_, key)) if *key != key_names(index) => {
                    return Err(Error::invalid(format!(
                        "the table exists with another key for index \"{}\": it has {}, the models have {}",
                        index.name,
                        listed(key),
                        listed(&key_names(index))
                    )));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn key_names(index: &IndexShape) -> Vec<String> {
    index.keys().map(|key| key.attribute.to_owned()).collect()
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

fn same_keys(a: &IndexShape, b: &IndexShape) -> bool {
    let form = |key: &KeyShape| (key.attribute, key.kind);
    a.keys().map(form).eq(b.keys().map(form))
}

fn write_key_schema(writer: &mut Writer, index: &IndexShape) {
    for (key, (before, word)) in index.keys().zip([("[", "HASH"), (",", "RANGE")]) {
        writer.raw(before);
        writer.raw("{\"AttributeName\":");
        writer.json_string(key.attribute);
        writer.raw(",\"KeyType\":\"");
        writer.raw(word);
        writer.raw("\"}");
    }
    writer.raw("]");
}

fn request(operation: Operation, table: &str, writer: Writer) -> Request {
    Request { operation, tables: vec![table.to_owned()], body: Bytes::from(writer.into_bytes()) }
}

/// A request that names only the table.
fn about(operation: Operation, table: &str) -> Request {
    let mut writer = Writer::new();
    writer.raw("{\"TableName\":");
    writer.json_string(table);
    writer.raw("}");
    request(operation, table, writer)
}

impl<Ms: Models> CreateTable<'_, Ms> {
    /// Is content with a table that exists already, if it has the keys and the indexes that the models need.
    pub fn if_not_exists(mut self) -> Self {
        self.if_not_exists = true;
        self
    }

    /// Shows the CreateTable request, without sending it.
    ///
    /// # Errors
    ///
    /// If the models do not fit into one table.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.plan()?.request())
    }

    fn plan(&self) -> Result<Plan> {
        Plan::of(self.db, &Ms::shapes()).map_err(|error| error.during(Operation::CreateTable, None))
    }

    /// Makes the table and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Service`] if the table exists; [`ErrorKind::InvalidRequest`] if the models do not fit into one table, or
    /// into the one that exists; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        let plan = self.plan()?;
        let made = match self.db.send(plan.request()).await {
            Ok(_) => true,
            Err(error) if self.if_not_exists && error.service_code() == Some("ResourceInUseException") => {
                false
            }
            Err(error) => return Err(error),
        };
        let found = wait_until_active(self.db, &plan.table, PATIENCE).await?;
        if !made {
            plan.check(&found).map_err(|error| error.during(Operation::CreateTable, Some(&plan.table)))?;
        }
        let Some(attribute) = plan.ttl else { return Ok(()) };
        let mut writer = Writer::new();
        writer.raw("{\"TableName\":");
        writer.json_string(&plan.table);
        writer.raw(",\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":");
        writer.json_string(attribute);
        writer.raw("}}");
        match self.db.send(request(Operation::UpdateTimeToLive, &plan.table, writer)).await {
            // DynamoDB refuses to turn on what is on. On for another attribute, it would keep these items for ever.
            Err(error) if !made && error.is_invalid_request() && !is_of_other_attribute(&error) => Ok(()),
            result => result.map(drop),
        }
    }
}

/// True if a table's time to live is on already, and not for the attribute of its models.
fn is_of_other_attribute(error: &Error) -> bool {
    error.service_message().is_some_and(|message| message.to_lowercase().contains("different attribute"))
}

/// A table's state and form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableDescription {
    /// Whether it can be used.
    pub status: TableStatus,
    /// Its key attributes, partition key first.
    pub key: Vec<String>,
    /// Its indexes by name, each with its key attributes, partition key first.
    pub indexes: Vec<(String, Vec<String>)>,
    /// How many items it had at the last count: DynamoDB counts every six hours, the embedded engine not at all.
    pub item_count: Option<u64>,
    /// True if every global index can be used.
    pub indexes_active: bool,
}

/// Whether a table can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableStatus {
    /// It is being made.
    Creating,
    /// It can be used while it is changed.
    Updating,
    /// It is being deleted.
    Deleting,
    /// It can be used.
    Active,
    /// In a state that this version does not know.
    Other,
}

/// Tells the state of a table: [`Db::describe_table`] makes it.
///
/// See [DescribeTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html).
#[must_use = "nothing is read until `.one()` or `.optional()` is awaited"]
pub struct DescribeTable<'db, M> {
    db: &'db Db,
    of: PhantomData<fn() -> M>,
}

impl<M: Model> DescribeTable<'_, M> {
    /// Shows the request, without sending it.
    ///
    /// # Errors
    ///
    /// If the model has no table.
    pub fn to_request(&self) -> Result<Request> {
        Ok(about(Operation::DescribeTable, self.db.table_during(Operation::DescribeTable, M::SHAPE)?))
    }

    /// Tells the table's state, or `None` if there is no such table.
    ///
    /// # Errors
    ///
    /// Those of any operation.
    pub async fn optional(self) -> Result<Option<TableDescription>> {
        match self.one().await {
            Ok(description) => Ok(Some(description)),
            Err(error) if error.is_table_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells the table's state.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TableNotFound`] if there is no such table; and those of any operation.
    pub async fn one(self) -> Result<TableDescription> {
        describe(self.db, self.db.table_during(Operation::DescribeTable, M::SHAPE)?).await
    }
}

async fn describe(db: &Db, table: &str) -> Result<TableDescription> {
    let response = db.send(about(Operation::DescribeTable, table)).await?;
    decode(&response).map_err(|error| Error::from(error).during(Operation::DescribeTable, Some(table)))
}

fn decode(response: &Bytes) -> Result<TableDescription, CodecError> {
    let mut table = TableDescription {
        status: TableStatus::Other,
        key: Vec::new(),
        indexes: Vec::new(),
        item_count: None,
        indexes_active: true,
    };
    Reader::new(response)?.object(|reader, name| {
        if name != "Table" {
            return reader.skip();
        }
        reader.object(|reader, name| {
            match name {
                "TableStatus" => {
                    table.status = match reader.string()?.as_ref() {
                        "CREATING" => TableStatus::Creating,
                        "UPDATING" => TableStatus::Updating,
                        "DELETING" => TableStatus::Deleting,
                        "ACTIVE" => TableStatus::Active,
                        _ => TableStatus::Other,
                    };
                }
                "KeySchema" => table.key = decode_key_schema(reader)?,
                "ItemCount" => table.item_count = Some(reader.count()?),
                "GlobalSecondaryIndexes" | "LocalSecondaryIndexes" if !reader.is_null() => {
                    reader.array(|reader| {
                        let (mut name, mut key) = (String::new(), Vec::new());
                        reader.object(|reader, member| {
                            match member {
                                "IndexName" => name = reader.string()?.into_owned(),
                                "KeySchema" => key = decode_key_schema(reader)?,
                                "IndexStatus" => table.indexes_active &= reader.string()? == "ACTIVE",
                                _ => reader.skip()?,
                            }
                            Ok(())
                        })?;
                        table.indexes.push((name, key));
                        Ok(())
                    })?;
                }
                "GlobalSecondaryIndexes" | "LocalSecondaryIndexes" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })
    })?;
    Ok(table)
}

/// The key attributes, partition key first.
fn decode_key_schema(reader: &mut Reader<'_>) -> Result<Vec<String>, CodecError> {
    let (mut partition, mut sort) = (Vec::new(), Vec::new());
    reader.array(|reader| {
        let (mut name, mut is_sort) = (String::new(), false);
        reader.object(|reader, member| {
            match member {
                "AttributeName" => name = reader.string()?.into_owned(),
                "KeyType" => is_sort = reader.string()? == "RANGE",
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        if is_sort {
            sort.push(name)
        } else {
            partition.push(name)
        }
        Ok(())
    })?;
    partition.append(&mut sort);
    Ok(partition)
}

/// Waits until a table is ready: [`Db::wait_for_table`] makes it.
#[must_use = "nothing waits until this is executed"]
pub struct WaitForTable<'db, M> {
    db: &'db Db,
    patience: Duration,
    of: PhantomData<fn() -> M>,
}

impl<M: Model> WaitForTable<'_, M> {
    /// Waits no longer than this, instead of five minutes.
    pub fn timeout(mut self, longest: Duration) -> Self {
        self.patience = longest;
        self
    }

    /// Waits until the table and its indexes can be used. A table that does not exist yet is waited for too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Service`] if they cannot after all that time; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        let table = self.db.table_during(Operation::DescribeTable, M::SHAPE)?;
        wait_until_active(self.db, table, self.patience).await.map(drop)
    }
}

async fn wait_until_active(db: &Db, table: &str, patience: Duration) -> Result<TableDescription> {
    wait(db, table, patience, |found| match found {
        Some(table) if table.indexes_active && table.status == TableStatus::Active => true,
        Some(_) | None => false,
    })
    .await?
    .ok_or_else(|| Error::new(ErrorKind::TableNotFound, "the table does not exist"))
}

/// Looks at the table, in growing intervals, until it is as it should be.
async fn wait(
    db: &Db,
    table: &str,
    patience: Duration,
    done: impl Fn(Option<&TableDescription>) -> bool,
) -> Result<Option<TableDescription>> {
    let (started, mut pause) = (tokio::time::Instant::now(), FIRST_PAUSE);
    loop {
        let found = match describe(db, table).await {
            Ok(found) => Some(found),
            Err(error) if error.is_table_not_found() => None,
            Err(error) => return Err(error),
        };
        if done(found.as_ref()) {
            return Ok(found);
        }
        if started.elapsed() + pause > patience {
            let state = found.map_or("absent", |table| match table.status {
                TableStatus::Creating => "being made",
                TableStatus::Updating => "being changed",
                TableStatus::Deleting => "being deleted",
                TableStatus::Active => "active, with indexes that are not",
                TableStatus::Other => "in another state",
            });
            let text = format!("the table is still {state} after {} seconds", started.elapsed().as_secs());
            return Err(Error::new(ErrorKind::Service, text).during(Operation::DescribeTable, Some(table)));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Deletes a table with everything in it: [`Db::delete_table`] makes it.
///
/// See [DeleteTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html).
#[must_use = "no table is deleted until this is executed"]
pub struct DeleteTable<'db, M> {
    db: &'db Db,
    if_exists: bool,
    of: PhantomData<fn() -> M>,
}

impl<M: Model> DeleteTable<'_, M> {
    /// Is content if there is no such table.
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }

    /// Shows the request, without sending it.
    ///
    /// # Errors
    ///
    /// If the model has no table.
    pub fn to_request(&self) -> Result<Request> {
        Ok(about(Operation::DeleteTable, self.db.table_during(Operation::DeleteTable, M::SHAPE)?))
    }

    /// Deletes the table and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TableNotFound`] if there is no such table; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        let request = self.to_request()?;
        match self.db.send(request).await {
            Err(error) if self.if_exists && error.is_table_not_found() => return Ok(()),
            result => result?,
        };
        wait(self.db, self.db.table_of(M::SHAPE)?, PATIENCE, |found| found.is_none()).await.map(drop)
    }
}

macro_rules! debug_of_table {
    ($($operation:ident),+) => {$(
        impl<M> fmt::Debug for $operation<'_, M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($operation)).finish_non_exhaustive()
            }
        }
    )+};
}

debug_of_table!(CreateTable, DescribeTable, WaitForTable, DeleteTable);

#[cfg(test)]
mod tests;
