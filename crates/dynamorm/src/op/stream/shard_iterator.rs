//! GetShardIterator: a token for where reading of a shard begins. It holds for 15 minutes.

use crate::codec::Reader;
use crate::op::body::Body;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};

/// Where reading of a shard begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// At the oldest record that is still there.
    TrimHorizon,
    /// Behind the newest one.
    Latest,
    /// Behind the one with this number.
    After(String),
}

/// Gives the iterator; none if the shard has nothing to read.
pub(crate) async fn shard_iterator(
    db: &Db,
    table: &str,
    stream: &str,
    shard: &str,
    from: &From,
) -> Result<Option<String>> {
    let answer = db.send(request(table, stream, shard, from)).await?;
    let mut iterator = None;
    let read = Reader::new(&answer).and_then(|mut reader| {
        reader.object(|reader, name| {
            match name {
                "ShardIterator" if !reader.is_null() => iterator = Some(reader.string()?.into_owned()),
                // A null was read by its guard.
                "ShardIterator" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })
    });
    read.map_err(|error| Error::from(error).during(Operation::GetShardIterator, Some(table)))?;
    Ok(iterator)
}

fn request(table: &str, stream: &str, shard: &str, from: &From) -> Request {
    let mut body = Body::of_text("StreamArn", stream);
    body.text("ShardId", shard);
    body.text(
        "ShardIteratorType",
        match from {
            From::TrimHorizon => "TRIM_HORIZON",
            From::Latest => "LATEST",
            From::After(_) => "AFTER_SEQUENCE_NUMBER",
        },
    );
    if let From::After(sequence_number) = from {
        body.text("SequenceNumber", sequence_number);
    }
    body.request(Operation::GetShardIterator, table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_is_for_one_place_in_a_shard() {
        let shown = |from| request("app", "arn:x", "s1", &from).json().to_owned();
        insta::assert_snapshot!(shown(From::TrimHorizon), @r#"{"StreamArn":"arn:x","ShardId":"s1","ShardIteratorType":"TRIM_HORIZON"}"#);
        insta::assert_snapshot!(shown(From::Latest), @r#"{"StreamArn":"arn:x","ShardId":"s1","ShardIteratorType":"LATEST"}"#);
        insta::assert_snapshot!(shown(From::After("17".into())), @r#"{"StreamArn":"arn:x","ShardId":"s1","ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":"17"}"#);
    }
}
