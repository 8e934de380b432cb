//! What is not there: `Option`, whose `None` is an absent attribute, and [`Nullable`], which is DynamoDB's NULL.

use super::{Attribute, CodecError, Reader, Writer};

/// `None` is an absent attribute; inside a list or a map, where nothing can be absent, it is written as NULL.
///
/// NULL is read as `None`, unless the type inside has a NULL of its own. What is absent by itself, such as an empty set,
/// is read back as `None`.
#[diagnostic::do_not_recommend]
impl<T: Attribute> Attribute for Option<T> {
    #[inline]
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        match self {
            Some(value) => value.encode(writer),
            None => {
                writer.null();
                Ok(())
            }
        }
    }

    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if !T::HOLDS_NULL && reader.null()? {
            return Ok(None);
        }
        T::decode(reader).map(Some)
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(T::is_absent)
    }

    #[inline]
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// A value or DynamoDB's NULL, which unlike an absent attribute exists and has a type.
///
/// `Option<Nullable<T>>` tells all three apart: absent, NULL, and a value.
///
/// # Example
///
/// ```
/// use dynamorm::Nullable;
///
/// let left: Nullable<String> = None.into();
/// assert!(left.is_null());
/// let left: Nullable<String> = "Paris".to_owned().into();
/// assert_eq!(left.into_option().as_deref(), Some("Paris"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nullable<T> {
    /// NULL.
    #[default]
    Null,
    /// A value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Gives the value, or `None` for NULL.
    #[must_use]
    pub fn into_option(self) -> Option<T> {
        match self {
            Nullable::Null => None,
            Nullable::Value(value) => Some(value),
        }
    }

    /// True for NULL.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Nullable::Null)
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Nullable::Value(value)
    }
}

impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Nullable::Null, Nullable::Value)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Attribute for Nullable<T> {
    const HOLDS_NULL: bool = true;

    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        match self {
            Nullable::Null => {
                writer.null();
                Ok(())
            }
            Nullable::Value(value) => value.encode(writer),
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.null()? {
            return Ok(Nullable::Null);
        }
        T::decode(reader).map(Nullable::Value)
    }

    fn is_absent(&self) -> bool {
        match self {
            Nullable::Null => false,
            Nullable::Value(value) => value.is_absent(),
        }
    }

    fn absent() -> Option<Self> {
        T::absent().map(Nullable::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private::Stored as _;

    /// Writes an item with the attribute `a` and reads it back: the JSON, and the value.
    fn round<T: Attribute>(value: &T) -> (String, Result<T, CodecError>) {
        let mut writer = Writer::new();
        writer.item(|item| item.attribute("a", value)).unwrap();
        let json = String::from_utf8(writer.into_bytes()).unwrap();
        let mut read = None;
        let result = Reader::from_text(&json).object(|reader, _| {
            read = Some(T::decode(reader)?);
            Ok(())
        });
        let value = result.and_then(|()| T::fill(&mut read, "a")).map(|()| read.unwrap());
        (json, value)
    }

    #[test]
    fn none_is_absent_and_null_is_not() {
        assert_eq!(round(&None::<i32>), ("{}".to_owned(), Ok(None)));
        assert_eq!(round(&Some(1)), (r#"{"a":{"N":"1"}}"#.to_owned(), Ok(Some(1))));
        let null = Nullable::<i32>::Null;
        assert_eq!(round(&null), (r#"{"a":{"NULL":true}}"#.to_owned(), Ok(null)));
        assert_eq!(round(&Nullable::Value(1)).1, Ok(Nullable::Value(1)));
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        for value in [None, Some(Nullable::Null), Some(Nullable::Value(1))] {
            assert_eq!(round(&value).1, Ok(value));
        }
    }

    #[test]
    fn null_is_read_as_none() {
        assert_eq!(Option::<String>::decode(&mut Reader::from_text(r#" { "NULL" : true } "#)), Ok(None));
        assert!(Option::<String>::decode(&mut Reader::from_text(r#"{"NULL":false}"#)).is_err());
        assert!(String::decode(&mut Reader::from_text(r#"{"NULL":true}"#)).is_err());
    }

    #[test]
    fn an_absent_attribute_that_must_not_be_is_named() {
        assert_eq!(
            Nullable::<String>::fill(&mut None, "a").unwrap_err().to_string(),
            "attribute `a` is missing"
        );
    }
}
