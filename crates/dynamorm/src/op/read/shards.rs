//! A partition whose items are spread over shards, read as if it were one: all shards are asked, and their items put in order.
//!
//! [`Merge::answer`] gives what DynamoDB would have answered for one partition, in its JSON, so that terminals, filters,
//! projections and start keys are those of any query. A start key stands in the first shard, at the sort key behind which each
//! shard goes on. Here: how much is asked of whom. Not here: which shard an item is in, which is `key/shard.rs`.

use super::response::Response;
use super::{Form, Prepared, Read};
use crate::codec::{Attribute, CodecError, Reader, Writer};
use crate::error::ErrorKind;
use crate::key::{IndexShape, Shards, misplaced};
use crate::op::retry::retried;
use crate::page::Place;
use crate::transport::trace::record_read;
use crate::value::{AttributeValue, Item};
use crate::{Error, Result};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// Requests to shards that are under way at once.
const AT_ONCE: usize = 16;
/// Items that all shards together are asked for at once where nothing says how many are wanted: they wait in memory for their
/// turn.
const AHEAD: u32 = 16 * 1024;

/// A page that is filled up to its limit ends here too, as DynamoDB's do: 1 MB, of JSON.
const PAGE_BYTES: usize = 1024 * 1024;

/// What the next answer is to hold.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) form: Form,
    /// The requests of one round look at about so many items together.
    pub(super) most: Option<u32>,
    /// At most so many items.
    pub(super) give: Option<usize>,
    /// Ask until there are as many, or no more, or a megabyte.
    pub(super) fill: bool,
    /// Ask shards that are about to run out too, since all will be needed.
    pub(super) ahead: bool,
}

/// The shards of one partition, while they are read.
pub(super) struct Merge {
    spread: Shards,
    shards: Vec<Shard>,
    /// The next item of each shard that has one.
    heads: BinaryHeap<Reverse<Head>>,
    /// The key attributes of the first shard, in which start keys stand.
    partition: (&'static str, AttributeValue),
    sort: &'static str,
    descending: bool,
}

/// What is known of one shard.
#[derive(Default)]
struct Shard {
    /// Read, and not yet given; the first of them is among the heads.
    waiting: VecDeque<(AttributeValue, Bytes)>,
    has_head: bool,
    /// The last sort key that was looked at.
    behind: Option<AttributeValue>,
    /// There is nothing more behind it.
    ended: bool,
    /// Items of the last answer.
    last: usize,
}

/// The next item of a shard.
struct Head {
    rank: Rank,
    shard: usize,
    item: Bytes,
}

/// A sort key in the direction of the query.
struct Rank {
    sort: AttributeValue,
    descending: bool,
}

/// What the requests of one answer told, summed up.
#[derive(Default)]
struct Told {
    count: u64,
    scanned_count: u64,
    units: Option<f64>,
    is_silent: bool,
}

impl Merge {
    /// Checks the start key, and sends nothing.
    pub(super) fn new(read: &Read<'_>) -> Result<Self> {
        let primary = &read.model.primary;
        let (Some(spread), Some(sort)) = (read.spread(), primary.sort_key()) else {
            return Err(read.error(Error::invalid("the partition has no shards")));
        };
        let Prepared { partition, .. } = read.prepare(Form::Items, None, read.start_key.as_ref())?;
        let first = partition.first().map_or(&b""[..], Vec::as_slice);
        let first = Reader::new(first).and_then(|mut reader| AttributeValue::decode(&mut reader));
        let first = first.map_err(|error| read.error(error))?;
        let behind = read.start_key.as_ref().and_then(|key| key.value(sort.attribute)).cloned();
        let shard = || Shard { behind: behind.clone(), ..Shard::default() };
        Ok(Self {
            spread,
            shards: (0..spread.count()).map(|_| shard()).collect(),
            heads: BinaryHeap::new(),
            partition: (primary.partition_key().attribute, first),
            sort: sort.attribute,
            descending: matches!(read.source, super::Source::Partition { descending: true, .. }),
        })
    }

