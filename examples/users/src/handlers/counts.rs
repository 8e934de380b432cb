//! How many users a tenant has: a handler of the table's stream keeps the count, a route tells it.

use crate::{Counted, User, UserCount};
use dynamorm::{Change, Db, Put, Timestamp, Ttl, Update};
use lift::axum::Json;
use lift::event::StreamRecord;
use lift::utoipa::{self, ToSchema};
use lift::{Result, TenantDb};
use serde::Serialize;
use std::time::Duration;

/// How long it is kept that a change is counted: longer than a stream tells of it, which is a day.
const KEPT: Duration = Duration::from_secs(48 * 3600);

/// Counts a user who came or went.
///
/// A stream gives each change at least once: again if the process ends between this write and the next checkpoint. So the change
/// itself is written down, on the condition that it is not there yet, in one transaction with the count: either both are written or
/// none, and a change that comes again changes nothing. A number per shard would not do, since Lambda does not tell the shard.
pub(crate) async fn on_user(db: Db, record: StreamRecord<User>) -> Result<()> {
    let (user, step) = match &record.change {
        Change::Inserted(user) => (user, 1),
        Change::Removed(user) => (user, -1),
        _ => return Ok(()),
    };
    let db = record.ctx.db(&db).tenant(user.tenant_id.as_str());
    let counted = Counted {
        tenant_id: user.tenant_id.clone(),
        user_id: user.id.clone(),
        sequence_number: record.sequence_number.clone(),
        expires_at: Ttl::at(Timestamp::now() + KEPT),
    };
    let count = Update::new(UserCount::key()).add(UserCount::COUNT, step);
    match db.transact_write().put(Put::new(&counted).if_not_exists()).update(count).execute().await {
        // It is counted already.
        Err(error) if error.is_condition_failed() => Ok(()),
        written => Ok(written?),
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Count {
    count: i64,
}

/// How many users there are, a moment behind what was written.
#[utoipa::path(get, path = "/users/count", responses((status = 200, body = Count)))]
pub(crate) async fn of_users(TenantDb(db): TenantDb) -> Result<Json<Count>> {
    let count = db.get(UserCount::key()).optional().await?;
    Ok(Json(Count { count: count.map_or(0, |count| count.count) }))
}
