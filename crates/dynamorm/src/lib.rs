//! A DynamoDB ORM: models by derive, type-safe keys, conditions and updates, single-table design.
//!
//! ```
//! use dynamorm::{Db, Model, Result};
//!
//! #[derive(Debug, PartialEq, Model)]
//! #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
//! #[dynamorm(index = "email-index", pk = email)]
//! struct User {
//!     id: String,
//!     email: String,
//!     credits: i64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let db = Db::memory()?; // or Db::new(aws_sdk_dynamodb_client), or Db::from_env().await?
//! db.create_table::<User>().execute().await?;
//!
//! let ada = User { id: "u1".into(), email: "ada@example.com".into(), credits: 10 };
//! db.put(&ada).if_not_exists().execute().await?;
//! db.update(User::key("u1")).add(User::CREDITS, -7).condition(User::CREDITS.ge(7)).execute().await?;
//!
//! let ada = db.query::<User>().key(User::EMAIL_INDEX.partition("ada@example.com")).one().await?;
//! assert_eq!(ada.credits, 3);
//! # Ok(())
//! # }
//! ```
//!
//! The map of this crate, from the outside in:
//!
//! - [`Db`] is where you start: a transport and the names of tables.
//! - `op/` holds one DynamoDB operation per file: [`Get`], [`Put`], [`Update`], [`Delete`], [`Query`], [`Scan`],
//!   [`BatchGet`], [`BatchWrite`], [`TransactGet`], [`TransactWrite`], [`SearchVectors`],
//!   [`Statement`], [`CreateTable`].
//! - [`Model`] is what the derive fulfils; [`Attr`] and [`Index`] are the handles it emits.
//! - [`Condition`] and [`KeyCondition`] become expressions; [`StartKey`] resumes a read.
//! - [`Db::lease`] asks for a right that one process has at a time.
//! - [`Change`] is what the stream of a table tells; [`Db::stream_consumer`] follows one.
//! - [`Meter`] adds up what operations consume.
//! - [`transport`] sends bytes: to AWS, to an embedded engine, or through injected faults.

// The derives name `::dynamorm`, for models of this crate too.
extern crate self as dynamorm;

mod attr;
mod borrowed;
mod cache;
mod change;
pub mod codec;
mod collection;
mod db;
mod env;
mod error;
mod expr;
pub mod guide;
mod index;
mod kept;
mod key;
mod lease;
mod lifecycle;
pub mod limits;
mod meter;
mod model;
mod number;
mod op;
mod page;
mod path;
#[doc(hidden)]
pub mod private;
mod stream;
mod tenant;
mod time;
pub mod transport;
mod unique;
mod value;
mod vector;

pub use attr::{Attr, Changeable, KeyPart, Managed, Plain};
pub use borrowed::{BorrowItem, Borrowed};
pub use change::{Change, StreamItem};
pub use codec::{Attribute, CodecError, Nullable, SetElement};
pub use db::Db;
pub use error::{CancelCode, Cancellation, Error, ErrorKind, Result, Unprocessed};
pub use expr::{
    Addable, Appendable, AttributeType, ByAttribute, ByCalculation, BySize, BySpan, ByValue, Calculation,
    Comparand, Condition, Deletable, EncodedValue, HasSize, IntoAttr, IntoOperand, KeyCondition, Numeric,
    Operand, Optional, Ordered, Prefixed, Removable, Searched, SetValue, Size, SizeComparand,
};
pub use index::Index;
pub use key::{
    FurtherSortKey, HasSortKey, IndexKeyAttribute, IntoKey, KeyAttribute, Leading, NoMoreSortKeys, NoSortKey,
    PrefixedSortKey, ScalarType, Several, SortKey, TemplateAttribute,
};
pub use lease::{AcquireLease, Lease, LeaseItem, LeaseModel, TenantLeaseItem};
pub use meter::{IndexUsage, Meter, TableUsage, Usage};
pub use model::{Collect, FromItem, Key, Model, Readable};
pub use number::Number;
pub use op::{
    BatchGet, BatchStatement, BatchWrite, BorrowedPage, BorrowedRead, Check, CreateTable, Delete,
    DeleteTable, DescribeTable, Detached, Duplicate, Get, GetBy, Gets, Hydrate, IndexDescription, IntoDelete,
    IntoGet, IntoPut, Keyed, MissingKeyCondition, Models, NextToken, ParallelScan, Put, Query, RepairUnique,
    Scan, SearchVectors, Statement, StatementPage, StreamDescription, StreamViewType, TableDescription,
    TableStatus, TransactGet, TransactStatement, TransactWrite, UniqueRepair, Update, VectorIndexDescription,
    VectorMatch, WaitForTable,
};
pub use page::{Page, StartKey, StartKeys};
pub use path::{Element, Flattened, IntoPath, Keys, Members, Path, Positions};
pub use stream::{StreamCheckpoint, StreamConsumer, StreamRecord};
pub use tenant::{ReachedByDb, ReachedByTenantDb, TenantDb, Within};
pub use time::{Timestamp, Ttl};
pub use unique::{IntoUnique, IsUnique, NoScope, Unique, UniqueWithin};
pub use value::{AttributeValue, Item};
pub use vector::{
    Distance, Near, NoPartition, OfTenant, SearchedWhole, Vector, VectorAttribute, VectorError, VectorIndex,
    VectorPartition,
};

pub use dynamorm_macros::{Document, ItemCollection, Model, Project, cond};