    /// The next items in order, as DynamoDB would give them.
    pub(super) async fn answer(&mut self, read: &Read<'_>, want: Want) -> Result<Bytes> {
        let mut told = Told::default();
        let mut given: Vec<Bytes> = Vec::new();
        let mut last_given = None;
        let position = loop {
            let missing = want.give.map(|give| give.saturating_sub(given.len()));
            let most = match missing.filter(|_| want.fill) {
                Some(missing) => want.most.into_iter().chain(u32::try_from(missing)).min(),
                None => want.most,
            };
            self.ask(read, Want { most, ..want }, &mut told).await?;
            let mut stop = self.stop();
            while want.give.is_none_or(|give| given.len() < give) {
                if let (Some(Reverse(head)), Some(stop)) = (self.heads.peek(), &stop)
                    && head.rank > *stop
                {
                    break;
                }
                let Some(Reverse(head)) = self.heads.pop() else { break };
                given.push(head.item);
                last_given = Some(head.rank.sort);
                self.advance(head.shard);
                if let Some(dry) = self.shards.get(head.shard).and_then(|shard| self.dry_at(shard))
                    && stop.as_ref().is_none_or(|stop| dry < *stop)
                {
                    stop = Some(dry);
                }
            }
            let is_full = want.give.is_some_and(|give| given.len() >= give);
            if self.shards.iter().all(|shard| shard.ended) && self.heads.is_empty() {
                break None;
            }
            if is_full && last_given.is_some() {
                break last_given;
            }
            if !want.fill || given.iter().map(Bytes::len).sum::<usize>() >= PAGE_BYTES {
                // Everything up to where the first shard stands that has more was given.
                break self.stop().map(|rank| rank.sort);
            }
        };
        if want.form != Form::Count {
            told.count = given.len() as u64;
        }
        Ok(self.compose(&given, position, &told))
    }

    /// Asks the shards that have no item left, all at once.
    async fn ask(&mut self, read: &Read<'_>, want: Want, told: &mut Told) -> Result<()> {
        let is_due = |shard: &Shard| !shard.ended && !shard.has_head;
        if !self.shards.iter().any(is_due) {
            return Ok(());
        }
        let is_soon = |shard: &Shard| !shard.ended && shard.waiting.len() <= shard.last / 2;
        let mut requests = Vec::new();
        for (at, shard) in self.shards.iter().enumerate() {
            if is_due(shard) || (want.ahead && is_soon(shard)) {
                let number = u16::try_from(at).unwrap_or(u16::MAX);
                let prepared = read.prepare_shard(want.form, want.most, number, shard.behind.as_ref())?;
                requests.push((at, prepared));
            }
        }
        let answers = stream::iter(requests)
            .map(|(at, prepared)| async move { Ok::<_, Error>((at, send(read, prepared).await?)) })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        for (at, (answer, span)) in answers {
            self.take(at, &answer, &span, want.form, told).map_err(|error| read.error(error))?;
        }
        Ok(())
    }

    /// Reads the answer of one shard.
    fn take(
        &mut self,
        at: usize,
        answer: &Bytes,
        span: &tracing::Span,
        form: Form,
        told: &mut Told,
    ) -> Result<()> {
        let mut items = Vec::new();
        let sort = self.sort;
        let response = Response::decode(answer, None, &mut |reader: &mut Reader<'_>| {
            let from = reader.position();
            let key = sort_key(reader, sort)?;
            items.push((key, answer.slice(from..reader.position())));
            Ok(())
        })?;
        let capacity = response.capacity.and_then(|range| answer.get(range)).map(str::from_utf8);
        record_read(span, response.count, response.scanned_count, capacity.and_then(std::result::Result::ok));
        told.count += response.count;
        told.scanned_count += response.scanned_count;
        match response.consumed {
            Some(units) => *told.units.get_or_insert(0.0) += units,
            None => told.is_silent = true,
        }
        let behind = match response.last {
            None => None,
            Some(mut last) => {
                let missing = || Error::new(ErrorKind::Service, "the answer's last key has no sort key");
                Some(last.remove(sort).ok_or_else(missing)?)
            }
        };
        // What a filter left out may be of another model, with another number of shards.
        if items.iter().any(|(key, _)| usize::from(self.spread.of_value(key)) != at) {
            return Err(misplaced());
        }
        let Some(shard) = self.shards.get_mut(at) else { return Ok(()) };
        shard.last = items.len();
        shard.ended = behind.is_none();
        shard.behind = behind;
        if form != Form::Count {
            shard.waiting.extend(items);
        }
        if !shard.has_head {
            self.advance(at);
        }
        Ok(())
    }

    /// Puts the next item of a shard among the heads.
    fn advance(&mut self, at: usize) {
        let Some(shard) = self.shards.get_mut(at) else { return };
        let next = shard.waiting.pop_front();
        shard.has_head = next.is_some();
        if let Some((sort, item)) = next {
            let rank = Rank { sort, descending: self.descending };
            self.heads.push(Reverse(Head { rank, shard: at, item }));
        }
    }

    /// Where a shard stands that has nothing left to give, though there is more in it.
    fn dry_at(&self, shard: &Shard) -> Option<Rank> {
        let is_dry = !shard.ended && !shard.has_head;
        let sort = shard.behind.as_ref().filter(|_| is_dry)?.clone();
        Some(Rank { sort, descending: self.descending })
    }

