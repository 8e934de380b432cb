//! What an [`Error`](super::Error) tells of each operation: why a transaction was cancelled, what a batch left undone.

use super::{Result, decode_item};
use crate::model::FromItem;
use crate::value::Item;
use bytes::Bytes;
use std::fmt;

/// Why one operation of a transaction was at fault.
#[derive(Clone)]
#[non_exhaustive]
pub struct Cancellation {
    /// The operation, counted from 0 in the order they were added.
    pub operation: usize,
    /// Why.
    pub code: CancelCode,
    pub(super) item: Option<Bytes>,
    pub(super) unique: Option<&'static str>,
}

impl Cancellation {
    pub(crate) fn new(operation: usize, code: CancelCode, item: Option<Bytes>) -> Self {
        Self { operation, code, item, unique: None }
    }

    /// The value of this attribute is another item's.
    pub(crate) fn not_unique(operation: usize, attribute: &'static str) -> Self {
        Self { operation, code: CancelCode::NotUnique, item: None, unique: Some(attribute) }
    }

    /// The item as it was, as JSON.
    pub(crate) fn old_item(&self) -> Option<&Bytes> {
        self.item.as_ref()
    }

    /// The unique attribute whose value another item has, if the operation failed for that.
    #[must_use]
    pub fn unique_attribute(&self) -> Option<&'static str> {
        self.unique
    }

    /// The item as it was, if the operation asked for it with `returning_old_on_failure`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if the item is not an `R`.
    pub fn item<R: FromItem>(&self) -> Result<Option<R>> {
        decode_item(self.item.as_ref())
    }
}

/// Which operation and why, without the item: values belong in no log.
impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation")
            .field("operation", &self.operation)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// The reason code of one [`Cancellation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelCode {
    /// Its condition was not met.
    ConditionFailed,
    /// Its value of a unique attribute is another item's: [`Cancellation::unique_attribute`].
    NotUnique,
    /// Another request was writing the same item.
    Conflict,
    /// Its rate of requests was over the table's or the account's.
    Throttled,
    /// The item collection would be over 10 GB.
    ItemCollectionSizeLimit,
    /// DynamoDB found it invalid.
    Invalid,
    /// A code that this version does not know.
    Other,
}

impl fmt::Display for CancelCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CancelCode::ConditionFailed => "condition failed",
            CancelCode::NotUnique => "not unique",
            CancelCode::Conflict => "conflict with another request",
            CancelCode::Throttled => "throttled",
            CancelCode::ItemCollectionSizeLimit => "item collection over its size limit",
            CancelCode::Invalid => "invalid",
            CancelCode::Other => "other",
        })
    }
}

/// One write of a batch that was not done, or one key of a batch that was not read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unprocessed {
    /// The write or the key, counted from 0 in the order they were added.
    pub operation: usize,
    /// The table that it is for.
    pub table: String,
    key: Item,
    item: Option<Bytes>,
    is_delete: bool,
}

impl Unprocessed {
    /// A write: of a delete there is no item.
    pub(crate) fn write(operation: usize, table: String, key: Item, item: Option<Bytes>) -> Self {
        Self { operation, table, key, is_delete: item.is_none(), item }
    }

    /// A key that was to be read.
    pub(crate) fn read(operation: usize, table: String, key: Item) -> Self {
        Self { operation, table, key, is_delete: false, item: None }
    }

    /// True for a delete; false for a put, and for a key that was to be read.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        self.is_delete
    }

    /// The primary key: its attributes by name.
    #[must_use]
    pub fn key(&self) -> &Item {
        &self.key
    }

    /// The item that was to be put, with the attributes that the library keeps; `None` of a delete or a read.
    ///
    /// ```
    /// # use dynamorm::transport::{Embedded, Fault, Faults, Operation};
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let faults = Faults::new(Embedded::memory()?).on(Operation::BatchWriteItem, 1, Fault::Unavailable);
    /// # let db = Db::with_transport(faults);
    /// # db.create_table::<User>().execute().await?;
    /// let ada = User { id: "u1".into() };
    /// let err = db.batch_write().put(&ada).delete(User::key("u2")).execute().await.unwrap_err();
    /// let [put, delete] = err.unprocessed() else { panic!("both are left") };
    /// assert_eq!(put.item()?, Some(ada));
    /// assert!(delete.is_delete() && delete.item::<User>()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if the item is not an `R`.
    pub fn item<R: FromItem>(&self) -> Result<Option<R>> {
        decode_item(self.item.as_ref())
    }
}

/// Which one, without its key and item: values belong in no log.
impl fmt::Debug for Unprocessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unprocessed")
            .field("operation", &self.operation)
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}
