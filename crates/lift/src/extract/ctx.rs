//! [`Ctx`]: facts about the request that are in no path, query or body. Read only, and it never fails.

use super::TenantId;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use dynamorm::{Db, Meter};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Tells the facts of the request: its id, its tenant, where it came from, how long it may take.
///
/// It has no path, query or body: those are axum's extractors, checked by types.
///
/// # Example
///
/// ```
/// use lift::Ctx;
///
/// async fn handler(ctx: Ctx) -> String {
///     format!("request {} has {:?} left", ctx.request_id(), ctx.remaining())
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Ctx {
    pub(crate) request_id: Arc<str>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) source_ip: Option<IpAddr>,
    /// On tokio's clock, which a test can stop.
    pub(crate) deadline: Option<Instant>,
    pub(crate) trace_id: Option<Arc<str>>,
    pub(crate) user: Option<Arc<str>>,
    /// The claim that holds roles.
    pub(crate) role_claim: Arc<str>,
    /// Adds up what the database calls of the request consume, if somebody wants to know.
    pub(crate) meter: Option<Meter>,
    /// What Lambda says of the invocation; none elsewhere.
    pub(crate) invocation: Option<Arc<Invocation>>,
}

/// The facts of an invocation that go into log lines and metrics.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: String,
    pub(crate) function_arn: String,
    pub(crate) function_name: String,
    /// The first one of this process.
    pub(crate) cold_start: bool,
}

impl Ctx {
    /// The id that is in the log lines, in the `x-request-id` header of the answer and in error bodies.
    ///
    /// Empty only in a router without the default stack.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The tenant, if one is known; take [`TenantId`] instead where it must be.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// The user, if one was verified: the claim `sub`. Take [`Claims`](crate::Claims) where there must be one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The trace that the request is part of: of X-Ray (`1-5759e988-bd862e3fe1be46a994272793`), else of a `traceparent` header.
    ///
    /// ```
    /// async fn handler(ctx: lift::Ctx) -> String {
    ///     ctx.trace_id().unwrap_or("no trace").to_owned()
    /// }
    /// ```
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// True for the first request or event of a process inside Lambda, which waited for it to start.
    ///
    /// ```
    /// async fn handler(ctx: lift::Ctx) {
    ///     if ctx.cold_start() {
    ///         tracing::info!("the first request of this process");
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn cold_start(&self) -> bool {
        self.invocation.as_ref().is_some_and(|invocation| invocation.cold_start)
    }

    /// The function's name, if this is its first request.
    pub(crate) fn cold_function(&self) -> Option<&str> {
        let invocation = self.invocation.as_ref().filter(|invocation| invocation.cold_start)?;
        Some(&invocation.function_name)
    }

    /// The client's address as API Gateway or the load balancer saw it; on localhost, the peer's.
    ///
    /// ```
    /// async fn handler(ctx: lift::Ctx) -> String {
    ///     ctx.source_ip().map(|ip| ip.to_string()).unwrap_or_default()
    /// }
    /// ```
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.source_ip
    }

    /// When the request is ended with 504: by [`Config::timeout`](crate::Config::timeout), or 500 ms before Lambda's own
    /// deadline, whichever is first. `None` only in a router without the default stack.
    ///
    /// ```
    /// async fn handler(ctx: lift::Ctx) -> bool {
    ///     ctx.deadline().is_some_and(|deadline| deadline > std::time::Instant::now())
    /// }
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Option<std::time::Instant> {
        self.deadline.map(Instant::into_std)
    }

    /// The database for this request: its calls end at [`Ctx::deadline`], and what they consume is in the request's metrics.
    ///
    /// [`TenantDb`](crate::TenantDb) is made by it. Where a handler has no tenant, or in a handler of events, ask for it:
    ///
    /// ```
    /// use dynamorm::{Db, Model};
    /// use lift::Ctx;
    /// use lift::axum::{Json, extract::State};
    ///
    /// #[derive(Model, serde::Serialize)]
    /// #[dynamorm(table = "app", pk = "PLAN#{id}")]
    /// struct Plan { id: String }
    ///
    /// async fn get_plan(ctx: Ctx, State(db): State<Db>) -> lift::Result<Json<Plan>> {
    ///     Ok(Json(ctx.db(&db).get(Plan::key("free")).one().await?))
    /// }
    /// ```
    #[must_use]
    pub fn db(&self, db: &Db) -> Db {
        let db = match self.deadline {
            Some(deadline) => db.deadline(deadline.into_std()),
            None => db.clone(),
        };
        match &self.meter {
            Some(meter) => db.metered(meter),
            None => db,
        }
    }

    /// How long until [`Ctx::deadline`]; zero once it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let mut ctx = parts.extensions.get::<Ctx>().cloned().unwrap_or_default();
        // A layer of yours may have found out the tenant since the request arrived.
        if let Some(tenant) = parts.extensions.get::<TenantId>() {
            ctx.tenant = Some(tenant.clone());
        }
        Ok(ctx)
    }
}
