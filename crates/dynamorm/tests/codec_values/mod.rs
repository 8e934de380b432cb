//! Arbitrary values for the codec's property tests, and how they get to bytes and back.

use dynamorm::codec::{Attribute, CodecError, Reader, Writer};
use dynamorm::{AttributeValue, Number};
use proptest::prelude::*;

/// Writes one value.
pub(crate) fn write<T: Attribute>(value: &T) -> Result<String, CodecError> {
    let mut writer = Writer::new();
    value.encode(&mut writer)?;
    Ok(String::from_utf8_lossy(writer.as_bytes()).into_owned())
}

/// Reads one value and nothing after it.
pub(crate) fn read<T: Attribute>(json: &[u8]) -> Result<T, CodecError> {
    let mut reader = Reader::new(json)?;
    let value = T::decode(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Text with what JSON must escape, surrogate pairs, and anything else.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let special =
        prop::sample::select(vec!['"', '\\', '\n', '\u{0}', '\u{1f}', '\u{7f}', '/', 'é', '\u{2028}', '😀']);
    let character = prop_oneof![3 => prop::char::range(' ', '~'), 2 => special, 1 => any::<char>()];
    prop::collection::vec(character, 0..24).prop_map(String::from_iter)
}

/// A number in one of the many forms of its text.
pub(crate) fn number_text() -> impl Strategy<Value = String> {
    let digits = "[0-9]{1,30}(\\.[0-9]{1,8})?";
    (prop::sample::select(vec!["", "-", "+"]), digits, prop::option::of(-90..90_i32)).prop_map(
        |(sign, digits, exponent)| match exponent {
            Some(exponent) => format!("{sign}{digits}E{exponent}"),
            None => format!("{sign}{digits}"),
        },
    )
}

/// Any number that DynamoDB holds.
pub(crate) fn number() -> impl Strategy<Value = Number> {
    number_text().prop_filter_map("beyond DynamoDB's range", |text| text.parse().ok())
}

/// Any value that DynamoDB holds, nested a few levels deep.
pub(crate) fn value() -> impl Strategy<Value = AttributeValue> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..12);
    let leaf = prop_oneof![
        text().prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        bytes().prop_map(AttributeValue::B),
        any::<bool>().prop_map(AttributeValue::Bool),
        Just(AttributeValue::Null),
        prop::collection::btree_set(text(), 1..4).prop_map(AttributeValue::Ss),
        prop::collection::btree_set(number(), 1..4).prop_map(AttributeValue::Ns),
        prop::collection::btree_set(bytes(), 1..4).prop_map(AttributeValue::Bs),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(AttributeValue::L),
            prop::collection::btree_map(text(), inner, 0..5).prop_map(AttributeValue::M),
        ]
    })
}
