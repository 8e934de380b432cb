//! What is asked of the stream of a table, one operation in each file below. They have no builders: `crate::stream` asks them.
//!
//! - `describe`: DescribeStream, all pages of it: the shards.
//! - `shard_iterator`: GetShardIterator: where reading begins.
//! - `get_records`: GetRecords.

mod describe;
mod get_records;
mod shard_iterator;

pub(crate) use describe::{Shard, describe_stream};
pub(crate) use get_records::{GotRecords, get_records};
pub(crate) use shard_iterator::{From, shard_iterator};
