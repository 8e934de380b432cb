//! Dynamic data: a value of any DynamoDB type, and an item whose attributes no model names.

use crate::codec::{Attribute, CodecError, Reader, SetElement, Tag, Writer, decode_member};
use crate::{FromItem, Number, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// An item, or a nested map, as attributes by name.
pub type Item = BTreeMap<String, AttributeValue>;

/// A value of any DynamoDB type.
///
/// # Example
///
/// ```
/// use dynamorm::{AttributeValue, Item};
///
/// let address = Item::from([("city".to_owned(), AttributeValue::from("Paris"))]);
/// let value = AttributeValue::from(address);
/// assert_eq!(value.as_m().and_then(|address| address["city"].as_s()), Some("Paris"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// String.
    S(String),
    /// Number, exact.
    N(Number),
    /// Binary.
    B(Vec<u8>),
    /// Boolean.
    Bool(bool),
    /// Null.
    Null,
    /// List.
    L(Vec<AttributeValue>),
    /// Map.
    M(Item),
    /// String set. DynamoDB has no empty one: writing it is an error.
    Ss(BTreeSet<String>),
    /// Number set. DynamoDB has no empty one: writing it is an error.
    Ns(BTreeSet<Number>),
    /// Binary set. DynamoDB has no empty one: writing it is an error.
    Bs(BTreeSet<Vec<u8>>),
}

impl AttributeValue {
    /// Gives the text, if it is a string.
    #[must_use]
    pub fn as_s(&self) -> Option<&str> {
        match self {
            AttributeValue::S(text) => Some(text),
            _ => None,
        }
    }

    /// Gives the number, if it is one.
    ///
    /// ```
    /// use dynamorm::AttributeValue;
    /// assert_eq!(AttributeValue::N(7.into()).as_n(), Some(7.into()));
    /// ```
    #[must_use]
    pub fn as_n(&self) -> Option<Number> {
        match self {
            AttributeValue::N(number) => Some(*number),
            _ => None,
        }
    }

    /// Gives the truth, if it is a boolean.
    ///
    /// ```
    /// use dynamorm::AttributeValue;
    /// assert_eq!(AttributeValue::Bool(true).as_bool(), Some(true));
    /// ```
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            AttributeValue::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Gives the elements, if it is a list.
    ///
    /// ```
    /// use dynamorm::AttributeValue;
    /// assert_eq!(AttributeValue::L(vec![]).as_l().map(<[_]>::len), Some(0));
    /// ```
    #[must_use]
    pub fn as_l(&self) -> Option<&[AttributeValue]> {
        match self {
            AttributeValue::L(values) => Some(values),
            _ => None,
        }
    }

    /// Gives the members, if it is a map.
    #[must_use]
    pub fn as_m(&self) -> Option<&Item> {
        match self {
            AttributeValue::M(map) => Some(map),
            _ => None,
        }
    }
}

#[diagnostic::do_not_recommend]
impl Attribute for AttributeValue {
    const HOLDS_NULL: bool = true;

    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        match self {
            AttributeValue::S(text) => text.encode(writer),
            AttributeValue::N(number) => number.encode(writer),
            AttributeValue::B(bytes) => bytes.encode(writer),
            AttributeValue::Bool(value) => value.encode(writer),
            AttributeValue::Null => {
                writer.null();
                Ok(())
            }
            AttributeValue::L(values) => values.encode(writer),
            AttributeValue::M(map) => map.encode(writer),
            AttributeValue::Ss(set) => set.encode(writer),
            AttributeValue::Ns(set) => set.encode(writer),
            AttributeValue::Bs(set) => set.encode(writer),
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        reader.value(|reader, tag| {
            Ok(match tag {
                Tag::S => AttributeValue::S(reader.string().map(Cow::into_owned)?),
                Tag::N => AttributeValue::N(reader.string()?.parse()?),
                Tag::B => AttributeValue::B(reader.base64()?),
                Tag::Bool => AttributeValue::Bool(reader.truth()?),
                Tag::Null => {
                    reader.only_true()?;
                    AttributeValue::Null
                }
                Tag::L => AttributeValue::L(reader.elements(Self::decode)?),
                Tag::M => AttributeValue::M(decode_attributes(reader)?),
                Tag::Ss => AttributeValue::Ss(decode_elements(reader)?),
                Tag::Ns => AttributeValue::Ns(decode_elements(reader)?),
                Tag::Bs => AttributeValue::Bs(decode_elements(reader)?),
            })
        })
    }
}

