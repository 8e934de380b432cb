//! The item of a lease, as the original library stores it, and the same with a tenant in its key.

use crate::op::Update;
use crate::{Attr, Db, Model, Timestamp, Ttl};
use std::time::Duration;

/// How long after its end the item of a lease may be deleted: by then nobody is in doubt.
pub(super) const TTL_AFTER_END: Duration = Duration::from_secs(3600);
/// The sort key of each lease.
const SORT: &str = "LOCK";

/// The item of a lease: partition key `pk`, the lease's name; sort key `sk`, which is `LOCK`.
///
/// It is in the original library's format, so that programs in Go and in Rust can share a lease. Make its table, or a table that it
/// shares with models of yours whose keys are `pk` and `sk`, with [`Db::create_table`](crate::Db::create_table).
///
/// ```
/// # use dynamorm::{Db, LeaseItem, Result};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let db = Db::memory()?.table("leases");
/// db.create_table::<LeaseItem>().execute().await?;
///
/// let lease = db.lease("nightly-report").acquire().await?;
/// let item = db.get(LeaseItem::key("nightly-report", "LOCK")).one().await?;
/// assert_eq!(item.lease_token, lease.token());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Model)]
pub struct LeaseItem {
    /// The name.
    #[dynamorm(pk)]
    pub pk: String,
    /// `LOCK`.
    #[dynamorm(sk)]
    pub sk: String,
    /// What tells one holding from another.
    pub lease_token: String,
    /// When it ends: seconds since 1970.
    pub lease_expires_at: i64,
    /// When DynamoDB may delete the item: an hour after the end.
    #[dynamorm(ttl)]
    pub ttl: Ttl,
}

/// The item of a tenant's lease: as [`LeaseItem`], with the tenant in its key.
#[derive(Clone, PartialEq, Eq, Model)]
#[dynamorm(pk = "TENANT#{tenant}#LEASE#{name}", sk = "LOCK")]
pub struct TenantLeaseItem {
    /// Whose it is.
    #[dynamorm(tenant)]
    pub tenant: String,
    /// The name.
    pub name: String,
    /// What tells one holding from another.
    pub lease_token: String,
    /// When it ends: seconds since 1970.
    pub lease_expires_at: i64,
    /// When DynamoDB may delete the item: an hour after the end.
    #[dynamorm(ttl)]
    pub ttl: Ttl,
}

/// What a lease needs to know of its item. [`LeaseItem`] and [`TenantLeaseItem`] are the two.
pub trait LeaseModel: Model + Sealed {}

impl LeaseModel for LeaseItem {}
impl LeaseModel for TenantLeaseItem {}

/// How the item is made and named.
#[doc(hidden)]
pub trait Sealed: Model {
    const TOKEN: Attr<Self, String>;
    const ENDS: Attr<Self, i64>;
    fn new(name: &str, token: String, end: Timestamp) -> Self;
    fn key_of(name: &str) -> Self::Key;
    fn keep_until(update: Update<Self, &Db>, ttl: Ttl) -> Update<Self, &Db>;
    fn token(&self) -> &str;
    fn end(&self) -> Timestamp;
}

macro_rules! lease_of {
    ($item:ident, $key:expr, $new:expr) => {
        impl Sealed for $item {
            const TOKEN: Attr<Self, String> = $item::LEASE_TOKEN;
            const ENDS: Attr<Self, i64> = $item::LEASE_EXPIRES_AT;

            fn new(name: &str, token: String, end: Timestamp) -> Self {
                ($new)(name, token, end.epoch_seconds(), Ttl::at(end + TTL_AFTER_END))
            }

            fn key_of(name: &str) -> Self::Key {
                ($key)(name)
            }

            fn keep_until(update: Update<Self, &Db>, ttl: Ttl) -> Update<Self, &Db> {
                update.set($item::TTL, ttl)
            }

            fn token(&self) -> &str {
                &self.lease_token
            }

            fn end(&self) -> Timestamp {
                Timestamp::from_epoch_seconds(self.lease_expires_at)
            }
        }
    };
}

lease_of!(LeaseItem, |name| LeaseItem::key(name, SORT), |name: &str, lease_token, lease_expires_at, ttl| {
    LeaseItem { pk: name.to_owned(), sk: SORT.to_owned(), lease_token, lease_expires_at, ttl }
});
lease_of!(TenantLeaseItem, TenantLeaseItem::key, |name: &str, lease_token, lease_expires_at, ttl| {
    TenantLeaseItem { tenant: String::new(), name: name.to_owned(), lease_token, lease_expires_at, ttl }
});

// When it ends, without the name and the token: values belong in no log.
macro_rules! debug_of {
    ($item:ident) => {
        impl std::fmt::Debug for $item {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($item))
                    .field("lease_expires_at", &self.lease_expires_at)
                    .finish_non_exhaustive()
            }
        }
    };
}

debug_of!(LeaseItem);
debug_of!(TenantLeaseItem);
