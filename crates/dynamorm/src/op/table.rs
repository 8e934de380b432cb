//! Tables, from the models that live in them: one operation in each file below, and here what they share.
//!
//! - `create`: CreateTable, with `plan` for what the models of one table say of it together.
//! - `describe`: DescribeTable, and waiting for what it tells.
//! - `delete`: DeleteTable.
//! - `stream`: what they say of the table's stream.
//! - `vectors`: what the first two say of vector indexes.

mod create;
mod delete;
mod describe;
mod plan;
mod stream;
#[cfg(test)]
mod tests;
mod vectors;

pub use create::CreateTable;
pub use delete::DeleteTable;
pub(crate) use describe::describe;
pub use describe::{DescribeTable, IndexDescription, TableDescription, TableStatus, WaitForTable};
pub use stream::{StreamDescription, StreamViewType};
pub use vectors::VectorIndexDescription;

use crate::codec::Writer;
use crate::model::{Model, ModelShape};
use crate::transport::{Operation, Request};
use bytes::Bytes;
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
