//! `/livez` and `/readyz`: whether the process runs, and whether it can do its work. Start at [`App::health`].

use crate::app::App;
use crate::error::{BoxError, Error};
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::future::{BoxFuture, FutureExt as _};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long an answer of the check is given again: anybody may ask, as often as they like.
const FRESH: Duration = Duration::from_secs(1);
/// How long the check may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks whether the service can do its work.
type Check = Arc<dyn Fn() -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync>;

/// The check, and what it said last.
#[derive(Clone)]
struct Readiness {
    check: Check,
    last: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl App {
    /// Adds `GET /livez`, which answers 200 as long as the process does, and `GET /readyz`, which asks `ready` first and answers
    /// 503 if it fails, or takes more than two seconds. What failed is in the log, and not in the answer.
    ///
    /// They need no tenant, whatever the settings. `ready` is asked at most once a second.
    ///
    /// # Example
    ///
    /// ```
    /// use dynamorm::{Db, Model};
    /// use lift::testing::TestApp;
    ///
    /// #[derive(Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}")]
    /// struct User { id: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// let db = Db::memory()?;
    /// let ready = {
    ///     let db = db.clone();
    ///     // Whether the table is there, for no capacity units.
    ///     move || { let db = db.clone(); async move { db.describe_table::<User>().one().await.map(drop) } }
    /// };
    /// let app = TestApp::new(lift::App::new().health(ready));
    /// assert_eq!(app.get("/livez").send().await.status, 200);
    /// assert_eq!(app.get("/readyz").send().await.status, 503);
    /// db.create_table::<User>().execute().await?;
    /// # tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    /// assert_eq!(app.get("/readyz").send().await.status, 200);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn health<F, Fut, E>(mut self, ready: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let check: Check = Arc::new(move || {
            let checked = ready();
            async move { checked.await.map_err(Into::into) }.boxed()
        });
        self.health = Some(routes(check));
        self
    }
}

fn routes(check: Check) -> Router {
    let readiness = Readiness { check, last: Arc::default() };
    Router::new()
        .route("/livez", get(async || answer(true)))
        .route("/readyz", get(async move || answer(readiness.is_ready().await)))
}

impl Readiness {
    /// One check for all who ask at once, and its answer for all of the next second.
    async fn is_ready(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, ready)) = *last
            && at.elapsed() < FRESH
        {
            return ready;
        }
        let checked = match timeout(PATIENCE, (self.check)()).await {
            Ok(checked) => checked,
            Err(_) => Err("the check takes too long".into()),
        };
        if let Err(error) = &checked {
            tracing::error!(error = error.as_ref() as &dyn std::error::Error, "the service is not ready");
        }
        *last = Some((Instant::now(), checked.is_ok()));
        checked.is_ok()
    }
}

fn answer(ready: bool) -> Response {
    let mut response = match ready {
        true => (StatusCode::OK, "ok\n").into_response(),
        false => {
            Error::with_status(StatusCode::SERVICE_UNAVAILABLE, "the service is not ready").into_response()
        }
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
