//! Who makes a request, as far as somebody verified it: claims, roles and scopes.
//!
//! API Gateway's authorizer or, with the feature `jwt`, this process verifies a token: `auth/jwt.rs`. Which of them counts is
//! decided once, in `middleware/arrival.rs`. Here is what handlers and layers are told.

#[cfg(feature = "jwt")]
pub(crate) mod jwt;
mod require;

pub use require::{Require, Required, require_role, require_scope};

use crate::error::Error;
use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What was verified of a request's sender.
#[derive(Debug, Clone)]
pub(crate) struct Identity(Arc<Map<String, Value>>);

impl Identity {
    pub(crate) fn new(claims: Map<String, Value>) -> Self {
        Self(Arc::new(claims))
    }

    /// That of a request, if anything was verified.
    pub(crate) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    pub(crate) fn claim(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.claim("sub")?.as_str().filter(|subject| !subject.is_empty())
    }

    /// True if the claim holds this word: it is a list, or text with words between spaces. API Gateway gives a list as
    /// `[admin users]`.
    fn holds(&self, claim: &str, word: &str) -> bool {
        match self.claim(claim) {
            Some(Value::Array(words)) => words.iter().any(|held| held.as_str() == Some(word)),
            Some(Value::String(words)) => {
                let words =
                    words.strip_prefix('[').and_then(|words| words.strip_suffix(']')).unwrap_or(words);
                words.split([' ', ',']).any(|held| held == word)
            }
            _ => false,
        }
    }
}

/// The claims that were verified, read as `T`.
///
/// They come from API Gateway's authorizer, whichever kind it is, or from a token that the app verified (feature `jwt`). 401 if
/// there are none, or if they are not a `T`. What surprises: API Gateway gives all claims as text, numbers too.
///
/// # Example
///
/// ```
/// use lift::Claims;
/// use lift::axum::{Router, routing::get};
/// use lift::testing::TestApp;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Me {
///     sub: String,
///     email: String,
/// }
///
/// async fn me(Claims(me): Claims<Me>) -> String {
///     format!("{} is {}", me.sub, me.email)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let app = TestApp::new(lift::App::new().routes(Router::new().route("/me", get(me))));
/// let claims = serde_json::json!({"sub": "u1", "email": "ada@example.com"});
/// assert_eq!(app.get("/me").claims(&claims).send().await.text(), "u1 is ada@example.com");
/// assert_eq!(app.get("/me").send().await.status, 401);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Claims<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Claims<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let identity = Identity::of(&parts.extensions).ok_or_else(sign_in)?;
        let claims = Value::Object(identity.0.as_ref().clone());
        // serde's words may hold the claims.
        serde_json::from_value(claims)
            .map(Self)
            .map_err(|_| Error::unauthorized("the token is not for this service"))
    }
}

fn sign_in() -> Error {
    Error::unauthorized("this request needs a verified user")
}
