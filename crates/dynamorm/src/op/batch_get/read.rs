//! A batch that reads, without the type of its items: requests of 100 keys, and which position what they give belongs to.
//!
//! Start at [`Read::all`].

use crate::codec::{CodecError, Reader, Writer};
use crate::error::Unprocessed;
use crate::model::{Key, Model, ModelShape};
use crate::op::body::Body;
use crate::op::hidden::Hidden;
use crate::op::item_key::{EncodedKey, ItemKey, identity, read_item, read_key};
use crate::op::retry::{Batch, CONCURRENCY, Stop};
use crate::op::sink::Sink;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result, limits};
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What is read.
#[derive(Clone)]
pub(crate) struct Read<'db> {
    pub(crate) db: &'db Db,
    pub(crate) model: &'static ModelShape,
    pub(crate) keys: Vec<Result<EncodedKey, CodecError>>,
    /// How the position of the first key is counted in errors: keys may be some of a longer read.
    pub(crate) first: usize,
    pub(crate) projection: Option<&'static [&'static str]>,
    pub(crate) consistent_read: bool,
    pub(crate) live: bool,
    pub(crate) concurrency: usize,
    pub(crate) deadline: Option<Duration>,
}

/// A key as it is sent, and what tells its item among those that come back.
struct Wanted {
    /// Which key of its group it is.
    nth: usize,
    key: ItemKey,
    json: Vec<u8>,
}

/// Keys that are read together, each once.
struct Group {
    /// The position of the first one among all that were asked for.
    first: usize,
    /// Which key each position asks for.
    of_position: Vec<usize>,
    keys: Vec<Wanted>,
}

/// What a group gave, by its keys.
struct Found {
    items: Vec<Option<Bytes>>,
    left: Vec<Wanted>,
    stop: Option<Stop>,
}

/// A read under way.
struct Run<'db> {
    batch: Batch<'db>,
    db: &'db Db,
    model: &'static ModelShape,
    table: String,
    /// What stands behind the keys of each request.
    tail: Vec<u8>,
    hidden: Hidden,
    concurrency: usize,
}

/// Names the operation, the table and the position in an error.
pub(crate) fn at(db: &Db, model: &ModelShape, position: usize, error: Error) -> Error {
    error.in_operation(position).during(Operation::BatchGetItem, db.table_of(model).ok())
}

/// Reads what positions gave, of which the first is `position`.
pub(crate) fn decode(
    db: &Db,
    model: &ModelShape,
    position: usize,
    found: &[Option<Bytes>],
    sink: &mut dyn Sink,
) -> Result<()> {
    for (position, item) in (position..).zip(found) {
        let Some(item) = item else {
            sink.absent();
            continue;
        };
        let read = Reader::new(item).and_then(|mut reader| sink.item(&mut reader));
        read.map_err(|error| at(db, model, position, error.into()))?;
    }
    Ok(())
}

impl<'db> Read<'db> {
    pub(crate) fn of<K: Key>(db: &'db Db, keys: impl IntoIterator<Item = K>) -> Self {
        let mut encoded = Vec::new();
        for key in keys {
            encoded.push(EncodedKey::of(K::Model::SHAPE, &key));
        }
        Self::of_keys(db, K::Model::SHAPE, encoded)
    }

    /// Of keys that are at hand as they are sent.
    pub(crate) fn of_keys(
        db: &'db Db,
        model: &'static ModelShape,
        keys: Vec<Result<EncodedKey, CodecError>>,
    ) -> Self {
        Self {
            db,
            model,
            keys,
            first: 0,
            projection: None,
            consistent_read: false,
            live: false,
            concurrency: CONCURRENCY,
            deadline: None,
        }
    }

