//! [`Page`]: which part of a list is asked for, `?limit=` and `?cursor=`.

use crate::error::{Error, FieldError, Result};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use dynamorm::StartKey;

/// Says which page of a list is asked for: `?limit=20&cursor=…`.
///
/// `limit` is 20 unless given, and brought into 1 to 100; 400 `BAD_REQUEST` if it is not a whole number. `cursor` is
/// what an earlier page gave as the next one; 400 `INVALID_CURSOR` if it cannot be one. An empty one is none.
///
/// # Example
///
/// ```
/// use lift::Page;
///
/// async fn list(page: Page) -> String {
///     // db.query::<User>().key(..).limit(page.limit).start_key(page.cursor).page().await?
///     format!("{} items from {:?}", page.limit, page.cursor)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many items at most, 1 to 100.
    pub limit: u32,
    /// Where to go on, as [`dynamorm::StartKey`] printed it.
    pub cursor: Option<StartKey>,
}

impl Page {
    /// The limit of a request that gives none.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// The highest limit; a request for more gets this many.
    pub const MAX_LIMIT: u32 = 100;
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)?;
        let find =
            |name| pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value);
        let limit = find("limit").map_or(Ok(Self::DEFAULT_LIMIT), |text| limit_from(text))?;
        let cursor = find("cursor").map(|text| text.parse::<StartKey>()).transpose()?;
        Ok(Self { limit, cursor })
    }
}

fn limit_from(text: &str) -> Result<u32> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let named = FieldError::new("limit", "expected a whole number");
        return Err(Error::bad_request("the query is not valid").with_errors(vec![named]));
    }
    // Only digits are left, so what does not fit is too large.
    let number = if negative { 0 } else { digits.parse().unwrap_or(u32::MAX) };
    Ok(number.clamp(1, Page::MAX_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_out_of_range_is_brought_into_it() {
        for (text, limit) in
            [("1", 1), ("100", 100), ("0", 1), ("-3", 1), ("101", 100), ("99999999999999999999", 100)]
        {
            assert_eq!(limit_from(text).unwrap(), limit, "{text}");
        }
    }

    #[test]
    fn a_limit_that_is_no_whole_number_is_refused_by_name() {
        for text in ["abc", "1.5", "-", "１", "+1", " 1"] {
            let error = limit_from(text).unwrap_err();
            assert_eq!((error.code(), error.errors()[0].field.as_str()), ("BAD_REQUEST", "limit"), "{text}");
        }
    }
}
