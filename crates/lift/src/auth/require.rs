//! Layers that let only some pass: by role or by scope.

use super::{Identity, sign_in};
use crate::error::Error;
use crate::extract::Ctx;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::{Either, Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// What a user must have: what [`require_role`] and [`require_scope`] make.
#[derive(Debug, Clone)]
pub struct Require {
    what: What,
    word: Arc<str>,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Role,
    Scope,
}

/// Lets a request pass only if its user has this role: 401 without a verified user, 403 without the role.
///
/// Roles are in the claim that [`Config::role_claim`](crate::Config::role_claim) names: a list, or text with spaces between.
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::delete};
/// use lift::testing::TestApp;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let routes = Router::new().route("/users/{id}", delete(|| async {})).route_layer(lift::require_role("admin"));
/// let app = TestApp::new(lift::App::new().routes(routes));
///
/// let admin = serde_json::json!({"sub": "u1", "roles": ["admin"]});
/// assert_eq!(app.delete("/users/u2").claims(&admin).send().await.status, 200);
/// assert_eq!(app.delete("/users/u2").user("u1").send().await.status, 403);
/// assert_eq!(app.delete("/users/u2").send().await.status, 401);
/// # }
/// ```
#[must_use]
pub fn require_role(role: &str) -> Require {
    Require { what: What::Role, word: Arc::from(role) }
}

/// Lets a request pass only if its token has this scope, by the claims `scope` or `scp`: 401 without a verified token, 403 without
/// the scope.
///
/// # Example
///
/// ```
/// use lift::axum::{Router, routing::post};
/// use lift::testing::TestApp;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let routes = Router::new().route("/users", post(|| async {})).route_layer(lift::require_scope("users:write"));
/// let app = TestApp::new(lift::App::new().routes(routes));
///
/// let claims = serde_json::json!({"scope": "users:read users:write"});
/// assert_eq!(app.post("/users").claims(&claims).send().await.status, 200);
/// assert_eq!(app.post("/users").user("u1").send().await.status, 403);
/// # }
/// ```
#[must_use]
pub fn require_scope(scope: &str) -> Require {
    Require { what: What::Scope, word: Arc::from(scope) }
}

impl Require {
    fn check(&self, request: &Request) -> Result<(), Error> {
        let identity = Identity::of(request.extensions()).ok_or_else(sign_in)?;
        let held = match self.what {
            What::Role => {
                let claim = request.extensions().get::<Ctx>().map_or("roles", |ctx| &ctx.role_claim);
                identity.holds(claim, &self.word)
            }
            What::Scope => ["scope", "scp"].into_iter().any(|claim| identity.holds(claim, &self.word)),
        };
        if held { Ok(()) } else { Err(Error::authorization("the user may not do this")) }
    }
}

impl<S> Layer<S> for Require {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Required<S> {
        Required { require: self.clone(), inner }
    }
}

/// A service that only some may use: what the layers of [`require_role`] and [`require_scope`] make.
#[derive(Debug, Clone)]
pub struct Required<S> {
    require: Require,
    inner: S,
}

impl<S: Service<Request, Response = Response>> Service<Request> for Required<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match self.require.check(&request) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(error) => Either::Right(ready(Ok(error.into_response()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_is_a_whole_word_of_a_list_or_of_a_text() {
        let holds = |roles: serde_json::Value| {
            let claims = serde_json::Map::from_iter([("roles".to_owned(), roles)]);
            Identity::new(claims).holds("roles", "admin")
        };
        for yes in [
            json!(["admin"]),
            json!("admin"),
            json!("user admin"),
            json!("[user admin]"),
            json!("user,admin"),
        ] {
            assert!(holds(yes.clone()), "{yes}");
        }
        for no in [
            json!([]),
            json!(""),
            json!("administrator"),
            json!(["Admin"]),
            json!(true),
            json!({"admin": 1}),
            json!(null),
        ] {
            assert!(!holds(no.clone()), "{no}");
        }
    }
}
