//! An item's size by DynamoDB's own rules, which is what its limit and its capacity units count.
//!
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>

use super::{CodecError, Reader, Tag};
use crate::Number;

/// What a list or a map takes by itself, in bytes.
const CONTAINER_BYTES: usize = 3;

/// What each element of a list, and each member of a map, takes in addition to its value, in bytes.
const ELEMENT_BYTES: usize = 1;

/// Counts the bytes of an item from its JSON, `{"id":{"S":"u1"}}`: of its attributes' names and values.
///
/// # Errors
///
/// If it is not an item.
pub(crate) fn item_bytes(json: &str) -> Result<usize, CodecError> {
    let mut reader = Reader::from_text(json);
    let mut bytes = 0;
    reader.object(|reader, name| {
        bytes += name.len() + value_bytes(reader).map_err(|e| e.at(name))?;
        Ok(())
    })?;
    reader.end()?;
    Ok(bytes)
}

/// Counts the bytes of one value from its JSON, `{"S":"u1"}`.
///
/// # Errors
///
/// If it is not a value.
pub(crate) fn value_bytes(reader: &mut Reader<'_>) -> Result<usize, CodecError> {
    reader.value(|reader, tag| match tag {
        Tag::S => Ok(reader.string()?.len()),
        Tag::N => number_bytes(reader),
        Tag::B => binary_bytes(reader),
        Tag::Bool => reader.truth().map(|_| 1),
        Tag::Null => reader.only_true().map(|()| 1),
        Tag::Ss => sum(reader, |reader| Ok(reader.string()?.len())),
        Tag::Ns => sum(reader, number_bytes),
        Tag::Bs => sum(reader, binary_bytes),
        Tag::L => Ok(CONTAINER_BYTES + sum(reader, |reader| Ok(ELEMENT_BYTES + value_bytes(reader)?))?),
        Tag::M => {
            let mut bytes = CONTAINER_BYTES;
            reader.object(|reader, name| {
                bytes += ELEMENT_BYTES + name.len() + value_bytes(reader).map_err(|e| e.at(name))?;
                Ok(())
            })?;
            Ok(bytes)
        }
    })
}

/// One byte, one for each two significant digits, and one for a minus.
fn number_bytes(reader: &mut Reader<'_>) -> Result<usize, CodecError> {
    let number: Number = reader.string()?.parse()?;
    Ok(1 + number.significant_digits().div_ceil(2) + usize::from(number.is_negative()))
}

/// The length of what the base64 stands for: three bytes for each four characters that are not padding.
fn binary_bytes(reader: &mut Reader<'_>) -> Result<usize, CodecError> {
    Ok(reader.string()?.trim_end_matches('=').len() * 3 / 4)
}

fn sum(
    reader: &mut Reader<'_>,
    mut element: impl FnMut(&mut Reader<'_>) -> Result<usize, CodecError>,
) -> Result<usize, CodecError> {
    let mut bytes = 0;
    let mut index = 0;
    reader.array(|reader| {
        bytes += element(reader).map_err(|e| e.at_index(index))?;
        index += 1;
        Ok(())
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_size() {
        for (json, bytes) in [
            (r#"{}"#, 0),
            (r#"{"a":{"S":""}}"#, 1),
            (r#"{"é\n":{"S":"ž\u0041"}}"#, 3 + 3),
            (r#"{"a":{"N":"0"}}"#, 1 + 1),
            (r#"{"a":{"N":"123"}}"#, 1 + 3),
            (r#"{"a":{"N":"-12300.0"}}"#, 1 + 4),
            (r#"{"a":{"N":"0.00012"}}"#, 1 + 2),
            (r#"{"a":{"B":""}}"#, 1),
            (r#"{"a":{"B":"YQ=="}}"#, 1 + 1),
            (r#"{"a":{"B":"YWI="}}"#, 1 + 2),
            (r#"{"a":{"B":"YWJj"}}"#, 1 + 3),
            (r#"{"a":{"BOOL":false}}"#, 1 + 1),
            (r#"{"a":{"NULL":true}}"#, 1 + 1),
            (r#"{"a":{"SS":["ab","c"]}}"#, 1 + 3),
            (r#"{"a":{"NS":["1","-1"]}}"#, 1 + 2 + 3),
            (r#"{"a":{"BS":["YQ==","YWI="]}}"#, 1 + 1 + 2),
            (r#"{"a":{"L":[]}}"#, 1 + 3),
            (r#"{"a":{"L":[{"S":"ab"},{"BOOL":true}]}}"#, 1 + 3 + (1 + 2) + (1 + 1)),
            (r#"{"a":{"M":{"bc":{"S":"d"}}}}"#, 1 + 3 + (1 + 2 + 1)),
        ] {
            assert_eq!(item_bytes(json), Ok(bytes), "{json}");
        }
    }

    #[test]
    fn what_is_not_an_item_has_no_size() {
        assert!(item_bytes(r#"{"a":"b"}"#).is_err());
        assert!(item_bytes(r#"{} {}"#).is_err());
        assert_eq!(item_bytes(r#"{"a":{"L":[{"N":"x"}]}}"#).unwrap_err().path(), "a[0]");
    }
}
