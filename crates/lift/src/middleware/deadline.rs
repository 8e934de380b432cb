//! A request that takes too long is answered with 504 while there is still time to answer.

use crate::error::Error;
use crate::extract::Ctx;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Drops the rest of a request at its deadline.
pub(super) async fn enforce(request: Request, next: Next) -> Response {
    let deadline = request.extensions().get::<Ctx>().and_then(|ctx| ctx.deadline);
    let Some(deadline) = deadline else { return next.run(request).await };
    match tokio::time::timeout_at(deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Error::with_status(StatusCode::GATEWAY_TIMEOUT, "the request took too long").into_response()
        }
    }
}
