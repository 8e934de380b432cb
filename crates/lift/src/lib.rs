//! A thin serverless layer on axum: one binary for Lambda and localhost, one error body, typed extractors.
//!
//! Routes, handlers and middleware are axum's and tower's, unchanged. This crate adds what every service on Lambda would
//! write again: a default stack (request id, access log, error bodies, panics, timeout, body limit), one [`Error`], five
//! extractors, [`run`], and a test kit.
//!
//! ```
//! use garde::Validate;
//! use lift::axum::extract::Path;
//! use lift::axum::http::StatusCode;
//! use lift::axum::routing::{get, post};
//! use lift::axum::{Json, Router};
//! use lift::{App, Config, Error, TenantId, Valid};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, Validate)]
//! struct CreateUser {
//!     #[garde(email)]
//!     email: String,
//!     #[garde(length(min = 1))]
//!     name: String,
//! }
//!
//! #[derive(Serialize)]
//! struct User {
//!     tenant: TenantId,
//!     email: String,
//!     name: String,
//! }
//!
//! async fn create_user(tenant: TenantId, Valid(user): Valid<CreateUser>) -> (StatusCode, Json<User>) {
//!     (StatusCode::CREATED, Json(User { tenant, email: user.email, name: user.name }))
//! }
//!
//! async fn get_user(tenant: TenantId, Path(id): Path<String>) -> lift::Result<Json<User>> {
//!     Err(Error::not_found("user not found"))
//! }
//!
//! fn app() -> App {
//!     let routes = Router::new().route("/users", post(create_user)).route("/users/{id}", get(get_user));
//!     App::new().with_config(Config { require_tenant: true, ..Config::from_env() }).routes(routes)
//! }
//!
//! // In `main`, after `#[tokio::main]`: lift::run(app()).await
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! // In a test:
//! let app = lift::testing::TestApp::new(app());
//! let body = serde_json::json!({"email": "ada@example.com", "name": "Ada"});
//! assert_eq!(app.post("/users").tenant("acme").json(&body).send().await.status, 201);
//! assert_eq!(app.get("/users/u1").tenant("acme").send().await.status, 404);
//! assert_eq!(app.get("/users/u1").send().await.status, 401);
//! # }
//! ```
//!
//! The map of this crate, from the outside in:
//!
//! - [`run`] is where a program starts: `run.rs`, and `lambda.rs` for events. [`App`] is what it runs, set by [`Config`].
//! - `middleware/` is the default stack, one step per file, in the order that `middleware/mod.rs` gives.
//! - `extract/` is what handlers take: [`TenantDb`], [`Valid`], [`ValidQuery`], [`TenantId`], [`Ctx`], [`Page`]. `auth/` is who they are told is
//!   asking: [`Claims`], [`require_role`], [`require_scope`], and with the feature `jwt` tokens that the process verifies.
//! - [`event`] is what comes beside HTTP: messages, events, schedules, records, each to a handler of its own.
//! - [`Idempotency`] lets what is asked for several times happen once; [`RateLimit`] bounds how often; [`Metrics`] are figures for CloudWatch.
//! - [`Error`] is what they return; a [`dynamorm::Error`] becomes one by `?`.
//! - with the feature `openapi`, `App::openapi` serves what handlers say of themselves.
//! - [`testing`] sends requests and Lambda events to an app without a socket.

mod app;
mod auth;
mod config;
mod error;
pub mod event;
mod extract;
mod hash;
mod health;
mod idempotency;
mod lambda;
mod logging;
mod metrics;
mod middleware;
#[cfg(feature = "openapi")]
mod openapi;
mod rate_limit;
mod run;
pub mod testing;

pub use app::App;
#[cfg(feature = "jwt")]
pub use auth::jwt::{Jwt, Keys, Signing};
pub use auth::{Claims, Require, Required, require_role, require_scope};
pub use config::{Config, LogFormat};
pub use error::{BoxError, Error, FieldError, Result};
pub use extract::{Connection, Ctx, InvalidTenantId, Page, TenantDb, TenantId, Valid, ValidQuery};
pub use idempotency::{Idempotency, Idempotent};
pub use metrics::{Metrics, Unit};
pub use rate_limit::{Per, RateLimit, RateLimited};
pub use run::run;

/// The utoipa that describes routes, and its router: name them through here and there is only one version of them.
#[cfg(feature = "openapi")]
pub use {utoipa, utoipa_axum};

/// The axum that this crate is built on: name it through here and there is only one version of it.
pub use axum;
