//! What handlers take besides axum's own extractors. One per file; `fields.rs` is how a body becomes a value or a list of
//! all that is wrong with it.

mod connection;
mod ctx;
mod fields;
mod page;
mod tenant;
mod tenant_db;
mod valid;

pub use connection::Connection;
pub use ctx::Ctx;
pub(crate) use ctx::Invocation;
pub(crate) use fields::{Decoded, decode};
pub use page::Page;
pub use tenant::{InvalidTenantId, TenantId};
pub(crate) use tenant::{TrustedHeader, tenant_required};
pub use tenant_db::TenantDb;
pub use valid::{Valid, ValidQuery};