    /// The least sort key behind which something is not read yet: no item beyond it may be given.
    fn stop(&self) -> Option<Rank> {
        self.shards.iter().filter_map(|shard| self.dry_at(shard)).min()
    }

    /// The answer, whose last key, if there is more, stands in the first shard.
    fn compose(&self, items: &[Bytes], position: Option<AttributeValue>, told: &Told) -> Bytes {
        let mut writer = Writer::with_capacity(256 + items.iter().map(|item| item.len() + 1).sum::<usize>());
        writer.raw("{\"Items\":[");
        for (nth, item) in items.iter().enumerate() {
            writer.raw(if nth == 0 { "" } else { "," });
            writer.raw_bytes(item);
        }
        writer.raw("],\"Count\":");
        writer.raw(itoa::Buffer::new().format(told.count));
        writer.raw(",\"ScannedCount\":");
        writer.raw(itoa::Buffer::new().format(told.scanned_count));
        if let Some(sort) = position {
            let (attribute, partition) = &self.partition;
            let last =
                Item::from([((*attribute).to_owned(), partition.clone()), (self.sort.to_owned(), sort)]);
            writer.raw(",\"LastEvaluatedKey\":");
            push_item(&mut writer, &last);
        }
        if let Some(units) = told.units.filter(|_| !told.is_silent) {
            writer.raw(",\"ConsumedCapacity\":{\"CapacityUnits\":");
            writer.raw(&units.to_string());
            writer.raw("}");
        }
        writer.raw("}");
        writer.into_bytes().into()
    }
}

/// Sends the request of one shard, and alone sends it again where it is throttled: what the others answered is kept.
async fn send(read: &Read<'_>, prepared: Prepared) -> Result<(Bytes, tracing::Span)> {
    // A shard without items is no partition without items.
    retried(read.db, Error::is_throttled, || read.send(prepared.clone(), true)).await
}

/// The items that one shard is asked for, so that all together are likely to have the `items` that come first: its share, and
/// two standard deviations of it more.
pub(super) fn share(items: u32, shards: Shards) -> u32 {
    let mean = f64::from(items) / f64::from(shards.count());
    // Out of range it saturates.
    ((mean + 2.0 * mean.sqrt()).ceil() as u32).min(items)
}

/// The items that one shard is asked for where all are wanted.
pub(super) fn usual(shards: Shards) -> u32 {
    (AHEAD / u32::from(shards.count())).clamp(64, 1024)
}

/// Behind this sort key, in the partition of one shard. There need be no such item.
pub(super) fn start_key(index: &IndexShape, place: &Place, sort: &AttributeValue) -> Result<Vec<u8>> {
    let mut last = Item::new();
    if let Place::Partition { values, .. } = place {
        for (key, json) in index.partition.iter().zip(values) {
            last.insert(key.attribute.to_owned(), AttributeValue::decode(&mut Reader::new(json)?)?);
        }
    }
    if let Some(key) = index.sort_key() {
        last.insert(key.attribute.to_owned(), sort.clone());
    }
    let mut writer = Writer::new();
    push_item(&mut writer, &last);
    Ok(writer.into_bytes())
}

fn push_item(writer: &mut Writer, item: &Item) {
    // Scalars always encode.
    let _ = writer.item(|writer| item.iter().try_for_each(|(name, value)| writer.attribute(name, value)));
}

/// Reads past an item, and gives its sort key.
fn sort_key(reader: &mut Reader<'_>, sort: &str) -> Result<AttributeValue, CodecError> {
    let mut key = None;
    reader.object(|reader, name| {
        if name != sort {
            return reader.skip();
        }
        key = Some(AttributeValue::decode(reader).map_err(|error| error.at(name))?);
        Ok(())
    })?;
    key.ok_or_else(|| CodecError::missing(sort))
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> Ordering {
        let ascending = match (&self.sort, &other.sort) {
            (AttributeValue::S(one), AttributeValue::S(other)) => one.cmp(other),
            (AttributeValue::N(one), AttributeValue::N(other)) => one.cmp(other),
            (AttributeValue::B(one), AttributeValue::B(other)) => one.cmp(other),
            // A table has one type for its sort key.
            _ => Ordering::Equal,
        };
        if self.descending { ascending.reverse() } else { ascending }
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank).then(self.shard.cmp(&other.shard))
    }
}

macro_rules! ordered {
    ($($ty:ty),+) => {$(
        impl PartialOrd for $ty {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $ty {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl Eq for $ty {}
    )+};
}

ordered!(Rank, Head);

#[cfg(test)]
mod tests;
