//! What the body of a message is read as: JSON into a type of yours, or text, or bytes, as they are.

use crate::error::BoxError;
use crate::extract::{Decoded, decode};
use serde::de::DeserializeOwned;

/// The most mistakes that an error names.
const MAX_ERRORS: usize = 10;

/// What the body of a message can be read as: any type that serde reads from JSON, [`Text`], or [`Binary`].
#[diagnostic::on_unimplemented(
    message = "the body of a message cannot be read as `{Self}`",
    label = "not a body",
    note = "derive `serde::Deserialize` for a JSON body, or take `lift::event::Text` or `lift::event::Binary`"
)]
pub trait Payload: Sized + Send + 'static {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// If it is something else: with the names of the members that are wrong, and never with a value.
    #[doc(hidden)]
    fn read(body: &[u8]) -> Result<Self, BoxError>;
}

/// A body as the text that it is.
///
/// ```
/// use lift::event::{SqsMessage, Text};
///
/// async fn on_line(message: SqsMessage<Text>) -> lift::Result<()> {
///     let Text(line) = message.body;
///     println!("{} characters", line.chars().count());
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

/// A body as the bytes that it is.
///
/// ```
/// use lift::event::{Binary, KinesisRecord};
///
/// async fn on_frame(record: KinesisRecord<Binary>) -> lift::Result<()> {
///     let Binary(frame) = record.data;
///     println!("{} bytes", frame.len());
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary(pub Vec<u8>);

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Send + 'static> Payload for T {
    fn read(body: &[u8]) -> Result<Self, BoxError> {
        match decode::<T>(body) {
            Decoded::Value(value) => Ok(value),
            Decoded::NotJson(message) => Err(message.into()),
            Decoded::Wrong { errors, .. } => {
                let named = errors.iter().take(MAX_ERRORS).map(|error| {
                    let field = if error.field.is_empty() { "the body" } else { &error.field };
                    format!("`{field}`: {}", error.message)
                });
                Err(format!("the body is not valid: {}", named.collect::<Vec<_>>().join("; ")).into())
            }
        }
    }
}

impl Payload for Text {
    fn read(body: &[u8]) -> Result<Self, BoxError> {
        match std::str::from_utf8(body) {
            Ok(text) => Ok(Self(text.to_owned())),
            Err(error) => {
                Err(format!("the body is not text: byte {} is not UTF-8", error.valid_up_to()).into())
            }
        }
    }
}

impl Payload for Binary {
    fn read(body: &[u8]) -> Result<Self, BoxError> {
        Ok(Self(body.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[allow(dead_code, reason = "only its absence matters")]
        number: u32,
        #[allow(dead_code, reason = "only its absence matters")]
        total: u32,
    }

    #[test]
    fn an_error_names_each_member_and_no_value() {
        let error = Order::read(br#"{"number":"secret"}"#).unwrap_err().to_string();
        assert!(error.contains("`number`") && error.contains("`total`"), "{error}");
        assert!(!error.contains("secret"), "{error}");
        let error = Order::read(br#"{"number":7,"total":"#).unwrap_err().to_string();
        assert!(error.contains("not valid JSON"), "{error}");
    }

    #[test]
    fn text_and_bytes_are_taken_as_they_are() {
        assert_eq!(Text::read(br#"{"a":1}"#).unwrap(), Text(r#"{"a":1}"#.to_owned()));
        assert_eq!(Binary::read(&[0xff, 0]).unwrap(), Binary(vec![0xff, 0]));
        assert_eq!(
            Text::read(&[b'a', 0xff]).unwrap_err().to_string(),
            "the body is not text: byte 1 is not UTF-8"
        );
    }
}
