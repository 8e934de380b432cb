//! What the client is told when the database fails. Nothing of a database error's own text is ever sent.

use super::Error;
use axum::http::StatusCode;
use dynamorm::ErrorKind;
use std::time::Duration;

/// How long a client should wait when the database is short of capacity.
const BREATHER: Duration = Duration::from_secs(1);

/// What a database error says about itself.
#[derive(Clone, Copy)]
struct Facts {
    kind: ErrorKind,
    invalid_start_key: bool,
    condition_failed: bool,
    value_taken: bool,
    conflict: bool,
    throttled: bool,
}

/// Makes an answer of a database error, so that `?` works on every database call in a handler.
///
/// | database error | answer |
/// |---|---|
/// | not found | 404 `NOT_FOUND` |
/// | condition failed, in a transaction too | 409 `CONDITION_FAILED` |
/// | value of a unique attribute taken, in a transaction too | 409 `NOT_UNIQUE` |
/// | transaction conflict | 409 `CONFLICT` |
/// | deadline of the request passed | 504 `TIMEOUT` |
/// | lease held by another | 409 `LEASE_HELD` |
/// | lease lost | 409 `LEASE_LOST` |
/// | throttled | 429 `RATE_LIMITED`, `Retry-After: 1` |
/// | batch with unprocessed writes | 503 `UNAVAILABLE`, `Retry-After: 1` |
/// | start key altered or of another query | 400 `INVALID_CURSOR` |
/// | invalid request | 400 `BAD_REQUEST` |
/// | all others | 500 `DATABASE_ERROR` |
///
/// The database error becomes the source: logged, never sent. For another answer, match before the `?`.
impl From<dynamorm::Error> for Error {
    fn from(error: dynamorm::Error) -> Self {
        let facts = Facts {
            kind: error.kind(),
            invalid_start_key: error.is_invalid_start_key(),
            condition_failed: error.is_condition_failed(),
            // A read that finds more than one item is no fault of the client's.
            value_taken: error.unique_attribute().is_some(),
            conflict: error.is_conflict(),
            throttled: error.is_throttled(),
        };
        answer(facts).with_source(error)
    }
}

/// A transaction can fail for several reasons at once: the one that will not go away by trying again comes first.
fn answer(facts: Facts) -> Error {
    if facts.invalid_start_key {
        return Error::new(
            StatusCode::BAD_REQUEST,
            "INVALID_CURSOR",
            "the cursor is not valid for this list",
        );
    }
    if facts.condition_failed {
        return Error::new(StatusCode::CONFLICT, "CONDITION_FAILED", "a condition was not met");
    }
    if facts.value_taken {
        return Error::new(StatusCode::CONFLICT, "NOT_UNIQUE", "the value is taken");
    }
    if facts.conflict {
        return Error::conflict("another request was changing the same item");
    }
    if facts.throttled {
        return Error::rate_limited("too many requests").with_retry_after(BREATHER);
    }
    match facts.kind {
        ErrorKind::NotFound => Error::not_found("not found"),
        ErrorKind::InvalidRequest => Error::bad_request("the request is not valid"),
        ErrorKind::DeadlineExceeded => {
            Error::with_status(StatusCode::GATEWAY_TIMEOUT, "the request took too long")
        }
        ErrorKind::LeaseHeld => {
            Error::new(StatusCode::CONFLICT, "LEASE_HELD", "another is doing the same at the moment")
        }
        ErrorKind::LeaseLost => {
            Error::new(StatusCode::CONFLICT, "LEASE_LOST", "another has taken this over meanwhile")
        }
        ErrorKind::Unprocessed => {
            Error::with_status(StatusCode::SERVICE_UNAVAILABLE, "some of the writes were not done")
                .with_retry_after(BREATHER)
        }
        _ => Error::new(StatusCode::INTERNAL_SERVER_ERROR, "DATABASE_ERROR", "the database request failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::RETRY_AFTER;
    use std::error::Error as _;

    fn of(kind: ErrorKind) -> Facts {
        Facts {
            kind,
            invalid_start_key: false,
            condition_failed: false,
            value_taken: false,
            conflict: false,
            throttled: false,
        }
    }

    fn told(facts: Facts) -> (u16, String, bool) {
        let error = answer(facts);
        let retry = error.to_response(None).headers().contains_key(RETRY_AFTER);
        (error.status().as_u16(), error.code().to_owned(), retry)
    }

    #[test]
    fn each_kind_has_its_status_and_code() {
        let table = [
            (of(ErrorKind::NotFound), 404, "NOT_FOUND", false),
            (
                Facts { condition_failed: true, ..of(ErrorKind::ConditionFailed) },
                409,
                "CONDITION_FAILED",
                false,
            ),
            (
                Facts { condition_failed: true, ..of(ErrorKind::TransactionCanceled) },
                409,
                "CONDITION_FAILED",
                false,
            ),
            (Facts { value_taken: true, ..of(ErrorKind::NotUnique) }, 409, "NOT_UNIQUE", false),
            (Facts { value_taken: true, ..of(ErrorKind::TransactionCanceled) }, 409, "NOT_UNIQUE", false),
            (Facts { conflict: true, ..of(ErrorKind::TransactionCanceled) }, 409, "CONFLICT", false),
            (of(ErrorKind::DeadlineExceeded), 504, "TIMEOUT", false),
            (of(ErrorKind::LeaseHeld), 409, "LEASE_HELD", false),
            (of(ErrorKind::LeaseLost), 409, "LEASE_LOST", false),
            (Facts { throttled: true, ..of(ErrorKind::Throttled) }, 429, "RATE_LIMITED", true),
            (of(ErrorKind::Unprocessed), 503, "UNAVAILABLE", true),
            (
                Facts { invalid_start_key: true, ..of(ErrorKind::InvalidRequest) },
                400,
                "INVALID_CURSOR",
                false,
            ),
            (of(ErrorKind::InvalidRequest), 400, "BAD_REQUEST", false),
            (of(ErrorKind::TransactionCanceled), 500, "DATABASE_ERROR", false),
            (of(ErrorKind::NotUnique), 500, "DATABASE_ERROR", false),
            (of(ErrorKind::Codec), 500, "DATABASE_ERROR", false),
            (of(ErrorKind::TableNotFound), 500, "DATABASE_ERROR", false),
            (of(ErrorKind::AccessDenied), 500, "DATABASE_ERROR", false),
            (of(ErrorKind::Transport), 500, "DATABASE_ERROR", false),
            (of(ErrorKind::Service), 500, "DATABASE_ERROR", false),
        ];
        for (facts, status, code, retry) in table {
            assert_eq!(told(facts), (status, code.to_owned(), retry), "{:?}", facts.kind);
        }
    }

    #[test]
    fn a_failed_condition_outranks_a_conflict_because_trying_again_will_not_help() {
        let both = Facts {
            condition_failed: true,
            value_taken: true,
            conflict: true,
            throttled: true,
            ..of(ErrorKind::TransactionCanceled)
        };
        assert_eq!(told(both).1, "CONDITION_FAILED");
    }

    #[test]
    fn the_database_error_is_the_source_and_its_text_is_not_in_the_body() {
        let database = "".parse::<dynamorm::StartKey>().unwrap_err();
        let text = database.to_string();
        let error = Error::from(database);
        assert_eq!(error.code(), "INVALID_CURSOR");
        assert_eq!(error.source().unwrap().to_string(), text);
        assert!(!error.to_body(None).contains(&text));
    }
}
