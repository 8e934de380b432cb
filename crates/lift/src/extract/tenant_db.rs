//! [`TenantDb`]: the database as the tenant of the request may see it.

use super::{Ctx, TenantId};
use crate::error::Error;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use dynamorm::Db;
use std::ops::Deref;

/// The database, confined to the request's tenant: [`dynamorm::TenantDb`] of the [`Db`] in the state.
///
/// This is how handlers get their database. There is no other tenant whose items such a handler could name: an id of another
/// tenant's is a 404, the same as one that never was. 401 if no tenant is known, as [`TenantId`]. Its calls end at the deadline of the
/// request, and are in its metrics: [`Ctx::db`].
///
/// # Example
///
/// ```
/// use dynamorm::{Db, Model};
/// use lift::TenantDb;
/// use lift::axum::extract::Path;
/// use lift::axum::{Json, Router, routing::get};
/// use lift::testing::TestApp;
/// use serde::Serialize;
///
/// #[derive(Model, Serialize)]
/// #[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
/// struct User {
///     #[dynamorm(tenant)]
///     tenant: String,
///     id: String,
/// }
///
/// async fn get_user(TenantDb(db): TenantDb, Path(id): Path<String>) -> lift::Result<Json<User>> {
///     Ok(Json(db.get(User::key(id)).one().await?))
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
/// let db = Db::memory()?;
/// # db.create_table::<User>().execute().await?;
/// db.tenant("acme").put(&User { tenant: String::new(), id: "u1".into() }).execute().await?;
///
/// let routes = Router::new().route("/users/{id}", get(get_user)).with_state(db);
/// let app = TestApp::new(lift::App::new().routes(routes));
/// assert_eq!(app.get("/users/u1").tenant("acme").send().await.status, 200);
/// assert_eq!(app.get("/users/u1").tenant("umbrella").send().await.status, 404);
/// assert_eq!(app.get("/users/u1").send().await.status, 401);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct TenantDb(pub dynamorm::TenantDb);

impl Deref for TenantDb {
    type Target = dynamorm::TenantDb;

    fn deref(&self) -> &dynamorm::TenantDb {
        &self.0
    }
}

impl<S> FromRequestParts<S> for TenantDb
where
    S: Send + Sync,
    Db: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let tenant = <TenantId as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let db = Db::from_ref(state);
        let db = parts.extensions.get::<Ctx>().map_or_else(|| db.clone(), |ctx| ctx.db(&db));
        Ok(Self(db.tenant(tenant.as_str())))
    }
}
