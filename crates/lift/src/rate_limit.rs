//! [`RateLimit`]: how many requests somebody may make, counted in DynamoDB by one atomic write for each.
//!
//! Here: the layer. `window.rs` is what is counted, and how much is left.

mod window;

use crate::auth::Identity;
use crate::error::Error;
use crate::extract::Ctx;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use dynamorm::{Db, Timestamp};
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::{Layer, Service};
use window::{Counted, Windows};

const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Those of a tenant; of an address where no tenant is known.
    Tenant,
    /// Those of a user: the one that was verified ([`Ctx::user`]), within the tenant; of an address where no user is known.
    User,
    /// Those of an address, as [`Ctx::source_ip`] has it.
    Address,
}

impl Per {
    fn name(self) -> &'static str {
        match self {
            Per::Tenant => "tenant",
            Per::User => "user",
            Per::Address => "address",
        }
    }
}

/// Refuses requests over a number in a span of time: a layer for routes.
///
/// Every answer has the headers `ratelimit-limit`, `-remaining`, `-reset` (in seconds) and `-policy`; a refused one is 429
/// `RATE_LIMITED` with `retry-after`. Windows are fixed, such as the minutes of the clock: of two neighbours, the end of the one and
/// the beginning of the other may both be full. [`sliding`](RateLimit::sliding) counts what is left of the last window too.
///
/// Counts are items with the partition key `id` in the table `rate-limits`, which [`Db::rename_table`] calls otherwise, and
/// [`create_table`](RateLimit::create_table) makes. Who is counted is in them as a hash. The clock is that of each process: where
/// they differ by much of a window, so do its ends.
///
/// Costs one write of 1 KB for each request, a refused one too; sliding, one consistent read more for whom a process sees for the
/// first time in a window. Where the count cannot be had, a request is refused with the database's error: see
/// [`fail_open`](RateLimit::fail_open).
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::get};
/// use lift::testing::TestApp;
/// use lift::{App, Per, RateLimit};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
/// # let db = dynamorm::Db::memory()?;
/// let limit = RateLimit::new(&db, "api", Per::Tenant, 2, Duration::from_secs(24 * 3600));
/// # limit.create_table().await?;
/// let app = TestApp::new(App::new().routes(Router::new().route("/", get(|| async { "hello" })).route_layer(limit)));
///
/// assert_eq!(app.get("/").tenant("acme").send().await.headers["ratelimit-remaining"], "1");
/// assert_eq!(app.get("/").tenant("acme").send().await.status, 200);
/// assert_eq!(app.get("/").tenant("acme").send().await.status, 429);
/// assert_eq!(app.get("/").tenant("umbrella").send().await.status, 200);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RateLimit {
    windows: Arc<Windows>,
    per: Per,
    fail_open: bool,
}

impl RateLimit {
    /// Lets so many requests of each pass in each span of time. Limits with the same name and span count together, on whatever
    /// routes they are.
    #[must_use]
    pub fn new(db: &Db, name: &str, per: Per, limit: u32, window: Duration) -> Self {
        Self { windows: Arc::new(Windows::new(db, name, limit, window)), per, fail_open: false }
    }

    /// Counts what the last window leaves too, by the share of it that is within the span: after 100 requests in the last minute,
    /// 15 seconds into this one, 75 of them count.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// use lift::{Per, RateLimit};
    /// use std::time::Duration;
    /// let limit = RateLimit::new(db, "api", Per::User, 100, Duration::from_secs(60)).sliding();
    /// # }
    /// ```
    #[must_use]
    pub fn sliding(self) -> Self {
        self.with(|windows| windows.sliding = true)
    }

    /// Lets requests pass that cannot be counted, with a warning in the log, instead of refusing them.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// use lift::{Per, RateLimit};
    /// use std::time::Duration;
    /// let limit = RateLimit::new(db, "api", Per::Address, 100, Duration::from_secs(60)).fail_open();
    /// # }
    /// ```
    #[must_use]
    pub fn fail_open(mut self) -> Self {
        self.fail_open = true;
        self
    }

