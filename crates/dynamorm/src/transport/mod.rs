//! Request bytes in, response bytes out.
//!
//! [`Transport`] is the one seam between this crate and the world: nothing above it knows HTTP or an SDK, and nothing below
//! it knows a model. Its implementations live beside it: `aws` and `compat` on the official client, `embedded` in this
//! process, and [`Faults`] around any of them.
//!
//! # Spans and metrics
//!
//! Each call is a `tracing` span of the target `dynamorm` at the level INFO, with OpenTelemetry's names for
//! [DynamoDB](https://opentelemetry.io/docs/specs/semconv/database/dynamodb): `otel.name` is `Query app`, `otel.kind` is `client`,
//! and there are `db.system.name`, `db.operation.name`, `db.collection.name`, `db.operation.batch.size`,
//! `aws.dynamodb.table_names`, `index_name`, `limit`, `consistent_read`, `scan_forward`, `select`, `segment`, `total_segments`,
//! `count`, `scanned_count`, `consumed_capacity`, and on failure `error.type`. Each call's duration in seconds is the event
//! `histogram.db.client.operation.duration` of the target `dynamorm::metrics` at the level DEBUG, which the `MetricsLayer` of
//! `tracing-opentelemetry` takes for a histogram. No value of an item or a key is in either, and without a subscriber that wants
//! them, nothing is made.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod compat;
#[cfg(feature = "embedded")]
mod embedded;
pub(crate) mod failure;
mod faults;
pub(crate) mod summary;
pub(crate) mod trace;

#[cfg(feature = "aws")]
pub use aws::Aws;
#[cfg(feature = "embedded")]
pub use embedded::Embedded;
pub use faults::{Fault, Faults, Injected};

use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;

/// What sends requests. Implement it to put something between this crate and DynamoDB, or in DynamoDB's place.
pub trait Transport: std::fmt::Debug + Send + Sync + 'static {
    /// Sends one request and gives the body of a successful response.
    ///
    /// Retries of throttled or failed attempts, timeouts and credentials are the transport's business.
    fn call(&self, request: Request) -> Call<'_>;

    /// Makes ready what the first call would have to wait for, such as credentials and a connection.
    ///
    /// A transport that has neither does nothing. One that wraps another asks it.
    fn warm(&self) -> Warm<'_> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The future of a [`Transport::call`].
pub type Call<'a> = Pin<Box<dyn Future<Output = Result<Bytes, Failure>> + Send + 'a>>;

/// The future of a [`Transport::warm`].
pub type Warm<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// One request: what to do, and the exact JSON that says so.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The operation.
    pub operation: Operation,
    /// The tables concerned; the official client finds its endpoint by them.
    pub tables: Vec<String>,
    /// The body, as DynamoDB takes it.
    pub body: Bytes,
}

impl Request {
    /// The body as text.
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
    /// let request = db.get(User::key("u1")).to_request()?;
    /// assert_eq!(request.json(), r#"{"TableName":"app","Key":{"pk":{"S":"USER#u1"}}}"#);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

/// The operation and the tables: a body holds values, which belong in no log. Ask [`Request::json`] for it.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("tables", &self.tables)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// A DynamoDB operation that this crate sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Reads one item by its key.
    GetItem,
    /// Writes one item whole.
    PutItem,
    /// Changes attributes of one item.
    UpdateItem,
    /// Deletes one item.
    DeleteItem,
    /// Reads items of one partition.
    Query,
    /// Reads items of a whole table or index.
    Scan,
    /// Finds up to 100 items whose vectors are nearest to one.
    SearchVectors,
    /// Reads up to 100 items by their keys.
    BatchGetItem,
    /// Puts and deletes up to 25 items.
    BatchWriteItem,
    /// Reads up to 100 items as they are at one time.
    TransactGetItems,
    /// Writes up to 100 items, all or none.
    TransactWriteItems,
    /// Carries out one PartiQL statement.
    ExecuteStatement,
    /// Carries out up to 25 PartiQL statements, each on its own.
    BatchExecuteStatement,
    /// Carries out up to 100 PartiQL statements, all or none.
    ExecuteTransaction,
    /// Makes a table.
    CreateTable,
    /// Tells a table's state and form.
    DescribeTable,
    /// Deletes a table with all its items.
    DeleteTable,
    /// Turns a table's stream on.
    UpdateTable,
    /// Turns a table's time to live on or off.
    UpdateTimeToLive,
    /// Tells the shards of a stream.
    DescribeStream,
    /// Tells where reading of a shard begins.
    GetShardIterator,
    /// Reads records of a shard.
    GetRecords,
}

