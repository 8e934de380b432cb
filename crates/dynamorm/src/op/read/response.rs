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
                "Count" => {
                    response.count = reader.count()?;
                    sink.expect(room(response.count, most));
                }
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

/// For how many items there is to be room before they are read: as many as the answer says that it has, within reason.
pub(crate) fn room(count: u64, most: Option<usize>) -> usize {
    // What a wrong count can waste, and far more than a page of large items has.
    const AT_MOST: usize = 1_024;
    let count = usize::try_from(count).unwrap_or(AT_MOST);
    count.min(most.unwrap_or(AT_MOST)).min(AT_MOST)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::sink::All;

    #[test]
    fn a_count_that_is_wrong_makes_no_more_room_than_a_page_needs() {
        for count in [0, 1, u64::MAX] {
            let mut items = All::<Item>::new();
            let answer = format!(r#"{{"Count":{count},"Items":[{{"n":{{"N":"1"}}}}],"ScannedCount":1}}"#);
            Response::decode(answer.as_bytes(), None, &mut items).unwrap();
            assert_eq!(items.0.len(), 1, "{count}");
            assert!(items.0.capacity() <= 1_024, "{count}");
        }
    }

    #[test]
    fn room_is_made_for_the_items_that_are_taken() {
        let items = vec![r#"{"n":{"N":"1"}}"#; 100].join(",");
        let answer = format!(r#"{{"Count":100,"Items":[{items}],"ScannedCount":100}}"#);
        for (most, room) in [(None, 100), (Some(7), 7)] {
            let mut items = All::<Item>::new();
            Response::decode(answer.as_bytes(), most, &mut items).unwrap();
            assert_eq!((items.0.len(), items.0.capacity()), (room, room));
        }
    }
}
