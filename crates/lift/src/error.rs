//! The one error of this crate and the one body it becomes: RFC 9457 with a `code`, a `request_id` and field errors.
//!
//! How a database error becomes one is in `error/dynamorm.rs`. How an answer that is not ours (a 404 of the router, a
//! rejection of an extractor) gets the same body is in `middleware/errors.rs`. Start at [`Error`].

mod dynamorm;

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Any error, boxed: what [`run`](crate::run) and [`Error::internal`] take and give.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The content type of every error body.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Says what goes to the client instead of the answer: a status, a code for programs, a message for people.
///
/// Return it from a handler. Its message and its field errors are sent; its source is logged, with the request id, and
/// never sent. The body is RFC 9457 (`application/problem+json`):
///
/// ```json
/// {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "user not found",
///  "code": "NOT_FOUND", "request_id": "01a206cf-3bf0-7e8c-9d0e-6f1b2c3d4e5f"}
/// ```
///
/// Codes: `BAD_REQUEST`, `INVALID_JSON`, `INVALID_CURSOR`, `UNAUTHORIZED`, `AUTHORIZATION_ERROR`, `NOT_FOUND`,
/// `METHOD_NOT_ALLOWED`, `CONFLICT`, `CONDITION_FAILED`, `NOT_UNIQUE`, `PAYLOAD_TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`,
/// `VALIDATION_ERROR`, `RATE_LIMITED`, `INTERNAL`, `DATABASE_ERROR`, `UNAVAILABLE`, `TIMEOUT`; and your own.
///
/// # Example
///
/// ```
/// use lift::{Error, Result};
///
/// fn must_be_owner(owner: &str, caller: &str) -> Result<()> {
///     if owner == caller { Ok(()) } else { Err(Error::authorization("access denied")) }
/// }
/// assert_eq!(must_be_owner("a", "b").unwrap_err().status(), 403);
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    status: StatusCode,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// Says what is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Where: `email`, `address.city`, `users[3].email`. Empty if it is about the body as a whole.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl FieldError {
    /// Makes one.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Error {
    /// Makes an error with a status and a code of your own; the code is for programs, so keep it stable.
    ///
    /// # Example
    ///
    /// ```
    /// use lift::axum::http::StatusCode;
    /// let error = lift::Error::new(StatusCode::PAYMENT_REQUIRED, "NO_CREDITS", "buy credits first");
    /// assert_eq!(error.code(), "NO_CREDITS");
    /// ```
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            code: code.into(),
            message: message.into(),
            errors: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// 400 `BAD_REQUEST`: the request cannot be understood.
    ///
    /// ```
    /// let error = lift::Error::bad_request("say what is wrong");
    /// assert_eq!((error.status().as_u16(), error.code()), (400, "BAD_REQUEST"));
    /// ```
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::BAD_REQUEST, message)
    }

    /// 401 `UNAUTHORIZED`: who is asking is not known.
    ///
    /// ```
    /// let error = lift::Error::unauthorized("say what is wrong");
    /// assert_eq!((error.status().as_u16(), error.code()), (401, "UNAUTHORIZED"));
    /// ```
    pub fn unauthorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::UNAUTHORIZED, message)
    }

    /// 403 `AUTHORIZATION_ERROR`: who is asking is known, and may not.
    pub fn authorization(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::FORBIDDEN, message)
    }

    /// 404 `NOT_FOUND`.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::NOT_FOUND, message)
    }

    /// 409 `CONFLICT`: the request does not fit the state of things.
    ///
    /// ```
    /// let error = lift::Error::conflict("say what is wrong");
    /// assert_eq!((error.status().as_u16(), error.code()), (409, "CONFLICT"));
    /// ```
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::CONFLICT, message)
    }

    /// 422 `VALIDATION_ERROR`: understood, and not acceptable. [`Error::with_errors`] names the fields.
    pub fn validation(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 429 `RATE_LIMITED`. [`Error::with_retry_after`] says when to come back.
    ///
    /// ```
    /// use std::time::Duration;
    /// let error = lift::Error::rate_limited("slow down").with_retry_after(Duration::from_secs(5));
    /// assert_eq!(error.status(), 429);
    /// ```
    pub fn rate_limited(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_status(StatusCode::TOO_MANY_REQUESTS, message)
    }

    /// 500 `INTERNAL`: the source is logged, the client reads "internal error" and nothing else.
    ///
    /// If a lift [`Error`] is among the sources (somebody wrapped it on the way up), that one is the answer: wrapping a
    /// 404 does not make it a 500.
    ///
    /// # Example
    ///
    /// ```
    /// let parsed: Result<u8, lift::Error> = "x".parse::<u8>().map_err(lift::Error::internal);
    /// assert_eq!(parsed.unwrap_err().to_string(), "internal error");
    ///
    /// let wrapped = std::io::Error::other(lift::Error::not_found("user not found"));
    /// assert_eq!(lift::Error::internal(wrapped).status(), 404);
    /// ```
    pub fn internal(source: impl Into<BoxError>) -> Self {
        let source = source.into();
        match find_among_sources(&*source) {
            Some(ours) => ours.clone(),
            None => {
                Self::with_status(StatusCode::INTERNAL_SERVER_ERROR, "internal error").with_source(source)
            }
        }
    }

    /// Adds why it happened: logged with the request id, never sent.
    ///
    /// ```
    /// let error = lift::Error::conflict("the order is paid").with_source("payment p1 was found");
    /// assert_eq!(error.to_string(), "the order is paid");
    /// ```
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds what is wrong with each field; sent as `errors`.
    ///
    /// ```
    /// use lift::{Error, FieldError};
    /// let error = Error::validation("the order is not valid").with_errors(vec![FieldError::new("total", "must be above 0")]);
    /// assert_eq!(error.errors()[0].field, "total");
    /// ```
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// Adds when to try again; sent as the `Retry-After` header, in whole seconds rounded up.
    ///
    /// ```
    /// use std::time::Duration;
    /// let error = lift::Error::conflict("the stock is being counted").with_retry_after(Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code for programs, such as `NOT_FOUND`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// What is wrong with each field; empty for most errors.
    ///
    /// ```
    /// use lift::{Error, FieldError};
    /// let error = Error::validation("no").with_errors(vec![FieldError::new("name", "is too long")]);
    /// assert_eq!(error.errors().len(), 1);
    /// ```
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Makes an error with the usual code of a status.
    pub(crate) fn with_status(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(status, code_of(status), message)
    }

    /// The answer, its body carrying the request id if there is one.
    pub(crate) fn to_response(&self, request_id: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(wait) = self.0.retry_after {
            let whole_seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds));
        }
        (self.0.status, headers, self.to_body(request_id)).into_response()
    }

    /// The RFC 9457 body.
    pub(crate) fn to_body(&self, request_id: Option<&str>) -> String {
        let problem = Problem {
            kind: "about:blank",
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.message,
            code: &self.0.code,
            errors: &self.0.errors,
            request_id,
        };
        // Only strings and numbers are in it, so this cannot fail; a body is less important than an answer.
        serde_json::to_string(&problem).unwrap_or_default()
    }
}

