//! The answer to one request of a read.

use crate::codec::{CodecError, Reader};
use crate::model::FromItem;
use crate::op::item_key::read_item;
use crate::value::Item;

/// What of an answer every terminal needs.
pub(super) struct Response<R> {
    pub(super) items: Vec<R>,
    /// The last item taken as it was sent, if there were more than asked for.
    pub(super) cut: Option<Item>,
    pub(super) last: Option<Item>,
    pub(super) count: u64,
    pub(super) scanned_count: u64,
    pub(super) consumed: Option<f64>,
}

impl<R: FromItem> Response<R> {
    /// Reads an answer; past `most` items it stops.
    pub(super) fn decode(bytes: &[u8], most: Option<usize>) -> Result<Self, CodecError> {
        let mut response =
            Self { items: Vec::new(), cut: None, last: None, count: 0, scanned_count: 0, consumed: None };
        let (mut last_taken, mut more) = ((0, 0), false);
        let mut reader = Reader::new(bytes)?;
        reader.object(|reader, name| {
            match name {
                "Items" => {
                    reader.array(|reader| {
                        if most.is_some_and(|most| response.items.len() >= most) {
                            more = true;
                            return reader.skip();
                        }
                        let from = reader.position();
                        response.items.push(R::decode(reader)?);
                        last_taken = (from, reader.position());
                        Ok(())
                    })?;
                }
                "Count" => response.count = reader.count()?,
                "ScannedCount" => response.scanned_count = reader.count()?,
                "LastEvaluatedKey" if !reader.is_null() => response.last = Some(read_item(reader)?),
                "LastEvaluatedKey" => {}
                "ConsumedCapacity" if !reader.is_null() => response.consumed = consumed(reader)?,
                "ConsumedCapacity" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        if more {
            let text = reader.between(last_taken.0, last_taken.1);
            response.cut = Some(read_item(&mut Reader::from_text(text))?);
        }
        Ok(response)
    }
}

fn consumed(reader: &mut Reader<'_>) -> Result<Option<f64>, CodecError> {
    let mut units = None;
    reader.object(|reader, name| {
        match name {
            "CapacityUnits" => units = Some(reader.fraction()?),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(units)
}
