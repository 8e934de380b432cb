//! Lists, arrays, bytes and maps: values that hold others.
//!
//! What is not here: sets (`set`), and structs, which have a derive.

use super::{Attribute, CodecError, Reader, Writer};
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// A list; of bytes, a binary. An empty one is a value, not an absence.
#[diagnostic::do_not_recommend]
impl<T: Attribute> Attribute for Vec<T> {
    #[inline]
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        T::encode_all(self, writer)
    }

    #[inline]
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::decode_all(reader)
    }
}

/// A list; of bytes, a binary. What is read must have exactly `N` elements.
#[diagnostic::do_not_recommend]
impl<T: Attribute, const N: usize> Attribute for [T; N] {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        T::encode_all(self, writer)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::decode_all(reader)?
            .try_into()
            .map_err(|_| CodecError::invalid("has not as many elements as the array it is read into"))
    }
}

/// A map. A value that would be absent in an item stays: `None` is written as NULL, and an empty set is refused.
#[diagnostic::do_not_recommend]
impl<V: Attribute, H: BuildHasher + Default> Attribute for HashMap<String, V, H> {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        encode_map(self, writer)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut map = Self::default();
        reader.map(|reader, name| decode_member(reader, name, |name, value| map.insert(name, value)))?;
        Ok(map)
    }
}

/// A map. A value that would be absent in an item stays: `None` is written as NULL, and an empty set is refused.
#[diagnostic::do_not_recommend]
impl<V: Attribute> Attribute for BTreeMap<String, V> {
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        encode_map(self, writer)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut map = Self::new();
        reader.map(|reader, name| decode_member(reader, name, |name, value| map.insert(name, value)))?;
        Ok(map)
    }
}

fn encode_map<'m, V: Attribute + 'm>(
    map: impl IntoIterator<Item = (&'m String, &'m V)>,
    writer: &mut Writer,
) -> Result<(), CodecError> {
    writer.map(|item| {
        for (name, value) in map {
            value.encode(item.name(name)).map_err(|e| e.at(name))?;
        }
        Ok(())
    })
}

/// Reads one member of a map or an item, and gives it to `insert`.
pub(crate) fn decode_member<V: Attribute>(
    reader: &mut Reader<'_>,
    name: &str,
    insert: impl FnOnce(String, V) -> Option<V>,
) -> Result<(), CodecError> {
    let value = V::decode(reader).map_err(|e| e.at(name))?;
    // Of a repeated member the last counts, so what was there before is of no interest.
    insert(name.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn written<T: Attribute>(value: &T) -> Result<String, CodecError> {
        let mut writer = Writer::new();
        value.encode(&mut writer)?;
        Ok(String::from_utf8(writer.into_bytes()).unwrap())
    }

    fn read<T: Attribute>(json: &str) -> Result<T, CodecError> {
        T::decode(&mut Reader::from_text(json))
    }

    #[test]
    fn bytes_are_a_binary_and_other_numbers_a_list() {
        assert_eq!(written(&vec![1_u8, 2]).unwrap(), r#"{"B":"AQI="}"#);
        assert_eq!(written(&[1_u8, 2]).unwrap(), r#"{"B":"AQI="}"#);
        assert_eq!(written(&vec![1_u16, 2]).unwrap(), r#"{"L":[{"N":"1"},{"N":"2"}]}"#);
        assert_eq!(read::<[u8; 2]>(r#"{"B":"AQI="}"#), Ok([1, 2]));
        assert_eq!(read::<Vec<u16>>(r#"{"L":[ {"N":"1"} , {"N":"2"} ]}"#), Ok(vec![1, 2]));
    }

    #[test]
    fn bytes_that_are_not_base64_are_refused() {
        for text in ["AQI", "AQ=I", "A Q I=", "é"] {
            let error = read::<Vec<u8>>(&format!(r#"{{"B":"{text}"}}"#)).unwrap_err();
            assert_eq!(error.to_string(), "the value is not base64", "{text}");
        }
    }

    #[test]
    fn an_array_takes_neither_more_nor_fewer() {
        assert!(read::<[u8; 3]>(r#"{"B":"AQI="}"#).is_err());
        assert!(read::<[bool; 1]>(r#"{"L":[]}"#).is_err());
    }

    #[test]
    fn none_in_a_list_or_a_map_is_null_and_read_back() {
        let list = vec![Some(1), None];
        assert_eq!(written(&list).unwrap(), r#"{"L":[{"N":"1"},{"NULL":true}]}"#);
        assert_eq!(read::<Vec<Option<i32>>>(&written(&list).unwrap()), Ok(list));
        let map = BTreeMap::from([("a".to_owned(), None::<i32>)]);
        assert_eq!(written(&map).unwrap(), r#"{"M":{"a":{"NULL":true}}}"#);
        assert_eq!(read::<BTreeMap<String, Option<i32>>>(&written(&map).unwrap()), Ok(map));
    }

    #[test]
    fn of_a_repeated_member_the_last_counts() {
        let map =
            read::<HashMap<String, i32>>(r#"{"M":{"a":{"N":"1"},"b":{"N":"3"},"a":{"N":"2"}}}"#).unwrap();
        assert_eq!(map, HashMap::from([("a".to_owned(), 2), ("b".to_owned(), 3)]));
    }

    #[test]
    fn an_error_says_where_it_is() {
        type Lines = BTreeMap<String, Vec<BTreeMap<String, u8>>>;
        let error = read::<Lines>(r#"{"M":{"lines":{"L":[{"M":{}},{"M":{"n":{"N":"256"}}}]}}}"#).unwrap_err();
        assert_eq!(error.to_string(), "attribute `lines[1].n` does not fit in `u8`");
        let value = BTreeMap::from([("tags".to_owned(), vec![BTreeSet::<String>::new()])]);
        let error = written(&value).unwrap_err();
        assert_eq!(error.to_string(), "attribute `tags[0]` is an empty set, which DynamoDB does not have");
    }
}
