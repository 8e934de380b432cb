//! The routes, and what every handler can reach.

use crate::handlers::{orders, transfers, users};
use crate::{Order, OrderOfUser, User};
use dynamorm::Db;
use lift::axum::Router;
use lift::axum::extract::FromRef;
use lift::axum::routing::{get, post};
use lift::{App, Config};
use moka::future::Cache;
use std::time::Duration;

/// What the handlers share. Injected, so that a test has its own.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) db: Db,
    pub(crate) users: Cache<(String, String), User>,
}

/// Users that are asked for often.
const CACHED_USERS: u64 = 10_000;
const CACHED_FOR: Duration = Duration::from_secs(5 * 60);

/// The service on a database.
#[must_use]
pub fn app(db: Db, config: Config) -> App {
    let users = Cache::builder().max_capacity(CACHED_USERS).time_to_live(CACHED_FOR).build();
    let routes = Router::new()
        .route("/users", post(users::create).get(users::list))
        .route("/users/batch", post(users::create_batch))
        .route("/users/by-email", get(users::by_email))
        .route("/users/summaries", get(users::summaries))
        .route("/users/{id}", get(users::get))
        .route("/users/{id}/for-update", get(users::get_for_update))
        .route("/users/{id}/cached", get(users::get_cached))
        .route("/users/{id}/orders", get(orders::of_user))
        .route("/orders", post(orders::create))
        .route("/transfers", post(transfers::create))
        .with_state(AppState { db, users });
    App::new().with_config(config).routes(routes)
}

/// Makes the table that all models share, if there is none.
///
/// # Errors
///
/// If the database cannot be reached, or its table lacks an index.
pub async fn create_table(db: &Db) -> dynamorm::Result<()> {
    db.create_table::<(User, Order, OrderOfUser)>().if_not_exists().execute().await
}
