//! The routes, and what every handler can reach.

use crate::handlers::{orders, transfers, users};
use crate::{Order, OrderOfUser, User};
use dynamorm::Db;
use lift::axum::Router;
use lift::axum::routing::{get, post};
use lift::{App, Config};

/// The bytes of users that are asked for often, and kept.
const CACHE_BYTES: u64 = 64 << 20;

/// The service on a database.
#[must_use]
pub fn app(db: Db, config: Config) -> App {
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
        .with_state(db.clone().cache(CACHE_BYTES));
    let ready = move || {
        let db = db.clone();
        async move { db.describe_table::<User>().one().await.map(drop) }
    };
    App::new().with_config(config).routes(routes).health(ready)
}

/// Makes the table that all models share, if there is none.
///
/// # Errors
///
/// If the database cannot be reached, or its table lacks an index.
pub async fn create_table(db: &Db) -> dynamorm::Result<()> {
    db.create_table::<(User, Order, OrderOfUser)>().if_not_exists().execute().await
}
