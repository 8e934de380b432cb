//! A handler that panics is a 500 for its client; other requests do not notice.
//!
//! This needs `panic = "unwind"`, which is Rust's default.

use crate::error::Error;
use axum::response::{IntoResponse, Response};
use std::any::Any;

/// Makes an answer of a panic: its message is logged and not sent.
pub(super) fn answer(payload: Box<dyn Any + Send + 'static>) -> Response {
    Error::internal(format!("panic: {}", panic_message(payload))).into_response()
}

/// What a panic said.
pub(crate) fn panic_message(payload: Box<dyn Any + Send + 'static>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload
            .downcast::<&'static str>()
            .map_or_else(|_| "(no message)".to_owned(), |text| (*text).to_owned()),
    }
}
