//! Failures of a transport to this crate's errors: DynamoDB's codes to kinds, and the facts that come with them.

use super::{Failure, ServiceError};
use crate::codec::{CodecError, Reader};
use crate::error::{CancelCode, Cancellation, Error, ErrorKind};
use bytes::Bytes;

/// The error that a failed call is.
pub(crate) fn error(failure: Failure) -> Error {
    match failure {
        Failure::Service(service) => of_service(service),
        Failure::NoResponse(source) => {
            Error::new(ErrorKind::Transport, "no response: it may or may not have been carried out")
                .with_source(source)
        }
        Failure::Refused(why) => Error::invalid(why),
    }
}

fn of_service(service: ServiceError) -> Error {
    let (kind, text) = match service.code.as_str() {
        "ConditionalCheckFailedException" => (ErrorKind::ConditionFailed, "the condition was not met"),
        // DynamoDB Local leaves the last word out.
        "DuplicateItemException" | "DuplicateItem" => {
            (ErrorKind::ConditionFailed, "the item to insert exists already")
        }
        "TransactionCanceledException" => (ErrorKind::TransactionCanceled, "the transaction was cancelled"),
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
            (ErrorKind::Throttled, "the rate of requests is over the limit")
        }
        "ResourceNotFoundException" => (ErrorKind::TableNotFound, "the table, or the index, does not exist"),
        "TransactionConflictException" | "ReplicatedWriteConflictException" => {
            (ErrorKind::Conflict, "another request was writing the same item")
        }
        // An earlier attempt of the same call, or of one with its token, may still write everything.
        "TransactionInProgressException" => (
            ErrorKind::Transport,
            "the same transaction is still in progress: it may or may not have been carried out",
        ),
        "IdempotentParameterMismatchException" => {
            (ErrorKind::InvalidRequest, "the token was used for another transaction before")
        }
        "ItemCollectionSizeLimitExceededException" => {
            (ErrorKind::InvalidRequest, "the item collection would be over 10 GB")
        }
        "ValidationException" | "SerializationException" => {
            (ErrorKind::InvalidRequest, "DynamoDB refused it as invalid; `service_message()` has its reason")
        }
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnrecognizedClientException" => (ErrorKind::AccessDenied, "the credentials do not allow it"),
        "TrimmedDataAccessException" => {
            (ErrorKind::Service, "records of the stream are gone that were not read: it keeps them for a day")
        }
        "ExpiredIteratorException" => (ErrorKind::Service, "the shard iterator is older than 15 minutes"),
        "ResourceInUseException" => (ErrorKind::Service, "the table exists already, or is being changed"),
        _ => (ErrorKind::Service, "DynamoDB failed; `service_code()` has its error code"),
    };
    let (item, cancellations) = details(&service.body).unwrap_or_default();
    Error::new(kind, text).with_item(item).with_cancellations(cancellations).with_service(service)
}

