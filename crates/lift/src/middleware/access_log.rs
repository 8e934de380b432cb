//! One line per request, and a span around it that gives every line of a handler the request's id, tenant and trace. Names of
//! fields are those of Powertools for AWS Lambda, where it has one.

use crate::extract::Ctx;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument as _;

/// What stands for the route of a request that matches none. A path as it came may hold ids, so it is never logged.
const NO_ROUTE: &str = "-";

/// Runs the request inside its span, then writes the access line.
pub(super) async fn record(State(service): State<Arc<str>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let ctx = request.extensions().get::<Ctx>().cloned().unwrap_or_default();
    let tenant_id = ctx.tenant().map(|tenant| tenant.as_str());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let lambda = ctx.invocation.as_deref();
    let function_request_id = lambda.map(|lambda| lambda.request_id.as_str());
    let function_arn = lambda.map(|lambda| lambda.function_arn.as_str());
    let cold_start = lambda.map(|lambda| lambda.cold_start);
    let xray_trace_id = ctx.trace_id();
    let span = tracing::info_span!(
        "request", %service, request_id = ctx.request_id(), tenant_id, xray_trace_id, %method, route,
        function_request_id, function_arn, cold_start,
    );

    let response = next.run(request).instrument(span).await;

    // Outside the span, so that a reader finds each of these once, at the top of the line.
    tracing::info!(
        parent: None,
        %service,
        request_id = ctx.request_id(),
        tenant_id,
        xray_trace_id,
        %method,
        route,
        function_request_id,
        function_arn,
        cold_start,
        status = response.status().as_u16(),
        // To the microsecond: more digits are noise.
        ms = started.elapsed().as_micros() as f64 / 1000.0,
        "request",
    );
    response
}
