//! [`Valid`] and [`ValidQuery`]: read, checked, and refused with every field named.

use super::fields::{self, Decoded};
use crate::error::{Error, FieldError, Result};
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use garde::Validate;
use serde::de::DeserializeOwned;

/// Reads a JSON body and checks it with [garde](https://docs.rs/garde).
///
/// All that is wrong is reported at once, up to 100 mistakes: fields of a wrong type, missing fields, and the rules they break, as
/// `users[3].email`. The answers: 415 unless the content type is JSON, 413 if the body is too large, 400 `INVALID_JSON`
/// if it is not JSON, 422 `VALIDATION_ERROR` with `errors` for the rest.
///
/// What surprises: garde names fields as Rust does, so a field with `#[serde(rename)]` has its Rust name when a rule is
/// broken. A rule that compares two fields may also complain when one of them has a wrong type. Unknown members are
/// ignored unless the type says `#[serde(deny_unknown_fields)]`. serde reads a struct from an array of its fields too. In a body over 64 KiB the first wrong type ends the
/// search.
///
/// # Example
///
/// ```
/// use garde::Validate;
/// use lift::Valid;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Validate)]
/// struct CreateUser {
///     #[garde(email)]
///     email: String,
///     #[garde(length(min = 1))]
///     name: String,
/// }
///
/// async fn create(Valid(user): Valid<CreateUser>) -> String {
///     format!("hello {}", user.name)
/// }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Valid<T>(pub T);

/// The most mistakes that one answer names: more help nobody, and Lambda cannot send an answer over 6 MB.
const MAX_ERRORS: usize = 100;

/// Reads the query string and checks it with [garde](https://docs.rs/garde).
///
/// 422 `VALIDATION_ERROR` with `errors` if a parameter is missing, has a wrong type or breaks a rule. A missing or
/// mistyped parameter is reported alone, broken rules all at once.
///
/// # Example
///
/// ```
/// use garde::Validate;
/// use lift::ValidQuery;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Validate)]
/// struct ByEmail {
///     #[garde(email)]
///     email: String,
/// }
///
/// async fn find(ValidQuery(by): ValidQuery<ByEmail>) -> String {
///     by.email
/// }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ValidQuery<T>(pub T);

impl<T, S> FromRequest<S> for Valid<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Error::with_status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "expected a body with `content-type: application/json`",
            ));
        }
        let body = Bytes::from_request(request, state).await?;
        match fields::decode::<T>(&body) {
            Decoded::Value(value) => match broken_rules(&value) {
                errors if errors.is_empty() => Ok(Self(value)),
                errors => Err(failed(errors)),
            },
            Decoded::NotJson(message) => Err(Error::new(StatusCode::BAD_REQUEST, "INVALID_JSON", message)),
            Decoded::Wrong { mut errors, rest } => {
                if let Some(rest) = rest {
                    let broken = broken_rules(&rest.value);
                    errors.extend(broken.into_iter().filter(|error| !rest.is_made_up(&error.field)));
                }
                Err(failed(errors))
            }
        }
    }
}

impl<T, S> FromRequestParts<S> for ValidQuery<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let Query(value) =
            Query::<T>::try_from_uri(&parts.uri).map_err(|rejection| failed(vec![named(&rejection)]))?;
        match broken_rules(&value) {
            errors if errors.is_empty() => Ok(Self(value)),
            errors => Err(failed(errors)),
        }
    }
}

fn failed(mut errors: Vec<FieldError>) -> Error {
    errors.truncate(MAX_ERRORS);
    Error::validation("the request is not valid").with_errors(errors)
}

fn broken_rules<T: Validate<Context = ()>>(value: &T) -> Vec<FieldError> {
    match value.validate() {
        Ok(()) => Vec::new(),
        Err(report) => {
            report.iter().map(|(path, error)| FieldError::new(path.to_string(), error.message())).collect()
        }
    }
}

/// Finds the parameter's name in axum's rejection, whose text has it too, but in a sentence.
fn named(rejection: &QueryRejection) -> FieldError {
    let mut source = std::error::Error::source(rejection);
    while let Some(error) = source {
        if let Some(tracked) = error.downcast_ref::<serde_path_to_error::Error<serde::de::value::Error>>() {
            return fields::field_error(tracked.path(), &tracked.inner().to_string());
        }
        source = error.source();
    }
    FieldError::new("", rejection.body_text())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn json_content_types_are_told_from_others() {
        let with = |value: &'static str| {
            is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(value))]))
        };
        assert!(with("application/json"));
        assert!(with("Application/JSON; charset=utf-8"));
        assert!(with("application/merge-patch+json"));
        assert!(!with("text/plain"));
        assert!(!with("application/jsonp"));
        assert!(!with(""));
        assert!(!is_json(&HeaderMap::new()));
    }
}