    /// Tells the time by this clock instead of the system's: for tests.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// use dynamorm::Timestamp;
    /// use lift::{Per, RateLimit};
    /// use std::time::Duration;
    /// let limit = RateLimit::new(db, "api", Per::Tenant, 100, Duration::from_secs(60))
    ///     .clock(|| Timestamp::from_epoch_seconds(1_800_000_000));
    /// # }
    /// ```
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.with(|windows| windows.clock = Arc::new(clock))
    }

    /// Makes the table of the counts, with its time to live, if there is none, and waits until it is there.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), lift::BoxError> {
    /// # let db = dynamorm::Db::memory()?;
    /// use lift::{Per, RateLimit};
    /// use std::time::Duration;
    /// RateLimit::new(&db, "api", Per::Tenant, 100, Duration::from_secs(60)).create_table().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Db::create_table`].
    pub async fn create_table(&self) -> dynamorm::Result<()> {
        self.windows.create_table().await
    }

    fn with(mut self, change: impl FnOnce(&mut Windows)) -> Self {
        change(Arc::make_mut(&mut self.windows));
        self
    }

    /// Whose count a request is in.
    fn subject(&self, request: &Request) -> String {
        let ctx = request.extensions().get::<Ctx>().cloned().unwrap_or_default();
        let tenant = ctx.tenant().map(|tenant| tenant.as_str());
        let known = match self.per {
            Per::Tenant => tenant.map(|tenant| crate::hash::of(&[b"tenant", tenant.as_bytes()])),
            Per::User => Identity::of(request.extensions()).and_then(Identity::subject).map(|user| {
                crate::hash::of(&[b"user", tenant.unwrap_or_default().as_bytes(), user.as_bytes()])
            }),
            Per::Address => None,
        };
        // An address that is not known is one, and shared.
        let address = || ctx.source_ip().map(|address| address.to_string()).unwrap_or_default();
        known.unwrap_or_else(|| crate::hash::of(&[b"address", address().as_bytes()]))
    }
}

impl<S> Layer<S> for RateLimit {
    type Service = RateLimited<S>;

    fn layer(&self, inner: S) -> RateLimited<S> {
        RateLimited { limit: self.clone(), inner }
    }
}

/// A service whose requests are limited: what the layer [`RateLimit`] makes.
#[derive(Debug, Clone)]
pub struct RateLimited<S> {
    limit: RateLimit,
    inner: S,
}

impl<S> Service<Request> for RateLimited<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that is ready is used, and a clone takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let limit = self.limit.clone();
        Box::pin(async move {
            let counted = match limit.windows.count(limit.per, &limit.subject(&request)).await {
                Ok(counted) => counted,
                Err(error) if limit.fail_open => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a request is not counted");
                    return inner.call(request).await;
                }
                Err(error) => return Ok(Error::from(error).into_response()),
            };
            let mut response = match counted.passes {
                true => inner.call(request).await?,
                false => {
                    Error::rate_limited("too many requests").with_retry_after(counted.wait).into_response()
                }
            };
            limit.windows.tell(&counted, response.headers_mut());
            Ok(response)
        })
    }
}

impl Windows {
    fn tell(&self, counted: &Counted, headers: &mut HeaderMap) {
        let window = self.window.as_secs().max(1);
        let policy = format!("{};w={window}", self.limit);
        for (name, value) in [
            (RATELIMIT_LIMIT, self.limit.to_string()),
            (RATELIMIT_REMAINING, counted.remaining.to_string()),
            (RATELIMIT_RESET, counted.wait.as_secs_f64().ceil().to_string()),
            (RATELIMIT_POLICY, policy),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.windows.name)
            .field("per", &self.per)
            .field("limit", &self.windows.limit)
            .field("window", &self.windows.window)
            .finish_non_exhaustive()
    }
}
