//! Users: create one or many, read one in four ways, list them whole or in short.

use super::{find, new_id};
use crate::{Credits, User, UserSummary};
use dynamorm::{StartKey, Timestamp};
use garde::Validate;
use lift::axum::Json;
use lift::axum::extract::Path;
use lift::axum::http::{HeaderName, HeaderValue, StatusCode};
use lift::axum::response::AppendHeaders;
use lift::utoipa::{self, IntoParams, ToSchema};
use lift::{Error, Page, Result, TenantDb, TenantId, Valid, ValidQuery};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How old a cached user may be.
const CACHED_FOR: Duration = Duration::from_secs(5 * 60);

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct CreateUser {
    // The index holds it, and takes keys of up to 2,048 bytes.
    #[garde(email, length(max = 254))]
    email: String,
    #[garde(length(chars, min = 1, max = 200))]
    name: String,
    #[serde(default = "no_credits")]
    #[garde(custom(not_negative))]
    credits: Credits,
}

fn no_credits() -> Credits {
    Credits::ZERO
}

fn not_negative(credits: &Credits, (): &()) -> garde::Result {
    if *credits < Credits::ZERO { Err(garde::Error::new("lower than 0")) } else { Ok(()) }
}

impl CreateUser {
    fn into_user(self, tenant: &TenantId, now: Timestamp) -> User {
        User {
            id: new_id(),
            tenant_id: tenant.to_string(),
            email: self.email,
            name: self.name,
            credits: self.credits,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Makes a user.
#[utoipa::path(post, path = "/users", request_body = CreateUser, responses((status = 201, body = User)))]
pub(crate) async fn create(
    TenantDb(db): TenantDb,
    tenant: TenantId,
    Valid(request): Valid<CreateUser>,
) -> Result<(StatusCode, Json<User>)> {
    // The library sets both times on the way.
    let user = request.into_user(&tenant, Timestamp::default());
    let stored = db.put(&user).if_not_exists().returning_new().await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

#[derive(Deserialize, Validate, ToSchema)]
pub(crate) struct CreateUsers {
    #[garde(length(min = 1, max = 1_000), dive)]
    users: Vec<CreateUser>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Created {
    created: usize,
    users: Vec<User>,
}

/// Makes up to 1,000 users.
#[utoipa::path(post, path = "/users/batch", request_body = CreateUsers, responses((status = 200, body = Created)))]
pub(crate) async fn create_batch(
    TenantDb(db): TenantDb,
    tenant: TenantId,
    Valid(request): Valid<CreateUsers>,
) -> Result<Json<Created>> {
    // One time for all, so that the answer says what is stored.
    let now = Timestamp::now();
    let users: Vec<User> = request.users.into_iter().map(|user| user.into_user(&tenant, now)).collect();
    db.clock(move || now).batch_write().put_all(&users).execute().await?;
    Ok(Json(Created { created: users.len(), users }))
}

/// One user.
#[utoipa::path(get, path = "/users/{id}", params(("id" = String, Path)), responses((status = 200, body = User)))]
pub(crate) async fn get(TenantDb(db): TenantDb, Path(id): Path<String>) -> Result<Json<User>> {
    find(&db, id, false).await.map(Json)
}

/// One user as written last, for twice the units.
#[utoipa::path(get, path = "/users/{id}/for-update", params(("id" = String, Path)), responses((status = 200, body = User)))]
pub(crate) async fn get_for_update(TenantDb(db): TenantDb, Path(id): Path<String>) -> Result<Json<User>> {
    find(&db, id, true).await.map(Json)
}

/// One user as written here last, or up to five minutes old where another process wrote.
///
/// Concurrent misses read the database once.
#[utoipa::path(get, path = "/users/{id}/cached", params(("id" = String, Path)), responses((status = 200, body = User)))]
pub(crate) async fn get_cached(TenantDb(db): TenantDb, Path(id): Path<String>) -> Result<Json<User>> {
    let user = db.get(User::key(id)).cached(CACHED_FOR).optional().await?;
    user.map(Json).ok_or_else(|| Error::not_found("user not found"))
}

#[derive(Deserialize, Validate, IntoParams)]
pub(crate) struct ByEmail {
    #[garde(email)]
    email: String,
}

/// The user with this address.
#[utoipa::path(get, path = "/users/by-email", params(ByEmail), responses((status = 200, body = User)))]
pub(crate) async fn by_email(
    TenantDb(db): TenantDb,
    ValidQuery(request): ValidQuery<ByEmail>,
) -> Result<Json<User>> {
    let found = db.query::<User>().key(User::EMAIL_INDEX.partition(request.email.as_str())).take(1).await?;
    found.items.into_iter().next().map(Json).ok_or_else(|| Error::not_found("user not found"))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Users {
    users: Vec<User>,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    next_cursor: Option<StartKey>,
}

/// A page of users.
#[utoipa::path(get, path = "/users", params(Page), responses((status = 200, body = Users)))]
pub(crate) async fn list(TenantDb(db): TenantDb, page: Page) -> Result<Json<Users>> {
    let page = db
        .query::<User>()
        .key(User::TENANT_INDEX.partition(()))
        .limit(page.limit)
        .start_key(page.cursor)
        .page()
        .await?;
    Ok(Json(Users { count: page.items.len(), users: page.items, next_cursor: page.next }))
}

/// Where the next page of a bare list starts.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

type WithNextCursor = AppendHeaders<Option<(HeaderName, HeaderValue)>>;

/// A page of users in short: three attributes of each, and no more leaves the database.
#[utoipa::path(
    get,
    path = "/users/summaries",
    params(Page),
    responses((
        status = 200,
        body = [UserSummary],
        headers(("x-next-cursor" = String, description = "Where the next page starts, if there is one")),
    )),
)]
pub(crate) async fn summaries(
    TenantDb(db): TenantDb,
    page: Page,
) -> Result<(WithNextCursor, Json<Vec<UserSummary>>)> {
    let page = db
        .query::<User>()
        .project::<UserSummary>()
        .key(User::TENANT_INDEX.partition(()))
        .limit(page.limit)
        .start_key(page.cursor)
        .page()
        .await?;
    let next = page.next.and_then(|next| HeaderValue::try_from(next.to_string()).ok());
    Ok((AppendHeaders(next.map(|next| (NEXT_CURSOR, next))), Json(page.items)))
}
