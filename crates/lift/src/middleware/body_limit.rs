//! A body over the limit is refused: at once if its length is known, while it is read if it is not.

use crate::error::Error;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::Limited;

/// Enforces the limit, in bytes, for every way of reading a body.
pub(super) async fn enforce(State(limit): State<usize>, request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > limit as u64 {
        let message = format!("the body is over {limit} bytes");
        return Error::with_status(StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await
}
