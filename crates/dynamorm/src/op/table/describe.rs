//! DescribeTable: a table's state and form. And waiting until the state is the wanted one.

use super::stream::{StreamDescription, decode_stream};
use super::vectors::{VectorIndexDescription, decode_vector_index};
use super::{PATIENCE, about};
use crate::codec::{CodecError, Reader};
use crate::error::ErrorKind;
use crate::model::Model;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// The first pause between two looks at a table; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A table's state and form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableDescription {
    /// Whether it can be used.
    pub status: TableStatus,
    /// Its key attributes, partition key first.
    pub key: Vec<String>,
    /// Its indexes, local ones too.
    pub indexes: Vec<IndexDescription>,
    /// Its vector indexes.
    pub vector_indexes: Vec<VectorIndexDescription>,
    /// How many items it had at the last count: DynamoDB counts every six hours, the embedded engine not at all.
    pub item_count: Option<u64>,
    /// Its stream: what it tells, and where it is read; none if it has none.
    pub stream: Option<StreamDescription>,
    /// True if every global index and every vector index can be used.
    pub indexes_active: bool,
}

/// An index as the table has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexDescription {
    /// Its name.
    pub name: String,
    /// The attributes of its partition key.
    pub partition_key: Vec<String>,
    /// The attributes of its sort key.
    pub sort_key: Vec<String>,
    /// What it carries besides its key and the table's; `None` for everything.
    pub carries: Option<Vec<String>>,
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
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// assert_eq!(db.describe_table::<User>().to_request()?.json(), r#"{"TableName":"app"}"#);
    /// # Ok(())
    /// # }
    /// ```
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

/// Tells the state of the table of this name.
pub(crate) async fn describe(db: &Db, table: &str) -> Result<TableDescription> {
    let response = db.send(about(Operation::DescribeTable, table)).await?;
    decode(&response).map_err(|error| Error::from(error).during(Operation::DescribeTable, Some(table)))
}

fn decode(response: &Bytes) -> Result<TableDescription, CodecError> {
    let mut table = TableDescription {
        status: TableStatus::Other,
        key: Vec::new(),
        indexes: Vec::new(),
        vector_indexes: Vec::new(),
        item_count: None,
        stream: None,
        indexes_active: true,
    };
    let (mut arn, mut view_type) = (None, None);
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
                "KeySchema" => {
                    let (mut key, mut sort) = decode_key_schema(reader)?;
                    key.append(&mut sort);
                    table.key = key;
                }
                "LatestStreamArn" if !reader.is_null() => arn = Some(reader.string()?.into_owned()),
                "StreamSpecification" if !reader.is_null() => view_type = decode_stream(reader)?,
                "ItemCount" => table.item_count = Some(reader.count()?),
                "GlobalSecondaryIndexes" | "LocalSecondaryIndexes" if !reader.is_null() => {
                    reader.array(|reader| {
                        let (index, active) = decode_index(reader)?;
                        table.indexes.push(index);
                        table.indexes_active &= active;
                        Ok(())
                    })?;
                }
                "VectorIndexes" if !reader.is_null() => reader.array(|reader| {
                    let (index, active) = decode_vector_index(reader)?;
                    table.vector_indexes.push(index);
                    table.indexes_active &= active;
                    Ok(())
                })?,
                // A null was read by its guard.
                "LatestStreamArn"
                | "StreamSpecification"
                | "GlobalSecondaryIndexes"
                | "LocalSecondaryIndexes"
                | "VectorIndexes" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })
    })?;
    // A stream that was turned off leaves its name behind.
    table.stream = view_type.zip(arn).map(|(view_type, arn)| StreamDescription { arn, view_type });
    Ok(table)
}

/// An index, and whether it can be used.
fn decode_index(reader: &mut Reader<'_>) -> Result<(IndexDescription, bool), CodecError> {
    let (mut index, mut active) = (IndexDescription::default(), true);
    reader.object(|reader, member| {
        match member {
            "IndexName" => index.name = reader.string()?.into_owned(),
            "KeySchema" => (index.partition_key, index.sort_key) = decode_key_schema(reader)?,
            "IndexStatus" => active = reader.string()? == "ACTIVE",
            "Projection" => index.carries = decode_projection(reader)?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((index, active))
}

/// What an index carries besides the keys; `None` for everything.
pub(super) fn decode_projection(reader: &mut Reader<'_>) -> Result<Option<Vec<String>>, CodecError> {
    let (mut all, mut names) = (false, Vec::new());
    reader.object(|reader, member| {
        match member {
            "ProjectionType" => all = reader.string()? == "ALL",
            "NonKeyAttributes" if !reader.is_null() => reader.array(|reader| {
                names.push(reader.string()?.into_owned());
                Ok(())
            })?,
            // A null was read by its guard.
            "NonKeyAttributes" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((!all).then_some(names))
}

/// The attributes of the partition key and those of the sort key.
fn decode_key_schema(reader: &mut Reader<'_>) -> Result<(Vec<String>, Vec<String>), CodecError> {
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
    Ok((partition, sort))
}

impl Db {
    /// Tells the state of a model's table.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let table = db.describe_table::<User>().one().await?;
    /// assert_eq!(table.status, dynamorm::TableStatus::Active);
    /// # Ok(())
    /// # }
    /// ```
    pub fn describe_table<M: Model>(&self) -> DescribeTable<'_, M> {
        DescribeTable { db: self, of: PhantomData }
    }

    /// Waits until a model's table and its indexes are ready.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// db.wait_for_table::<User>().execute().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_for_table<M: Model>(&self) -> WaitForTable<'_, M> {
        WaitForTable { db: self, patience: PATIENCE, of: PhantomData }
    }
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
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// use std::time::Duration;
    /// db.wait_for_table::<User>().timeout(Duration::from_secs(30)).execute().await?;
    /// # Ok(())
    /// # }
    /// ```
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

pub(super) async fn wait_until_active(db: &Db, table: &str, patience: Duration) -> Result<TableDescription> {
    wait(db, table, patience, |found| match found {
        Some(table) if table.indexes_active && table.status == TableStatus::Active => true,
        Some(_) | None => false,
    })
    .await?
    .ok_or_else(|| Error::new(ErrorKind::TableNotFound, "the table does not exist"))
}

/// Looks at the table, in growing intervals, until it is as it should be.
pub(super) async fn wait(
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

impl<M> fmt::Debug for DescribeTable<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DescribeTable").finish_non_exhaustive()
    }
}

impl<M> fmt::Debug for WaitForTable<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForTable").finish_non_exhaustive()
    }
}
