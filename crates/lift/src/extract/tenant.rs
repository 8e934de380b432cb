//! [`TenantId`]: on whose behalf a request is made. Where it comes from is decided in `middleware/arrival.rs`, once.

use crate::error::Error;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderName};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest tenant id, in characters.
const MAX_CHARS: usize = 256;

/// Says on whose behalf the request is made: verified, never taken from a client's word.
///
/// As an extractor it answers 401 if no tenant is known; take `Option<TenantId>` where that is fine. It comes from, in
/// this order: [`TestRequest::tenant`](crate::testing::TestRequest::tenant) or a layer that put one into the request's
/// extensions; the claims that API Gateway's authorizer verified ([`Config::tenant_claim`](crate::Config::tenant_claim));
/// Lambda's tenant isolation mode; and, outside Lambda only, the header named by
/// [`Config::trust_tenant_header`](crate::Config::trust_tenant_header).
///
/// # Example
///
/// ```
/// use lift::TenantId;
///
/// async fn whoami(tenant: TenantId) -> String {
///     format!("you are {tenant}")
/// }
///
/// let tenant: TenantId = "acme".parse()?;
/// assert_eq!(tenant.as_str(), "acme");
/// assert!("".parse::<TenantId>().is_err());
/// # Ok::<(), lift::InvalidTenantId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

/// Says why a text is not a [`TenantId`]: it is empty, over 256 characters, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTenantId;

impl TenantId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = InvalidTenantId;

    fn from_str(text: &str) -> Result<Self, InvalidTenantId> {
        let fits =
            !text.is_empty() && text.chars().count() <= MAX_CHARS && !text.chars().any(char::is_control);
        if fits { Ok(Self(Arc::from(text))) } else { Err(InvalidTenantId) }
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;

    fn try_from(text: String) -> Result<Self, InvalidTenantId> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(tenant: TenantId) -> Self {
        tenant.0.as_ref().to_owned()
    }
}

impl AsRef<str> for TenantId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for TenantId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<String> for TenantId {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<TenantId> for String {
    fn eq(&self, other: &TenantId) -> bool {
        self == other.as_str()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for InvalidTenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a tenant id has 1 to {MAX_CHARS} characters and no control characters")
    }
}

impl std::error::Error for InvalidTenantId {}

/// The header that this request could have said its tenant in.
#[derive(Debug, Clone)]
pub(crate) struct TrustedHeader(pub(crate) HeaderName);

/// The answer where a tenant is demanded and none is known.
pub(crate) fn tenant_required(extensions: &Extensions) -> Error {
    match extensions.get::<TrustedHeader>() {
        Some(TrustedHeader(header)) => {
            Error::unauthorized(format!("a tenant is required: send it in the header `{header}`"))
        }
        None => Error::unauthorized("a tenant is required"),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TenantId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        parts.extensions.get::<TenantId>().cloned().ok_or_else(|| tenant_required(&parts.extensions))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for TenantId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<TenantId>().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_id_is_not_empty_not_long_and_has_no_control_characters() {
        assert!("é".repeat(MAX_CHARS).parse::<TenantId>().is_ok());
        for bad in ["", "a\nb", "a\0", &"x".repeat(MAX_CHARS + 1)] {
            assert_eq!(bad.parse::<TenantId>(), Err(InvalidTenantId));
        }
    }

    #[test]
    fn a_tenant_id_is_a_string_in_json_and_is_checked_when_read() {
        let tenant: TenantId = serde_json::from_str("\"acme\"").unwrap();
        assert_eq!(serde_json::to_string(&tenant).unwrap(), "\"acme\"");
        assert!(serde_json::from_str::<TenantId>("\"\"").is_err());
    }
}
