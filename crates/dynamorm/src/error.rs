//! The one error of this crate: opaque, with a kind, predicates, and the facts to act on. Never a value.
//!
//! Here: the error, and how it is made. In `kind`: what sort of failure it is. In `parts`: what it tells of each operation.

mod kind;
mod parts;

pub use kind::ErrorKind;
pub use parts::{CancelCode, Cancellation, Unprocessed};

use crate::codec::{CodecError, Problem, Reader};
use crate::model::FromItem;
use crate::transport::{Operation, ServiceError};
use bytes::Bytes;
use std::fmt;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed.
///
/// Ask it with its predicates, or match on [`Error::kind`]. Its text names the operation, the table, attributes and limits,
/// and never a value.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<Operation>,
    table: Option<String>,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    item: Option<Bytes>,
    cancellations: Vec<Cancellation>,
    unprocessed: Vec<Unprocessed>,
    items: Vec<(usize, Bytes)>,
    start_key: bool,
    unique: Option<&'static str>,
    service: Option<ServiceError>,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            table: None,
            message: message.into(),
            source: None,
            item: None,
            cancellations: Vec::new(),
            unprocessed: Vec::new(),
            items: Vec::new(),
            start_key: false,
            unique: None,
            service: None,
        }))
    }

    #[cold]
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    /// Another item has the value of this attribute.
    #[cold]
    pub(crate) fn not_unique(attribute: &'static str) -> Self {
        let text = format!("another item has the same value of unique attribute `{attribute}`");
        let mut error = Self::new(ErrorKind::NotUnique, text);
        error.0.unique = Some(attribute);
        error
    }

    #[cold]
    pub(crate) fn invalid_start_key(message: impl Into<String>) -> Self {
        let mut error = Self::invalid(message);
        error.0.start_key = true;
        error
    }

    /// Names the operation and the table, unless they are named already.
    #[cold]
    #[must_use]
    pub(crate) fn during(mut self, operation: Operation, table: Option<&str>) -> Self {
        self.0.operation.get_or_insert(operation);
        if self.0.table.is_none() {
            self.0.table = table.map(str::to_owned);
        }
        self
    }

    /// Says which operation of a batch or a transaction it is about.
    #[cold]
    #[must_use]
    pub(crate) fn in_operation(mut self, nth: usize) -> Self {
        self.0.message = format!("operation {nth}: {}", self.0.message);
        self
    }

    /// Says which parameter of a statement it is about.
    #[cold]
    #[must_use]
    pub(crate) fn in_parameter(mut self, nth: usize) -> Self {
        self.0.message = format!("parameter {nth}: {}", self.0.message);
        self
    }

    #[cold]
    #[must_use]
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    #[cold]
    #[must_use]
    pub(crate) fn with_item(mut self, item: Option<Bytes>) -> Self {
        self.0.item = item;
        self
    }

    #[cold]
    #[must_use]
    pub(crate) fn with_cancellations(mut self, cancellations: Vec<Cancellation>) -> Self {
        self.0.cancellations = cancellations;
        self
    }

    #[cold]
    #[must_use]
    pub(crate) fn with_unprocessed(mut self, unprocessed: Vec<Unprocessed>) -> Self {
        self.0.unprocessed = unprocessed;
        self
    }

    /// What was read nevertheless, by position.
    #[cold]
    #[must_use]
    pub(crate) fn with_items(mut self, items: Vec<(usize, Bytes)>) -> Self {
        self.0.items = items;
        self
    }

    #[cold]
    #[must_use]
    pub(crate) fn with_service(mut self, service: ServiceError) -> Self {
        self.0.service = Some(service);
        self
    }

    /// The same, for another who waits for the same answer: without its source and the items that came with it.
    #[cfg(feature = "cache")]
    #[cold]
    pub(crate) fn copy(&self) -> Self {
        let mut copy = Self::new(self.0.kind, self.0.message.clone());
        copy.0.operation = self.0.operation;
        copy.0.table.clone_from(&self.0.table);
        copy.0.start_key = self.0.start_key;
        copy.0.service.clone_from(&self.0.service);
        copy
    }

    /// DynamoDB's own code for it, such as `ResourceInUseException`, if it was DynamoDB that failed it.
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
    /// let err = db.statement("SELECT nonsense", [""; 0]).all::<User>().await.unwrap_err();
    /// assert_eq!(err.service_code(), Some("ValidationException"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn service_code(&self) -> Option<&str> {
        self.0.service.as_ref().map(|service| service.code.as_str())
    }

    /// DynamoDB's own words. They may hold values, so they are in no text of this error: log them where you may.
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
    /// let err = db.statement("SELECT nonsense", [""; 0]).all::<User>().await.unwrap_err();
    /// let words = err.service_message().unwrap();
    /// assert!(!words.is_empty() && !err.to_string().contains(words));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn service_message(&self) -> Option<&str> {
        self.0.service.as_ref().map(|service| service.message.as_str())
    }

    /// What sort of failure this is.
    ///
    /// ```
    /// # use dynamorm::{Db, ErrorKind, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let err = db.get(User::key("u2")).one().await.unwrap_err();
    /// assert_eq!(err.kind(), ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, by DynamoDB's name, such as `PutItem`.
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
    /// let err = db.get(User::key("u2")).one().await.unwrap_err();
    /// assert_eq!((err.operation(), err.table()), (Some("GetItem"), Some("app")));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation.map(Operation::name)
    }

    /// The table that it failed on, where it was one.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.0.table.as_deref()
    }

    /// The unique attribute whose value another item has, if a write failed for that.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, #[dynamorm(unique)] email: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// db.put(&User { id: "u1".into(), email: "ada@example.com".into() }).execute().await?;
    /// let other = User { id: "u2".into(), email: "ada@example.com".into() };
    /// let err = db.put(&other).if_not_exists().execute().await.unwrap_err();
    /// assert_eq!(err.unique_attribute(), Some("email"));
    ///
    /// let err = db.transact_write().put(&other).execute().await.unwrap_err();
    /// assert_eq!(err.cancellations()[0].unique_attribute(), Some("email"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn unique_attribute(&self) -> Option<&'static str> {
        self.0.unique.or_else(|| self.0.cancellations.iter().find_map(Cancellation::unique_attribute))
    }

    /// The item as it was when the condition failed, as JSON.
    pub(crate) fn old_item(&self) -> Option<&Bytes> {
        self.0.item.as_ref()
    }

    /// Why a transaction was cancelled: each operation at fault, in the order they were added.
    #[must_use]
    pub fn cancellations(&self) -> &[Cancellation] {
        &self.0.cancellations
    }

    /// The writes of a batch that were not done, or its keys that were not read, in the order they were added.
    #[must_use]
    pub fn unprocessed(&self) -> &[Unprocessed] {
        &self.0.unprocessed
    }

    /// The items that a batch had read when it failed, each with the position of its key. What is neither here nor in
    /// [`unprocessed`](Error::unprocessed) was found absent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if an item is not an `R`.
    pub fn items<R: FromItem>(&self) -> Result<Vec<(usize, R)>> {
        let items = self.0.items.iter();
        items.map(|(position, item)| Ok((*position, R::decode(&mut Reader::new(item)?)?))).collect()
    }

    /// The item as it was when the condition failed, if `returning_old_on_failure` asked for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if the item is not an `R`.
    pub fn item<R: FromItem>(&self) -> Result<Option<R>> {
        decode_item(self.0.item.as_ref())
    }
}