/// What every error answers: RFC 9457, and a code for programs.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Problem<'a> {
    /// `about:blank`: the status says what it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong, for people.
    detail: &'a str,
    /// What is wrong, for programs: `NOT_FOUND`.
    code: &'a str,
    /// What is wrong with each field.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    errors: &'a [FieldError],
    /// By which the request is found in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// The code that goes with a status when nobody chose another.
pub(crate) fn code_of(status: StatusCode) -> Cow<'static, str> {
    Cow::Borrowed(match status {
        StatusCode::BAD_REQUEST => "BAD_REQUEST",
        StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
        StatusCode::FORBIDDEN => "AUTHORIZATION_ERROR",
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::METHOD_NOT_ALLOWED => "METHOD_NOT_ALLOWED",
        StatusCode::CONFLICT => "CONFLICT",
        StatusCode::PAYLOAD_TOO_LARGE => "PAYLOAD_TOO_LARGE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UNSUPPORTED_MEDIA_TYPE",
        StatusCode::UNPROCESSABLE_ENTITY => "VALIDATION_ERROR",
        StatusCode::TOO_MANY_REQUESTS => "RATE_LIMITED",
        StatusCode::INTERNAL_SERVER_ERROR => "INTERNAL",
        StatusCode::SERVICE_UNAVAILABLE => "UNAVAILABLE",
        StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => "TIMEOUT",
        other => {
            let reason = other.canonical_reason().unwrap_or("Error");
            return Cow::Owned(reason.to_uppercase().replace([' ', '-'], "_").replace('\'', ""));
        }
    })
}

fn find_among_sources<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(ours) = error.downcast_ref::<Error>() {
            return Some(ours);
        }
        // `io::Error` gives the source of what it wraps, not what it wraps.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

impl IntoResponse for Error {
    /// The answer without a request id; the default stack of [`App`](crate::App) finds the error in the response's
    /// extensions, logs its source and adds the id.
    fn into_response(self) -> Response {
        let mut response = self.to_response(None);
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Error");
        debug.field("status", &self.0.status.as_u16()).field("code", &self.0.code);
        debug.field("message", &self.0.message);
        if !self.0.errors.is_empty() {
            debug.field("errors", &self.0.errors);
        }
        if let Some(source) = &self.0.source {
            debug.field("source", source);
        }
        debug.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        let message = rejection.body_text();
        match rejection {
            JsonRejection::JsonSyntaxError(_) => Self::new(StatusCode::BAD_REQUEST, "INVALID_JSON", message),
            other => Self::with_status(other.status(), message),
        }
    }
}

impl From<BytesRejection> for Error {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::with_status(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
            }
            status => Self::with_status(status, "the body could not be read"),
        }
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        match rejection.status() {
            // A path extractor that does not fit its route is our mistake, not the client's.
            status if status.is_server_error() => Self::internal(rejection),
            status => Self::with_status(status, rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::with_status(rejection.status(), rejection.body_text())
    }
}