fn decode_elements<T: SetElement + Ord>(reader: &mut Reader<'_>) -> Result<BTreeSet<T>, CodecError> {
    reader.elements(T::decode_element).map(BTreeSet::from_iter)
}

/// Reads `{"name":{"S":"Ada"},…}`, which is an item as well as what follows the tag M.
fn decode_attributes(reader: &mut Reader<'_>) -> Result<Item, CodecError> {
    let mut item = Item::new();
    reader.object(|reader, name| decode_member(reader, name, |name, value| item.insert(name, value)))?;
    Ok(item)
}

/// Any item, whatever its attributes.
#[diagnostic::do_not_recommend]
impl FromItem for Item {
    type Model = Item;

    const PROJECTION: Option<&'static [&'static str]> = None;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        decode_attributes(reader)
    }
}

macro_rules! from {
    ($($variant:ident($inner:ty): $($from:ty),+;)+) => {$($(
        impl From<$from> for AttributeValue {
            fn from(value: $from) -> Self {
                AttributeValue::$variant(<$inner>::from(value))
            }
        }
    )+)+};
}

from! {
    S(String): &str, String;
    N(Number): Number, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize;
    B(Vec<u8>): Vec<u8>;
    Bool(bool): bool;
    L(Vec<AttributeValue>): Vec<AttributeValue>;
    M(Item): Item;
}

/// As the text that a [`Timestamp`] is stored as.
impl From<Timestamp> for AttributeValue {
    fn from(time: Timestamp) -> Self {
        AttributeValue::S(time.to_string())
    }
}

macro_rules! try_from {
    ($($from:ty),+) => {$(
        /// Fails where [`Number`] does.
        impl TryFrom<$from> for AttributeValue {
            type Error = CodecError;

            fn try_from(value: $from) -> Result<Self, CodecError> {
                Number::try_from(value).map(AttributeValue::N)
            }
        }
    )+};
}

try_from!(u128, i128, f64);

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = concat!(
        r#"{"M":{"b":{"B":"AQI="},"bs":{"BS":["","AQ=="]},"l":{"L":[{"BOOL":true},{"NULL":true}]},"#,
        r#""n":{"N":"1.5"},"ns":{"NS":["-1","20"]},"s":{"S":"é"},"ss":{"SS":["a","b"]}}}"#
    );

    fn every_type() -> AttributeValue {
        let numbers = [20, -1].map(Number::from);
        let texts = ["b", "a"].map(str::to_owned);
        AttributeValue::M(
            [
                ("s", AttributeValue::from("é")),
                ("n", AttributeValue::try_from(1.5).unwrap()),
                ("b", AttributeValue::from(vec![1, 2])),
                ("l", AttributeValue::from(vec![true.into(), AttributeValue::Null])),
                ("ss", AttributeValue::Ss(BTreeSet::from(texts))),
                ("ns", AttributeValue::Ns(BTreeSet::from(numbers))),
                ("bs", AttributeValue::Bs(BTreeSet::from([vec![], vec![1]]))),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        )
    }

    #[test]
    fn every_type_is_written_and_read() {
        let mut writer = Writer::new();
        every_type().encode(&mut writer).unwrap();
        assert_eq!(str::from_utf8(writer.as_bytes()).unwrap(), JSON);
        assert_eq!(AttributeValue::decode(&mut Reader::from_text(JSON)), Ok(every_type()));
    }

    #[test]
    fn an_item_is_read_whatever_its_attributes() {
        let json = r#"{"a":{"S":"x"},"b":{"L":[{"N":"1"}]}}"#;
        let item = <Item as FromItem>::decode(&mut Reader::from_text(json)).unwrap();
        assert_eq!(item["a"].as_s(), Some("x"));
        assert_eq!(item["b"].as_l().unwrap()[0].as_n(), Some(Number::from(1)));
        let error =
            <Item as FromItem>::decode(&mut Reader::from_text(r#"{"a":{"L":[{"N":"x"}]}}"#)).unwrap_err();
        assert_eq!(error.to_string(), "attribute `a[0]` is not a number");
    }

    #[test]
    fn an_optional_null_is_not_an_absence() {
        let read = Option::<AttributeValue>::decode(&mut Reader::from_text(r#"{"NULL":true}"#));
        assert_eq!(read, Ok(Some(AttributeValue::Null)));
    }

    #[test]
    fn a_float_that_is_no_number_is_refused() {
        assert!(AttributeValue::try_from(f64::NAN).is_err());
        assert!(AttributeValue::try_from(u128::MAX).is_err());
    }
}