impl Error {
    /// The same error without the items of which this is true, by operation: those of another tenant.
    #[cold]
    pub(crate) fn without_items(mut self, hides: &dyn Fn(usize, &str) -> bool) -> Self {
        let is_hidden = |nth, item: &Bytes| std::str::from_utf8(item).map_or(true, |item| hides(nth, item));
        self.0.item = self.0.item.take().filter(|item| !is_hidden(0, item));
        for cancellation in &mut self.0.cancellations {
            let operation = cancellation.operation;
            cancellation.item = cancellation.item.take().filter(|item| !is_hidden(operation, item));
        }
        self
    }
}

fn decode_item<R: FromItem>(item: Option<&Bytes>) -> Result<Option<R>> {
    let Some(item) = item else { return Ok(None) };
    let mut reader = Reader::new(item)?;
    Ok(Some(R::decode(&mut reader)?))
}

impl From<CodecError> for Error {
    #[cold]
    fn from(error: CodecError) -> Self {
        let kind = match error.problem() {
            // A key that DynamoDB would refuse is a bad request, not bad data.
            Problem::EmptyKey | Problem::KeyTooLong { .. } => ErrorKind::InvalidRequest,
            _ => ErrorKind::Codec,
        };
        let told = Self::new(kind, error.to_string());
        match error.problem() {
            Problem::Upcast { .. } => told.with_source(error),
            _ => told,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.operation, &self.0.table) {
            (Some(operation), Some(table)) => write!(f, "{} on \"{table}\": ", operation.name())?,
            (Some(operation), None) => write!(f, "{}: ", operation.name())?,
            (None, _) => {}
        }
        f.write_str(&self.0.message)?;
        for (nth, cancellation) in self.0.cancellations.iter().enumerate() {
            let before = if nth == 0 { ": " } else { ", " };
            write!(f, "{before}operation {} {}", cancellation.operation, cancellation.code)?;
            if let Some(attribute) = cancellation.unique {
                write!(f, " in attribute `{attribute}`")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("kind", &self.0.kind).field("message", &format_args!("{self}"));
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
