//! One body for every failure: what handlers return, and what axum, tower and extractors answer by themselves.

use crate::error::Error;
use crate::extract::Ctx;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// The longest text of somebody else's error that becomes a detail, in bytes.
const MAX_DETAIL: usize = 4096;

/// Gives a failed answer its RFC 9457 body, and logs why it failed.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let ctx = request.extensions().get::<Ctx>().cloned().unwrap_or_default();
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        log(&error);
        return with_body(response, &error, ctx.request_id());
    }
    let failed = response.status().is_client_error() || response.status().is_server_error();
    // Somebody who chose a content type has written a body on purpose: a problem of their own, a page.
    if !failed || !is_plain(response.headers()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, MAX_DETAIL).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let error = from_text(parts.status, text);
    log(&error);
    with_body(Response::from_parts(parts, Body::empty()), &error, ctx.request_id())
}

/// An error of a plain answer. A client may read why its request was refused, and never why the server failed.
fn from_text(status: StatusCode, text: String) -> Error {
    if status.is_server_error() {
        let error = Error::with_status(status, if status == 500 { "internal error" } else { reason(status) });
        return if text.is_empty() { error } else { error.with_source(text) };
    }
    if text.is_empty() {
        Error::with_status(status, reason(status))
    } else {
        Error::with_status(status, text)
    }
}

fn reason(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "there is no such route",
        StatusCode::METHOD_NOT_ALLOWED => "the route does not have this method",
        other => other.canonical_reason().unwrap_or("request failed"),
    }
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}

fn log(error: &Error) {
    let (status, code) = (error.status().as_u16(), error.code());
    let source = std::error::Error::source(error).map(chain);
    if error.status().is_server_error() {
        tracing::error!(status, code, source, "{error}");
    } else if source.is_some() {
        tracing::info!(status, code, source, "{error}");
    }
}

/// An error and its sources in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// The answer with the error's body; its other headers, such as `Allow`, stay.
fn with_body(response: Response, error: &Error, request_id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    let (ours, body) = error.to_response(Some(request_id)).into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    for (name, value) in &ours.headers {
        parts.headers.insert(name, value.clone());
    }
    Response::from_parts(parts, body)
}
