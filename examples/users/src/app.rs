//! The routes, the handler of the table's stream, and what every handler can reach.

use crate::handlers::{counts, orders, transfers, users};
use crate::{Counted, Order, OrderOfUser, User, UserCount};
use dynamorm::{Db, StreamViewType};
use lift::utoipa;
use lift::utoipa_axum::router::OpenApiRouter;
use lift::utoipa_axum::routes;
use lift::{App, Config, Idempotency, Per, RateLimit};
use std::time::Duration;

/// The bytes of users that are asked for often, and kept.
const CACHE_BYTES: u64 = 64 << 20;

/// How many requests that write a tenant may make in a minute.
const WRITES_IN_A_MINUTE: u32 = 6_000;

/// Who follows the table's stream, where that is not Lambda.
pub const CONSUMER: &str = "users";

/// The service on a database, whose table has this name.
#[must_use]
pub fn app(db: Db, table: &str, config: Config) -> App {
    // What a client repeats, since it had no answer, is done once if it says so by an `Idempotency-Key`.
    let writes = OpenApiRouter::new()
        .routes(routes!(users::create))
        .routes(routes!(users::create_batch))
        .routes(routes!(orders::create))
        .routes(routes!(transfers::create))
        .route_layer(idempotency(&db))
        .route_layer(rate_limit(&db).fail_open());
    let reads = OpenApiRouter::new()
        .routes(routes!(users::list))
        .routes(routes!(counts::of_users))
        .routes(routes!(users::by_email))
        .routes(routes!(users::summaries))
        .routes(routes!(users::get))
        .routes(routes!(users::get_for_update))
        .routes(routes!(users::get_cached))
        .routes(routes!(orders::of_user));
    let routes = writes.merge(reads).with_state(db.clone().cache(CACHE_BYTES));
    let of_stream = db.clone();
    let ready = move || {
        let db = db.clone();
        async move { db.describe_table::<User>().one().await.map(drop) }
    };
    App::new()
        .with_config(config)
        .openapi("/openapi.json", routes)
        .health(ready)
        .stream(table, move |record| counts::on_user(of_stream.clone(), record))
}

fn idempotency(db: &Db) -> Idempotency {
    Idempotency::new(db).optional()
}

fn rate_limit(db: &Db) -> RateLimit {
    RateLimit::new(db, "writes", Per::Tenant, WRITES_IN_A_MINUTE, Duration::from_secs(60))
}

/// Makes the tables, where there are none: that of all models, with its stream, and those of answers to repeat, of counts of requests,
/// and of how far the stream is read.
///
/// # Errors
///
/// If the database cannot be reached, or its table lacks an index.
pub async fn create_tables(db: &Db) -> dynamorm::Result<()> {
    let models = db.create_table::<(User, Order, OrderOfUser, UserCount, Counted)>();
    models.stream(StreamViewType::NewAndOldImages).if_not_exists().execute().await?;
    db.stream_consumer("", CONSUMER).create_table().await?;
    idempotency(db).create_table().await?;
    rate_limit(db).create_table().await
}
