//! A request whose token is not to be believed is refused, whatever its route.

use crate::auth::jwt::Refused;
use crate::error::Error;
use axum::extract::Request;
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::time::Duration;

/// Refuses what `arrival.rs` found wrong, here where errors have their body.
pub(super) async fn enforce(request: Request, next: Next) -> Response {
    let message = match request.extensions().get::<Refused>() {
        None => return next.run(request).await,
        Some(Refused::NoKeys) => {
            let error = Error::with_status(StatusCode::SERVICE_UNAVAILABLE, "tokens cannot be verified now");
            return error.with_retry_after(Duration::from_secs(1)).into_response();
        }
        Some(Refused::Expired) => "the token has expired",
        Some(Refused::Invalid) => "the token is not valid",
    };
    let mut response = Error::unauthorized(message).into_response();
    let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}
