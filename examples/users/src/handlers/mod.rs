//! The handlers: users, how many there are, orders, and transfers of credits.

pub(crate) mod counts;
pub(crate) mod orders;
pub(crate) mod transfers;
pub(crate) mod users;

use crate::User;
use dynamorm::TenantDb;
use lift::{Error, Result};

/// Time-ordered, and not to be guessed.
fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Reads a user of the tenant's. One of another tenant is as absent as one that never was.
async fn find(db: &TenantDb, id: String, consistent: bool) -> Result<User> {
    let get = db.get(User::key(id));
    let get = if consistent { get.consistent_read() } else { get };
    get.optional().await?.ok_or_else(|| Error::not_found("user not found"))
}