/// What an error's body tells besides its code: the old item, and why a transaction was cancelled.
fn details(body: &Bytes) -> Result<(Option<Bytes>, Vec<Cancellation>), CodecError> {
    let (mut item, mut cancellations) = (None, Vec::new());
    let mut reader = Reader::new(body)?;
    reader.object(|reader, name| {
        match name {
            "Item" if !reader.is_null() => item = Some(body.slice_ref(reader.raw()?.as_bytes())),
            "CancellationReasons" if !reader.is_null() => {
                let mut operation = 0;
                reader.array(|reader| {
                    if let Some(cancellation) = reason(reader, body, operation)? {
                        cancellations.push(cancellation);
                    }
                    operation += 1;
                    Ok(())
                })?;
            }
            // A null was read by its guard.
            "Item" | "CancellationReasons" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((item, cancellations))
}

/// Reads one reason; those of operations that were not at fault have the code `None`.
fn reason(
    reader: &mut Reader<'_>,
    body: &Bytes,
    operation: usize,
) -> Result<Option<Cancellation>, CodecError> {
    let (mut code, mut item) = (None, None);
    reader.object(|reader, name| {
        match name {
            "Code" if !reader.is_null() => {
                code = match reader.string()?.as_ref() {
                    "None" => None,
                    "ConditionalCheckFailed" | "DuplicateItem" => Some(CancelCode::ConditionFailed),
                    "TransactionConflict" => Some(CancelCode::Conflict),
                    "ProvisionedThroughputExceeded" | "ThrottlingError" => Some(CancelCode::Throttled),
                    "ItemCollectionSizeLimitExceeded" => Some(CancelCode::ItemCollectionSizeLimit),
                    "ValidationError" => Some(CancelCode::Invalid),
                    _ => Some(CancelCode::Other),
                };
            }
            "Item" if !reader.is_null() => item = Some(body.slice_ref(reader.raw()?.as_bytes())),
            // A null was read by its guard.
            "Code" | "Item" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(code.map(|code| Cancellation::new(operation, code, item)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Item;

    fn of(body: &str) -> Error {
        error(Failure::Service(ServiceError::from_body(Bytes::copy_from_slice(body.as_bytes()))))
    }

    #[test]
    fn an_item_that_is_inserted_again_is_a_failed_condition() {
        for code in ["DuplicateItemException", "DuplicateItem"] {
            let error = of(&format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}"}}"#));
            assert!(error.is_condition_failed(), "{error:?}");
            assert_eq!(error.service_code(), Some(code));
        }
    }

    #[test]
    fn a_transaction_in_progress_may_still_be_carried_out() {
        // A conflict would say that nothing is written, and invite the caller to write it again.
        let error = of(r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionInProgressException"}"#);
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(!error.is_conflict());
    }

    #[test]
    fn nulls_stand_for_what_is_not_told() {
        let error =
            of(r#"{"__type":"x#ConditionalCheckFailedException","Item":null,"CancellationReasons":null}"#);
        assert!(error.is_condition_failed());
        assert_eq!(error.item::<Item>().unwrap(), None);
    }

    #[test]
    fn operations_at_fault_keep_their_positions() {
        let error = of(concat!(
            r#"{"__type":"x#TransactionCanceledException","CancellationReasons":[{"Code":"None"},"#,
            r#"{"Code":"ConditionalCheckFailed","Item":{"id":{"S":"u1"}},"Message":"m"},"#,
            r#"{"Code":"None","Message":null},{"Code":"TransactionConflict","Item":null}]}"#
        ));
        let found: Vec<_> = error.cancellations().iter().map(|c| (c.operation, c.code)).collect();
        assert_eq!(found, [(1, CancelCode::ConditionFailed), (3, CancelCode::Conflict)]);
        assert!(error.is_condition_failed() && error.is_conflict() && !error.is_throttled());
        assert_eq!(error.cancellations()[0].item::<Item>().unwrap().unwrap().len(), 1);
        assert_eq!(error.cancellations()[1].item::<Item>().unwrap(), None);
        assert_eq!(
            error.to_string(),
            "the transaction was cancelled: operation 1 condition failed, operation 3 conflict with another request"
        );
    }

    #[test]
    fn what_dynamodb_says_is_in_no_text_of_the_error() {
        let error =
            of(r#"{"__type":"x#ValidationException","message":"s3cret","Item":{"id":{"S":"s3cret"}}}"#);
        assert!(!format!("{error} {error:?}").contains("s3cret"));
        assert_eq!(error.service_message(), Some("s3cret"));
        let canceled = of(concat!(
            r#"{"__type":"x#TransactionCanceledException","CancellationReasons":"#,
            r#"[{"Code":"ConditionalCheckFailed","Item":{"id":{"S":"s3cret"}}}]}"#
        ));
        assert!(!format!("{:?}", canceled.cancellations()).contains("s3cret"));
    }
}
