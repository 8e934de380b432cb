//! DescribeStream: the shards of a stream, and which of them came of which.

use crate::codec::{CodecError, Reader};
use crate::op::body::Body;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};
use bytes::Bytes;

/// A part of a stream, whose records are in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shard {
    pub(crate) id: String,
    /// The one whose records come before this one's.
    pub(crate) parent: Option<String>,
    /// Nothing more is written to it.
    pub(crate) is_closed: bool,
}

/// What is told of a stream.
#[derive(Debug, Default)]
pub(crate) struct DescribedStream {
    /// It is turned off: what it has can be read for a day.
    pub(crate) is_off: bool,
    pub(crate) shards: Vec<Shard>,
}

/// Tells all shards. `table` is the name for errors and spans.
pub(crate) async fn describe_stream(db: &Db, table: &str, stream: &str) -> Result<DescribedStream> {
    let mut described = DescribedStream::default();
    let mut after = None;
    loop {
        let answer = db.send(request(table, stream, after.as_deref())).await?;
        after = decode(&answer, &mut described)
            .map_err(|error| Error::from(error).during(Operation::DescribeStream, Some(table)))?;
        if after.is_none() {
            return Ok(described);
        }
    }
}

fn request(table: &str, stream: &str, after: Option<&str>) -> Request {
    let mut body = Body::of_text("StreamArn", stream);
    if let Some(after) = after {
        body.text("ExclusiveStartShardId", after);
    }
    body.request(Operation::DescribeStream, table)
}

/// Adds the shards of an answer, and gives the last one if there are more behind it.
fn decode(answer: &Bytes, described: &mut DescribedStream) -> Result<Option<String>, CodecError> {
    let mut last = None;
    Reader::new(answer)?.object(|reader, name| {
        if name != "StreamDescription" {
            return reader.skip();
        }
        reader.object(|reader, name| {
            match name {
                "StreamStatus" => {
                    described.is_off = matches!(reader.string()?.as_ref(), "DISABLED" | "DISABLING");
                }
                "Shards" if !reader.is_null() => {
                    reader.array(|reader| {
                        described.shards.push(shard(reader)?);
                        Ok(())
                    })?;
                }
                "LastEvaluatedShardId" if !reader.is_null() => last = Some(reader.string()?.into_owned()),
                // A null was read by its guard.
                "Shards" | "LastEvaluatedShardId" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })
    })?;
    Ok(last)
}

fn shard(reader: &mut Reader<'_>) -> Result<Shard, CodecError> {
    let mut shard = Shard::default();
    reader.object(|reader, name| {
        match name {
            "ShardId" => shard.id = reader.string()?.into_owned(),
            "ParentShardId" if !reader.is_null() => shard.parent = Some(reader.string()?.into_owned()),
            "SequenceNumberRange" if !reader.is_null() => reader.object(|reader, name| {
                if name == "EndingSequenceNumber" && !reader.is_null() {
                    shard.is_closed = true;
                    return reader.skip();
                }
                // A null was read by its guard.
                if name == "EndingSequenceNumber" { Ok(()) } else { reader.skip() }
            })?,
            // A null was read by its guard.
            "ParentShardId" | "SequenceNumberRange" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(shard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_asked_for_page_by_page() {
        insta::assert_snapshot!(request("app", "arn:x", None).json(), @r#"{"StreamArn":"arn:x"}"#);
        insta::assert_snapshot!(request("app", "arn:x", Some("s1")).json(), @r#"{"StreamArn":"arn:x","ExclusiveStartShardId":"s1"}"#);
        let mut described = DescribedStream::default();
        let first = concat!(
            r#"{"StreamDescription":{"StreamStatus":"ENABLED","Shards":[{"ShardId":"s1","ParentShardId":null,"#,
            r#""SequenceNumberRange":{"StartingSequenceNumber":"1","EndingSequenceNumber":"9"}}],"LastEvaluatedShardId":"s1"}}"#
        );
        assert_eq!(decode(&Bytes::from(first), &mut described).unwrap().as_deref(), Some("s1"));
        let second = concat!(
            r#"{"StreamDescription":{"StreamStatus":"DISABLED","LastEvaluatedShardId":null,"Shards":[{"ShardId":"s2","#,
            r#""ParentShardId":"s1","SequenceNumberRange":{"StartingSequenceNumber":"10","EndingSequenceNumber":null}}]}}"#
        );
        assert_eq!(decode(&Bytes::from(second), &mut described).unwrap(), None);
        let shard = |id: &str, parent: Option<&str>, is_closed| Shard {
            id: id.into(),
            parent: parent.map(str::to_owned),
            is_closed,
        };
        assert_eq!(described.shards, [shard("s1", None, true), shard("s2", Some("s1"), false)]);
        assert!(described.is_off);
    }
}