    /// Checks everything that can be wrong, and starts the clock of the deadline.
    fn start(&self) -> Result<Run<'db>> {
        self.build().map_err(|error| error.during(Operation::BatchGetItem, self.db.table_of(self.model).ok()))
    }

    fn build(&self) -> Result<Run<'db>> {
        let table = self.db.table_of(self.model)?.to_owned();
        if self.concurrency == 0 {
            return Err(Error::invalid("no request may be sent at once, it must be 1 or more"));
        }
        let hidden = Hidden::of(self.db, self.model, self.live)?;
        let mut body = Body::begin("Keys", b"[]");
        if self.consistent_read {
            body.flag("ConsistentRead", true);
        }
        if let Some(names) = self.projection {
            let mut names = hidden.names(names);
            for key in self.model.primary.keys() {
                if !names.contains(&key.attribute) {
                    names.push(key.attribute);
                }
            }
            body.projection(&names)?;
        }
        let tail = body.finish();
        let tail = tail.strip_prefix(b"{\"Keys\":[]").unwrap_or(&tail).to_vec();
        let batch = Batch::new(self.db, self.deadline);
        let concurrency = self.concurrency;
        Ok(Run { batch, db: self.db, model: self.model, table, tail, hidden, concurrency })
    }

    /// Groups the positions, `most` keys in each.
    fn groups(&self, most: usize) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut seen = HashMap::new();
        for (position, key) in self.keys.iter().enumerate() {
            let at = |error: Error| at(self.db, self.model, self.first + position, error);
            let encoded = key.as_ref().map_err(|error| at(error.clone().into()))?;
            let key = ItemKey::new(self.db, encoded).map_err(at)?;
            let identity = identity(&key.attributes);
            if let (Some(group), Some(nth)) = (groups.last_mut(), seen.get(&identity)) {
                group.of_position.push(*nth);
                continue;
            }
            if groups.last().is_none_or(|group| group.keys.len() >= most) {
                seen.clear();
                groups.push(Group { first: position, of_position: Vec::new(), keys: Vec::new() });
            }
            if let Some(group) = groups.last_mut() {
                let nth = group.keys.len();
                seen.insert(identity, nth);
                group.of_position.push(nth);
                let json = encoded.filled(self.db).map_err(at)?.into_owned();
                group.keys.push(Wanted { nth, key, json });
            }
        }
        Ok(groups)
    }

    pub(crate) fn to_requests(&self) -> Result<Vec<Request>> {
        let run = self.start()?;
        let groups = self.groups(usize::MAX)?;
        let keys: Vec<Wanted> = groups.into_iter().flat_map(|group| group.keys).collect();
        Ok(keys.chunks(limits::BATCH_GET_ITEMS).map(|keys| run.request(keys)).collect())
    }

    /// Reads all of them: what each position gave.
    pub(crate) async fn all(self) -> Result<Vec<Option<Bytes>>> {
        let run = self.start()?;
        let Some(group) = self.groups(usize::MAX)?.pop() else { return Ok(Vec::new()) };
        let Group { first, of_position, keys } = group;
        let mut found = run.read(keys).await;
        match found.stop.take() {
            Some(why) => Err(run.given_up(why, &found, self.first + first, &of_position, self.keys.len())),
            None => Ok(of_position.iter().map(|nth| found.item(*nth)).collect()),
        }
    }

    /// Reads them group by group: each position, as it is counted in errors, and what it gave.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<(usize, Option<Bytes>)>> + Send + 'db {
        let (count, first) = (self.keys.len(), self.first);
        stream::once(async move {
            Ok::<_, Error>((Arc::new(self.start()?), self.groups(limits::BATCH_GET_ITEMS)?))
        })
        .map_ok(move |(run, groups)| {
            let concurrency = run.concurrency;
            stream::iter(groups)
                .map(move |group| {
                    Arc::clone(&run).results(Group { first: first + group.first, ..group }, count)
                })
                .buffered(concurrency)
                .map(stream::iter)
                .flatten()
        })
        .try_flatten()
        // Behind a gap nothing must follow.
        .scan(false, |failed, result: Result<_>| {
            let ended = std::mem::replace(failed, result.is_err());
            ready((!ended).then_some(result))
        })
    }
}

impl Found {
    fn item(&self, nth: usize) -> Option<Bytes> {
        self.items.get(nth).cloned().flatten()
    }
}

