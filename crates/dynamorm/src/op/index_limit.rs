//! How long the keys of indexes may be: DynamoDB refuses a write of an item with a longer one.

use crate::codec::{CodecError, Problem, Reader, value_bytes};
use crate::limits;
use crate::model::ModelShape;

/// How long the value of an index's key attribute may be, in bytes.
pub(crate) fn limit(shape: &ModelShape, attribute: &str) -> usize {
    let sorts = shape.indexes.iter().any(|index| index.sort.iter().any(|key| key.attribute == attribute));
    if sorts { limits::SORT_KEY_BYTES } else { limits::PARTITION_KEY_BYTES }
}

/// Checks the value of one attribute, `{"S":"…"}`, if it is in the key of an index.
pub(crate) fn check_value(shape: &ModelShape, name: &str, json: &[u8]) -> Result<(), CodecError> {
    // A value is never larger than its JSON, so only a large one needs to be counted.
    if json.len() <= limits::SORT_KEY_BYTES || !shape.index_keys().any(|(_, key)| key.attribute == name) {
        return Ok(());
    }
    let (bytes, limit) = (value_bytes(&mut Reader::new(json)?)?, limit(shape, name));
    if bytes > limit {
        return Err(CodecError::new(Problem::KeyTooLong { bytes, limit }).at(name));
    }
    Ok(())
}

/// Checks the key attributes of all indexes in a whole item, `{"id":{"S":"u1"},…}`.
pub(crate) fn check_item(shape: &ModelShape, json: &[u8]) -> Result<(), CodecError> {
    if json.len() <= limits::SORT_KEY_BYTES || shape.indexes.is_empty() {
        return Ok(());
    }
    Reader::new(json)?.object(|reader, name| check_value(shape, name, reader.raw()?.as_bytes()))
}