impl Operation {
    /// DynamoDB's name for it.
    ///
    /// ```
    /// assert_eq!(dynamorm::transport::Operation::BatchGetItem.name(), "BatchGetItem");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Operation::GetItem => "GetItem",
            Operation::PutItem => "PutItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
            Operation::Query => "Query",
            Operation::Scan => "Scan",
            Operation::SearchVectors => "SearchVectors",
            Operation::BatchGetItem => "BatchGetItem",
            Operation::BatchWriteItem => "BatchWriteItem",
            Operation::TransactGetItems => "TransactGetItems",
            Operation::TransactWriteItems => "TransactWriteItems",
            Operation::ExecuteStatement => "ExecuteStatement",
            Operation::BatchExecuteStatement => "BatchExecuteStatement",
            Operation::ExecuteTransaction => "ExecuteTransaction",
            Operation::CreateTable => "CreateTable",
            Operation::DescribeTable => "DescribeTable",
            Operation::DeleteTable => "DeleteTable",
            Operation::UpdateTable => "UpdateTable",
            Operation::UpdateTimeToLive => "UpdateTimeToLive",
            Operation::DescribeStream => "DescribeStream",
            Operation::GetShardIterator => "GetShardIterator",
            Operation::GetRecords => "GetRecords",
        }
    }

    /// True if it is of the stream of a table, for which AWS has an endpoint of its own.
    #[cfg(feature = "streams")]
    pub(crate) const fn is_on_stream(self) -> bool {
        matches!(self, Operation::DescribeStream | Operation::GetShardIterator | Operation::GetRecords)
    }

    /// True if it reads or writes items: that consumes capacity, and can be asked how much.
    pub(crate) const fn is_on_items(self) -> bool {
        !matches!(
            self,
            Operation::CreateTable
                | Operation::DescribeTable
                | Operation::DeleteTable
                | Operation::UpdateTable
                | Operation::UpdateTimeToLive
                | Operation::DescribeStream
                | Operation::GetShardIterator
                | Operation::GetRecords
        )
    }
}

/// Why a call gave no successful response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// DynamoDB answered with an error.
    Service(ServiceError),
    /// No answer: the request may or may not have been carried out.
    NoResponse(Box<dyn std::error::Error + Send + Sync>),
    /// The request was refused before it was sent, for the reason given, which must hold no value.
    Refused(String),
}

/// DynamoDB's error response.
#[derive(Clone)]
pub struct ServiceError {
    /// The error's code without its namespace, such as `ConditionalCheckFailedException`.
    pub code: String,
    /// DynamoDB's message. It may hold values, so it stays out of this crate's error texts.
    pub message: String,
    /// The whole body, as JSON: `Item` and `CancellationReasons` are read from it.
    pub body: Bytes,
}

impl std::fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceError").field("code", &self.code).finish_non_exhaustive()
    }
}

impl ServiceError {
    /// An error of this code, as DynamoDB would word it.
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
            "message": message,
        });
        Self { code: code.to_owned(), message: message.to_owned(), body: Bytes::from(body.to_string()) }
    }

    /// Reads an error response.
    ///
    /// ```
    /// use dynamorm::transport::ServiceError;
    /// let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}"#;
    /// assert_eq!(ServiceError::from_body(body.into()).code, "ThrottlingException");
    /// ```
    #[must_use]
    pub fn from_body(body: Bytes) -> Self {
        #[derive(Default)]
        struct Head {
            code: String,
            message: String,
        }
        let mut head = Head::default();
        if let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(&body) {
            let text = |names: &[&str]| {
                names.iter().find_map(|name| members.get(*name)?.as_str()).unwrap_or_default().to_owned()
            };
            head.code = text(&["__type", "code"]);
            head.message = text(&["message", "Message"]);
        }
        let code = head.code.rsplit('#').next().unwrap_or_default();
        let code = code.split(':').next().unwrap_or_default().to_owned();
        Self { code, message: head.message, body }
    }
}