impl Run<'_> {
    fn request(&self, keys: &[Wanted]) -> Request {
        let bytes = keys.iter().map(|key| key.json.len() + 1).sum::<usize>();
        let mut writer = Writer::with_capacity(bytes + self.tail.len() + self.table.len() + 64);
        writer.raw("{\"RequestItems\":{");
        writer.json_string(&self.table);
        writer.raw(":{\"Keys\":[");
        for (nth, key) in keys.iter().enumerate() {
            writer.raw(if nth == 0 { "" } else { "," });
            writer.raw_bytes(&key.json);
        }
        writer.raw("]");
        writer.raw_bytes(&self.tail);
        writer.raw("}}");
        Request {
            operation: Operation::BatchGetItem,
            tables: vec![self.table.clone()],
            body: Bytes::from(writer.into_bytes()),
        }
    }

    /// Reads these keys, 100 with each request.
    async fn read(&self, keys: Vec<Wanted>) -> Found {
        let mut found = Found { items: vec![None; keys.len()], left: Vec::new(), stop: None };
        let mut keys = keys.into_iter();
        let chunks = std::iter::from_fn(move || {
            let chunk: Vec<Wanted> = keys.by_ref().take(limits::BATCH_GET_ITEMS).collect();
            (!chunk.is_empty()).then_some(chunk)
        });
        let mut results = stream::iter(chunks)
            .map(|chunk| async move {
                let mut items = Vec::new();
                let accept = |answer: Bytes, chunk| self.accept(&answer, chunk, &mut items);
                let (left, stop) = self.batch.send(chunk, |keys| self.request(keys), accept).await;
                (items, left, stop)
            })
            .buffer_unordered(self.concurrency);
        while let Some((items, left, stop)) = results.next().await {
            for (nth, item) in items {
                if let Some(slot) = found.items.get_mut(nth) {
                    *slot = Some(item);
                }
            }
            found.left.extend(left);
            found.stop = found.stop.take().or(stop);
        }
        found
    }

    /// Reads an answer: its items go to `items`, and the keys that it leaves unread come back.
    fn accept(
        &self,
        answer: &Bytes,
        mut chunk: Vec<Wanted>,
        items: &mut Vec<(usize, Bytes)>,
    ) -> Result<Vec<Wanted>, (CodecError, Vec<Wanted>)> {
        match self.try_accept(answer, &chunk, items) {
            Ok(left) => {
                let mut left = left.into_iter();
                chunk.retain(|_| left.next().unwrap_or_default());
                Ok(chunk)
            }
            Err(error) => Err((error, chunk)),
        }
    }

    /// Which keys of the chunk are left.
    fn try_accept(
        &self,
        answer: &Bytes,
        chunk: &[Wanted],
        items: &mut Vec<(usize, Bytes)>,
    ) -> Result<Vec<bool>, CodecError> {
        let positions: HashMap<Vec<u8>, usize> =
            chunk.iter().enumerate().map(|(at, wanted)| (identity(&wanted.key.attributes), at)).collect();
        let mut left = vec![false; chunk.len()];
        let mut read = Vec::new();
        Reader::new(answer)?.object(|reader, name| {
            let is_keys = match name {
                "Responses" => false,
                "UnprocessedKeys" => true,
                _ => return reader.skip(),
            };
            if reader.is_null() {
                return Ok(());
            }
            reader.object(|reader, _table| {
                if !is_keys {
                    return reader.array(|reader| {
                        let from = reader.position();
                        let key = read_key(reader, self.model)?;
                        let item = reader.between(from, reader.position()).trim();
                        let at = *positions.get(&identity(&key)).ok_or_else(unknown_item)?;
                        let hidden = !self.hidden.is_nothing() && self.hidden.hides(item)?;
                        if let (Some(wanted), false) = (chunk.get(at), hidden) {
                            read.push((wanted.nth, answer.slice_ref(item.as_bytes())));
                        }
                        Ok(())
                    });
                }
                reader.object(|reader, name| {
                    if name != "Keys" {
                        return reader.skip();
                    }
                    reader.array(|reader| {
                        let key = read_item(reader)?;
                        let at = *positions.get(&identity(&key)).ok_or_else(unknown_key)?;
                        if let Some(left) = left.get_mut(at) {
                            *left = true;
                        }
                        Ok(())
                    })
                })
            })
        })?;
        items.append(&mut read);
        Ok(left)
    }

    /// What each position of a group gave. At the first one that was not read there is the error, and nothing behind it.
    async fn results(self: Arc<Self>, group: Group, count: usize) -> Vec<Result<(usize, Option<Bytes>)>> {
        let Group { first, of_position, keys } = group;
        let mut found = self.read(keys).await;
        let read = match found.left.iter().map(|wanted| wanted.nth).min() {
            // Keys that come up first time in this order stand in this order.
            Some(nth) => of_position.iter().position(|of| *of == nth).unwrap_or_default(),
            None => of_position.len(),
        };
        let positions = of_position.iter().take(read).enumerate();
        let mut results: Vec<_> = positions.map(|(at, nth)| Ok((first + at, found.item(*nth)))).collect();
        if let Some(why) = found.stop.take() {
            let rest = of_position.get(read..).unwrap_or_default();
            results.push(Err(self.given_up(why, &found, first + read, rest, count)));
        }
        results
    }

    /// The error, with every position that was not read, and what was. `of_position` are those from `first` on.
    fn given_up(&self, why: Stop, found: &Found, first: usize, of_position: &[usize], count: usize) -> Error {
        let (mut left, mut items) = (Vec::new(), Vec::new());
        for (at, nth) in of_position.iter().enumerate() {
            if let Some(wanted) = found.left.iter().find(|wanted| wanted.nth == *nth) {
                let ItemKey { table, attributes } = wanted.key.clone();
                left.push(Unprocessed::read(first + at, table, attributes));
            } else if let Some(item) = found.item(*nth) {
                items.push((first + at, item));
            }
        }
        let error = why.error(&format!("{} of {count} keys are not read", left.len()));
        error
            .during(Operation::BatchGetItem, self.db.table_of(self.model).ok())
            .with_unprocessed(left)
            .with_items(items)
    }
}

fn unknown_item() -> CodecError {
    CodecError::invalid("of the items is not one that was asked for")
}

fn unknown_key() -> CodecError {
    CodecError::invalid("of the unprocessed keys is not one that was sent")
}
