//! A DynamoDB ORM: models by derive, type-safe keys, conditions and updates, single-table design.
//!
//! The map of this crate, from the outside in:
//!
//! - [`Db`] is where you start: a transport and the names of tables.
//! - [`op`] holds one DynamoDB operation per file: [`op::Get`], [`op::Put`], [`op::Query`] and so on.
//! - [`Model`] is what the derive fulfils; [`Attr`] and [`Index`] are the handles it emits.
//! - [`Condition`] and [`KeyCondition`] become expressions; [`StartKey`] resumes a query.
//! - [`transport`] sends bytes: to AWS, to an embedded engine, or through injected faults.

// The derives name `::dynamorm`, in the tests of this crate too.
#[cfg(test)]
extern crate self as dynamorm;

mod attr;
pub mod codec;
mod db;
mod env;
mod error;
pub mod expr;
mod index;
mod key;
mod lifecycle;
pub mod limits;
mod model;
mod number;
pub mod op;
mod page;
#[doc(hidden)]
pub mod private;
mod time;
pub mod transport;
mod value;

pub use attr::{Attr, Changeable, KeyPart, Managed, Plain};
pub use codec::{Attribute, CodecError, Nullable, SetElement};
pub use db::Db;
pub use error::{CancelCode, Cancellation, Error, ErrorKind, Result, Unprocessed};
pub use expr::{Addable, Condition, IntoAttr, KeyCondition, Numeric};
pub use index::Index;
pub use key::{
    IndexKeyAttribute, IntoKey, KeyAttribute, NoSortKey, PrefixedSortKey, ScalarType, SortKey,
    TemplateAttribute,
};
pub use model::{FromItem, Key, Model};
pub use number::Number;
pub use op::{BatchWrite, Check, Delete, Get, Put, Query, TransactWrite, Update};
pub use page::{Page, StartKey};
pub use time::{Timestamp, Ttl};
pub use value::{AttributeValue, Item};

pub use dynamorm_macros::{Document, Model, Project};
