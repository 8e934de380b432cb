//! DynamoDB's sets: of strings (SS), of numbers (NS), of binaries (BS).

use super::{Attribute, CodecError, Reader, Tag, Writer};
use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hash};

/// A type that can be an element of a DynamoDB set: `String`, the integers, `Number` and `Vec<u8>`.
///
/// Floats are not: equal numbers must be equal elements, and rounding breaks that. For a newtype, call the methods of
/// what it holds.
///
/// # Example
///
/// ```
/// use dynamorm::codec::{CodecError, Reader, Tag, Writer};
/// use dynamorm::SetElement;
///
/// #[derive(PartialEq, Eq, Hash)]
/// struct Role(String);
///
/// impl SetElement for Role {
///     const SET: Tag = String::SET;
///
///     fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError> {
///         self.0.encode_element(writer)
///     }
///
///     fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
///         String::decode_element(reader).map(Role)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of a DynamoDB set",
    label = "not a string, an integer, a `Number` or bytes",
    note = "DynamoDB has sets of strings, of numbers and of binaries; keep anything else in a list"
)]
pub trait SetElement: Sized {
    /// The type of the set: SS, NS or BS.
    const SET: Tag;

    /// Writes the element, without a type around it.
    ///
    /// # Errors
    ///
    /// If DynamoDB cannot hold the value.
    fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError>;

    /// Reads an element.
    ///
    /// # Errors
    ///
    /// If it does not fit.
    fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError>;
}

impl SetElement for String {
    const SET: Tag = Tag::Ss;

    fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.json_string(self);
        Ok(())
    }

    fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.string().map(std::borrow::Cow::into_owned)
    }
}

impl SetElement for Vec<u8> {
    const SET: Tag = Tag::Bs;

    fn encode_element(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.base64(self);
        Ok(())
    }

    fn decode_element(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.base64()
    }
}

/// A set; an empty one is an absent attribute, for DynamoDB has no empty sets.
#[diagnostic::do_not_recommend]
impl<T: SetElement + Eq + Hash, H: BuildHasher + Default> Attribute for HashSet<T, H> {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.set(self)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut set = Self::default();
        reader.each_of_set(|element| {
            set.insert(element);
        })?;
        Ok(set)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

/// A set; an empty one is an absent attribute, for DynamoDB has no empty sets.
#[diagnostic::do_not_recommend]
impl<T: SetElement + Ord> Attribute for BTreeSet<T> {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        writer.set(self)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut set = Self::default();
        reader.each_of_set(|element| {
            set.insert(element);
        })?;
        Ok(set)
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Number;

    fn written<T: Attribute>(value: &T) -> Result<String, CodecError> {
        let mut writer = Writer::new();
        value.encode(&mut writer)?;
        Ok(String::from_utf8(writer.into_bytes()).unwrap())
    }

    fn read<T: Attribute>(json: &str) -> Result<T, CodecError> {
        T::decode(&mut Reader::from_text(json))
    }

    #[test]
    fn a_set_has_the_type_of_its_elements() {
        assert_eq!(
            written(&BTreeSet::from(["b".to_owned(), "a".to_owned()])).unwrap(),
            r#"{"SS":["a","b"]}"#
        );
        assert_eq!(written(&BTreeSet::from([10_u8, 9])).unwrap(), r#"{"NS":["9","10"]}"#);
        assert_eq!(written(&HashSet::<i128>::from([-1])).unwrap(), r#"{"NS":["-1"]}"#);
        assert_eq!(written(&BTreeSet::from([vec![1_u8, 2]])).unwrap(), r#"{"BS":["AQI="]}"#);
        let numbers = BTreeSet::from(["10", "9.5"].map(|digits| digits.parse::<Number>().unwrap()));
        assert_eq!(written(&numbers).unwrap(), r#"{"NS":["9.5","10"]}"#);
        assert_eq!(read::<BTreeSet<Number>>(&written(&numbers).unwrap()), Ok(numbers));
    }

    #[test]
    fn an_empty_set_is_absent_and_never_written() {
        let empty = HashSet::<String>::new();
        assert!(empty.is_absent());
        assert_eq!(HashSet::absent(), Some(empty.clone()));
        let error = written(&empty).unwrap_err();
        assert_eq!(error.to_string(), "the value is an empty set, which DynamoDB does not have");
    }

    #[test]
    fn a_list_is_not_a_set() {
        let error = read::<HashSet<String>>(r#"{"L":[{"S":"a"}]}"#).unwrap_err();
        assert_eq!(error.to_string(), "the value has type L, expected SS");
    }

    #[test]
    fn an_element_that_does_not_fit_is_named_by_its_position() {
        let error = read::<BTreeSet<u8>>(r#"{"NS":["1","300"]}"#).unwrap_err().at("ages");
        assert_eq!(error.to_string(), "attribute `ages[1]` does not fit in `u8`");
    }
}
