//! The items of the keys that an index gives, page by page, without their type. Start at [`Fetch::next`].

use crate::codec::{CodecError, Reader};
use crate::model::ModelShape;
use crate::op::batch_get::read as batch;
use crate::op::item_key::EncodedKey;
use crate::op::read::{End, Pages as _, Read, Run};
use crate::{Db, Error, Result, StartKey};
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::stream::{self, Stream, TryStreamExt};

/// A read of an index under way, and how its items are fetched.
pub(super) struct Fetch<'db> {
    run: Run<'db>,
    db: &'db Db,
    model: &'static ModelShape,
    projection: Option<&'static [&'static str]>,
    consistent_read: bool,
    /// Entries of the index so far: positions in errors count all of them.
    entries: usize,
}

impl<'db> Fetch<'db> {
    pub(super) fn new(read: Box<Read<'db>>, consistent_read: bool, end: End) -> Result<Self> {
        let (db, model, projection) = (read.db, read.model, read.projection);
        Ok(Self { run: Run::new(read, end)?, db, model, projection, consistent_read, entries: 0 })
    }

    /// The batch that fetches the items of the next page, unless the terminal has what it asked for.
    async fn batch(&mut self) -> Result<Option<batch::Read<'db>>> {
        let Some(answer) = self.run.fetch().await? else { return Ok(None) };
        let (mut keys, model) = (Vec::new(), self.model);
        self.run.accept(&answer, &mut |reader: &mut Reader<'_>| {
            keys.push(Ok(EncodedKey::read(reader, model)?));
            Ok(())
        })?;
        let first = self.entries;
        self.entries += keys.len();
        let batch = batch::Read::of_keys(self.db, model, keys);
        let (projection, consistent_read) = (self.projection, self.consistent_read);
        Ok(Some(batch::Read { first, projection, consistent_read, ..batch }))
    }

    /// The items of the next page that are still there, each with its position among all entries of the index.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<(usize, Bytes)>>> {
        let Some(batch) = self.batch().await? else { return Ok(None) };
        let first = batch.first;
        let found = batch.all().await?;
        let count = found.len();
        let items: Vec<_> = (first..).zip(found).filter_map(|(at, item)| Some((at, item?))).collect();
        self.run.lose((count - items.len()) as u64);
        Ok(Some(items))
    }

    /// Where to go on, and how many entries of the index were looked at.
    pub(super) fn end(self) -> (Option<StartKey>, u64) {
        let (scanned_count, _) = self.run.cost();
        (self.run.into_next(), scanned_count)
    }
}

/// The items that are still there, as they are taken, each with its position.
pub(super) fn stream(
    read: Box<Read<'_>>,
    consistent_read: bool,
) -> impl Stream<Item = Result<(usize, Bytes)>> + Send + '_ {
    stream::try_unfold((Some(read), None), move |(read, fetch)| async move {
        let mut fetch = match (read, fetch) {
            (Some(read), _) => Fetch::new(read, consistent_read, End::All("stream"))?,
            (None, Some(fetch)) => fetch,
            (None, None) => return Ok::<_, Error>(None),
        };
        let batch = fetch.batch().await?;
        Ok(batch.map(|batch| (batch.stream(), (None, Some(fetch)))))
    })
    .try_flatten()
    .try_filter_map(|(at, item)| ready(Ok(item.map(|item| (at, item)))))
}

/// Reads one item.
pub(super) fn decode<T>(
    db: &Db,
    model: &ModelShape,
    (position, item): (usize, &[u8]),
    decode: impl FnOnce(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<T> {
    let decoded = Reader::new(item).and_then(|mut reader| decode(&mut reader));
    decoded.map_err(|error| batch::at(db, model, position, error.into()))
}
