//! [`Db`]: a transport, the names of tables, and what else all operations share.

use crate::error::ErrorKind;
use crate::model::ModelShape;
use crate::transport::{Operation, Request, Transport};
use crate::{Error, Result, Timestamp};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A database: where every operation starts. Cheap to clone, and meant to be.
///
/// ```no_run
/// # #[cfg(feature = "aws")]
/// # async fn example(client: aws_sdk_dynamodb::Client) {
/// use dynamorm::Db;
///
/// let db = Db::new(client).table("app");
/// # }
/// ```
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    transport: Arc<dyn Transport>,
    default_table: Option<String>,
    renamed: BTreeMap<String, String>,
    clock: Clock,
    cursor_secret: Option<Arc<[u8]>>,
}

/// Tells the time of writes.
type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl Db {
    /// A database on the official client: its endpoint, credentials, retries and timeouts.
    ///
    /// Requests and responses skip the client's own value maps. A client with interceptors of yours, which may need them,
    /// is used the ordinary way instead: see [`Aws`](crate::transport::Aws).
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn new(client: aws_sdk_dynamodb::Client) -> Self {
        Self::with_transport(crate::transport::Aws::new(client))
    }

    /// A database in this process's memory, gone with the last clone of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] if the engine does not start.
    #[cfg(feature = "embedded")]
    pub fn memory() -> Result<Self> {
        Ok(Self::with_transport(crate::transport::Embedded::memory()?))
    }

    /// A database in a file, made if there is none. Every answered write is on disk.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Transport`] if the file cannot be opened.
    #[cfg(feature = "embedded")]
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self> {
        Ok(Self::with_transport(crate::transport::Embedded::open(path)?))
    }

    /// A database on any transport.
    #[must_use]
    pub fn with_transport(transport: impl Transport) -> Self {
        Self::with_shared_transport(Arc::new(transport))
    }

    pub(crate) fn with_shared_transport(transport: Arc<dyn Transport>) -> Self {
        Self {
            inner: Arc::new(Inner {
                transport,
                default_table: None,
                renamed: BTreeMap::new(),
                clock: Arc::new(Timestamp::now),
                cursor_secret: None,
            }),
        }
    }

    /// The table of the models that name none.
    #[must_use]
    pub fn table(self, name: impl Into<String>) -> Self {
        self.with(|inner| inner.default_table = Some(name.into()))
    }

    /// Uses another table for the models that name this one: `app` in the code, `app-staging` in the account.
    #[must_use]
    pub fn rename_table(self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.with(|inner| {
            inner.renamed.insert(from.into(), to.into());
        })
    }

    /// Tells the time of writes by this clock instead of the system's: for tests.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.clock = Arc::new(clock))
    }

    /// Signs every start key (HMAC-SHA256) and refuses those that this secret did not sign.
    ///
    /// Without it a client can alter a start key, though never reach another partition with it: see
    /// [`StartKey`](crate::StartKey).
    #[must_use]
    pub fn cursor_secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.with(|inner| inner.cursor_secret = Some(Arc::from(secret.as_ref())))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// The table that a model's items are in.
    pub(crate) fn table_of(&self, model: &ModelShape) -> Result<&str> {
        match model.table.or(self.inner.default_table.as_deref()) {
            Some(table) => Ok(self.inner.renamed.get(table).map_or(table, String::as_str)),
            None => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "`{}` names no table: write `#[dynamorm(table = \"…\")]` on it, or `.table(\"…\")` on the `Db`",
                    model.name
                ),
            )),
        }
    }

    /// The same, for an error to name the operation.
    pub(crate) fn table_during(&self, operation: Operation, model: &ModelShape) -> Result<&str> {
        self.table_of(model).map_err(|error| error.during(operation, None))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    pub(crate) fn start_key_secret(&self) -> Option<&[u8]> {
        self.inner.cursor_secret.as_deref()
    }

    /// A token that no other call has: 128 random bits. A weaker one could make DynamoDB take two transactions for one.
    pub(crate) fn new_token(&self) -> Result<String> {
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits).map_err(|error| {
            Error::new(ErrorKind::Transport, "the system gave no random bits for the token")
                .with_source(error)
        })?;
        Ok(format!("{:032x}", u128::from_be_bytes(bits)))
    }

    /// Sends a request; the only place where operations meet the transport.
    pub(crate) async fn send(&self, request: Request) -> Result<Bytes> {
        let operation = request.operation;
        let table = match request.tables.as_slice() {
            [table] => Some(table.clone()),
            _ => None,
        };
        self.inner
            .transport
            .call(request)
            .await
            .map_err(|failure| crate::transport::failure::error(failure).during(operation, table.as_deref()))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("transport", &self.inner.transport)
            .field("default_table", &self.inner.default_table)
            .finish_non_exhaustive()
    }
}
