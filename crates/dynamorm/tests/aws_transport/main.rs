//! The official client as a transport, against a server in this process: no socket, no credentials.
//!
//! `server` is that server, `direct` and `compat` are the two ways through the client, `failure` is what both make of
//! errors, `endpoint` a client that this crate makes, `streams` what reads the streams of tables, `warm` what comes
//! before the first call.

#![cfg(feature = "aws")]
// The functions beside the tests may stop at the first surprise too.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod compat;
mod direct;
#[cfg(feature = "aws-config")]
mod endpoint;
mod failure;
mod server;
#[cfg(feature = "streams")]
mod streams;
mod warm;

use dynamorm::transport::{Aws, Failure, Operation, Request, Transport};
use serde_json::Value;

fn request(operation: Operation, body: impl Into<String>) -> Request {
    Request { operation, tables: vec!["app".to_owned()], body: body.into().into() }
}

/// Calls, and gives the response as JSON.
async fn call(aws: &Aws, operation: Operation, body: &Value) -> Result<Value, Failure> {
    let body = aws.call(request(operation, body.to_string())).await?;
    Ok(serde_json::from_slice(&body).expect("a response is JSON"))
}
