//! [`StreamRecord`]: one record of a stream, as it was sent.

use crate::Result;
use crate::change::{Change, StreamItem};
use crate::codec::{CodecError, Reader};
use bytes::Bytes;
use std::fmt;

/// One record of a table's stream: a change of one item.
///
/// It may be given more than once. What is done for it is done once if it is written under a condition on
/// [`sequence_number`](StreamRecord::sequence_number), which grows from change to change of an item, or kept by
/// [`event_id`](StreamRecord::event_id).
#[derive(Clone, PartialEq, Eq)]
pub struct StreamRecord {
    json: Bytes,
    event_id: String,
    sequence_number: String,
}

impl StreamRecord {
    /// Takes a record as GetRecords or a Lambda event gives it: for tests of what handles them.
    ///
    /// ```
    /// # use dynamorm::{Result, StreamRecord};
    /// # fn main() -> Result<()> {
    /// let record = StreamRecord::from_json(
    ///     r#"{"eventID":"e1","eventName":"REMOVE","dynamodb":{"SequenceNumber":"100000000000000000021"}}"#,
    /// )?;
    /// assert_eq!((record.event_id(), record.sequence_number()), ("e1", "100000000000000000021"));
    /// assert_eq!(record.position().len(), 40);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Codec`](crate::ErrorKind::Codec) if it is no JSON of a record.
    pub fn from_json(json: impl Into<String>) -> Result<Self> {
        Ok(Self::of(Bytes::from(json.into()))?)
    }

    /// Takes one of an answer, whose bytes it shares.
    pub(crate) fn of(json: Bytes) -> Result<Self, CodecError> {
        let (mut event_id, mut sequence_number) = (String::new(), String::new());
        Reader::new(&json)?.object(|reader, name| {
            match name {
                "eventID" if !reader.is_null() => event_id = reader.string()?.into_owned(),
                "dynamodb" => reader.object(|reader, name| {
                    match name {
                        "SequenceNumber" => sequence_number = reader.string()?.into_owned(),
                        _ => reader.skip()?,
                    }
                    Ok(())
                })?,
                // A null was read by its guard.
                "eventID" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(Self { json, event_id, sequence_number })
    }

    /// What happened, in the types of models; `None` if the item is of another model than `R`. See [`Change::of_record`].
    ///
    /// # Errors
    ///
    /// Those of [`Change::of_record`].
    pub fn change<R: StreamItem>(&self) -> Result<Option<Change<R>>> {
        Change::of_record(&self.json)
    }

    /// Its number in its shard: 21 to 40 digits. All changes of one item have growing numbers; compare them as numbers, or as text
    /// that is padded to 40 digits, by [`position`](StreamRecord::position).
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        &self.sequence_number
    }

    /// Its number as text of 40 digits: the order of such texts is that of the numbers.
    #[must_use]
    pub fn position(&self) -> String {
        position(&self.sequence_number)
    }

    /// What no other record has, of any shard and table.
    #[must_use]
    pub fn event_id(&self) -> &str {
        &self.event_id
    }

    /// The record as it was sent.
    #[must_use]
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.json).unwrap_or_default()
    }
}

/// The digits of a number, padded.
pub(super) fn position(sequence_number: &str) -> String {
    format!("{sequence_number:0>40}")
}

/// Its numbers: a record holds values, which belong in no log.
impl fmt::Debug for StreamRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamRecord")
            .field("event_id", &self.event_id)
            .field("sequence_number", &self.sequence_number)
            .finish_non_exhaustive()
    }
}
