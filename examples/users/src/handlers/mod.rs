//! The handlers: users, orders, and transfers of credits.

pub(crate) mod orders;
pub(crate) mod transfers;
pub(crate) mod users;

use crate::User;
use dynamorm::Db;
use lift::{Error, Result, TenantId};

/// Time-ordered, and not to be guessed.
fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Gives a user to their own tenant only.
fn own(user: User, tenant: &TenantId) -> Result<User> {
    if user.tenant_id == tenant.as_str() { Ok(user) } else { Err(Error::authorization("access denied")) }
}

/// Reads a user, who must be the tenant's.
async fn find(db: &Db, id: String, tenant: &TenantId, consistent: bool) -> Result<User> {
    let get = db.get(User::key(id));
    let get = if consistent { get.consistent_read() } else { get };
    let user = get.optional().await?.ok_or_else(|| Error::not_found("user not found"))?;
    own(user, tenant)
}
