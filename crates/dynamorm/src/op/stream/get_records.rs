//! GetRecords: some records of a shard, and where to go on.

use crate::codec::{CodecError, Reader};
use crate::op::body::Body;
use crate::stream::StreamRecord;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};
use bytes::Bytes;

/// An answer to GetRecords.
#[derive(Debug, Default)]
pub(crate) struct GotRecords {
    pub(crate) records: Vec<StreamRecord>,
    /// None at the end of a closed shard.
    pub(crate) next: Option<String>,
}

/// Reads up to `limit` records, and no more than 1 MB.
pub(crate) async fn get_records(db: &Db, table: &str, iterator: &str, limit: usize) -> Result<GotRecords> {
    let answer = db.send(request(table, iterator, limit)).await?;
    decode(&answer).map_err(|error| Error::from(error).during(Operation::GetRecords, Some(table)))
}

fn request(table: &str, iterator: &str, limit: usize) -> Request {
    let mut body = Body::of_text("ShardIterator", iterator);
    body.number("Limit", u32::try_from(limit).unwrap_or(u32::MAX));
    body.request(Operation::GetRecords, table)
}

fn decode(answer: &Bytes) -> Result<GotRecords, CodecError> {
    let mut got = GotRecords::default();
    Reader::new(answer)?.object(|reader, name| {
        match name {
            "Records" if !reader.is_null() => reader.array(|reader| {
                // The images stay as they are, for whoever knows what they are of.
                got.records.push(StreamRecord::of(answer.slice_ref(reader.raw()?.as_bytes()))?);
                Ok(())
            })?,
            "NextShardIterator" if !reader.is_null() => got.next = Some(reader.string()?.into_owned()),
            // A null was read by its guard.
            "Records" | "NextShardIterator" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(got)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_json() {
        insta::assert_snapshot!(request("app", "it", 100).json(), @r#"{"ShardIterator":"it","Limit":100}"#);
        let answer = r#"{"Records":[{"eventID":"e1","dynamodb":{"SequenceNumber":"21","Keys":{ "a":1 }}}],"NextShardIterator":"n"}"#;
        let got = decode(&Bytes::from(answer)).unwrap();
        assert_eq!(got.next.as_deref(), Some("n"));
        assert_eq!(got.records[0].sequence_number(), "21");
        assert_eq!(
            got.records[0].json(),
            r#"{"eventID":"e1","dynamodb":{"SequenceNumber":"21","Keys":{ "a":1 }}}"#
        );
        assert_eq!(decode(&Bytes::from(r#"{"Records":[],"NextShardIterator":null}"#)).unwrap().next, None);
    }
}
