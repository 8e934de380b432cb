//! The answer to one request of a read.

use crate::codec::{CodecError, Reader};
use crate::op::item_key::read_item;
use crate::op::sink::Sink;
use crate::value::Item;
use std::ops::Range;

/// What of an answer every terminal needs, besides its items.
#[derive(Default)]
pub(super) struct Response {
    /// How many items the sink took.
    pub(super) taken: usize,
    /// The last item taken as it was sent, if there were more than asked for.
    pub(super) cut: Option<Item>,
    pub(super) last: Option<Item>,
    pub(super) count: u64,
    pub(super) scanned_count: u64,
    pub(super) consumed: Option<f64>,
    /// Where in the answer the consumed capacity stands, which holds no value.
    pub(super) capacity: Option<Range<usize>>,
}

impl Response {
    /// Reads an answer; past `most` items it stops.
    pub(super) fn decode(bytes: &[u8], most: Option<usize>, sink: &mut dyn Sink) -> Result<Self, CodecError> {
        let mut response = Self::default();
        let (mut last_taken, mut more) = ((0, 0), false);
        let mut reader = Reader::new(bytes)?;
        reader.object(|reader, name| {
            match name {
                "Items" => {
                    reader.array(|reader| {
                        if most.is_some_and(|most| response.taken >= most) {
                            more = true;
                            return reader.skip();
                        }
                        let from = reader.position();
                        sink.item(reader)?;
                        response.taken += 1;
                        last_taken = (from, reader.position());
                        Ok(())
                    })?;
                }
                "Count" => response.count = reader.count()?,
                "ScannedCount" => response.scanned_count = reader.count()?,
                "LastEvaluatedKey" if !reader.is_null() => response.last = Some(read_item(reader)?),
                "LastEvaluatedKey" => {}
                "ConsumedCapacity" if !reader.is_null() => {
                    let from = reader.position();
                    response.consumed = consumed(reader)?;
                    response.capacity = Some(from..reader.position());
                }
                "ConsumedCapacity" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        // Where nothing was wanted, there is no last item to go on after.
        if more && response.taken > 0 {
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
