//! BatchWriteItem: puts and deletes of any number of items, each on its own.

use super::item_key::{EncodedKey, ItemKey, read_item};
use super::put::EncodedItem;
use crate::codec::{CodecError, Reader, Writer};
use crate::error::{ErrorKind, Unprocessed};
use crate::model::{Key, Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result, limits};
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// Puts and deletes any number of items of any tables: [`Db::batch_write`] makes it.
///
/// Each write happens on its own: there are no conditions, and no order. The writes are sent 25 at a time; those that
/// DynamoDB leaves undone are sent again, after a growing pause. What is still undone after eight tries without progress
/// is in the error, by position: nothing is dropped.
///
/// Models with a version are refused, since a batch cannot check it: use a transaction.
///
/// Costs what the writes would cost alone. See
/// [BatchWriteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
#[must_use = "a batch writes nothing until it is executed"]
pub struct BatchWrite<'db> {
    db: &'db Db,
    writes: Vec<Write>,
}

struct Write {
    model: &'static ModelShape,
    /// A delete needs no more than its key.
    put: Option<Result<EncodedItem, CodecError>>,
    key: Result<EncodedKey, CodecError>,
}

/// A write as it is sent, and what tells it among those that come back.
struct Ready {
    operation: usize,
    key: ItemKey,
    json: Vec<u8>,
}

/// Tries without any progress, before what is left is given up.
const TRIES: u32 = 8;
/// The longest pause before the second try, in milliseconds; it doubles from there.
const FIRST_PAUSE_MS: u64 = 50;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 5_000;

impl Db {
    /// Puts and deletes any number of items.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let users: Vec<User> = (0..100).map(|n| User { id: format!("u{n}") }).collect();
    /// db.batch_write().put_all(&users).delete(User::key("old")).execute().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch_write(&self) -> BatchWrite<'_> {
        BatchWrite { db: self, writes: Vec::new() }
    }
}

impl BatchWrite<'_> {
    /// Adds a put of an item.
    pub fn put<M: Model>(mut self, item: &M) -> Self {
        let put = EncodedItem::of(item);
        let key = put.as_ref().map(|item| item.key.clone()).map_err(Clone::clone);
        self.writes.push(Write { model: M::SHAPE, put: Some(put), key });
        self
    }

    /// Adds a put of each item.
    pub fn put_all<'a, M: Model + 'a>(self, items: impl IntoIterator<Item = &'a M>) -> Self {
        items.into_iter().fold(self, BatchWrite::put)
    }

    /// Adds a delete of the item with this key.
    pub fn delete<K: Key>(mut self, key: K) -> Self {
        self.writes.push(Write { model: K::Model::SHAPE, put: None, key: EncodedKey::of(&key) });
        self
    }

    /// Adds a delete of the item with each key.
    pub fn delete_all<K: Key>(self, keys: impl IntoIterator<Item = K>) -> Self {
        keys.into_iter().fold(self, BatchWrite::delete)
    }

    /// Shows the requests, 25 writes each, without sending them.
    ///
    /// # Errors
    ///
    /// If two writes are on the same item, or one of them cannot be right.
    pub fn to_requests(&self) -> Result<Vec<Request>> {
        let mut writes: VecDeque<Ready> = self.ready()?.into();
        let mut requests = Vec::new();
        while !writes.is_empty() {
            requests.push(request(&next_chunk(&mut writes)));
        }
        Ok(requests)
    }

    /// All writes as they are sent. Everything that can be wrong is found here, before the first is.
    fn ready(&self) -> Result<Vec<Ready>> {
        let of_batch = |error: Error| error.during(Operation::BatchWriteItem, None);
        let now = self.db.now();
        let mut ready: Vec<Ready> = Vec::with_capacity(self.writes.len());
        let mut seen = std::collections::HashMap::new();
        for (operation, write) in self.writes.iter().enumerate() {
            let at = |error: Error| of_batch(error.in_operation(operation));
            if let Some(version) = write.model.version() {
                return Err(at(Error::invalid(format!(
                    "a batch cannot check attribute `{version}`, the version of `{}`: use a transaction",
                    write.model.name
                ))));
            }
            let key = write.key.as_ref().map_err(|error| at(error.clone().into()))?;
            let mut writer = Writer::with_capacity(512);
            match &write.put {
                Some(item) => {
                    let item = item.as_ref().map_err(|error| at(error.clone().into()))?;
                    writer.raw("{\"PutRequest\":{\"Item\":");
                    writer.raw_bytes(&item.stamped(now).map_err(at)?);
                }
                None => {
                    writer.raw("{\"DeleteRequest\":{\"Key\":");
                    writer.raw_bytes(&key.json);
                }
            }
            writer.raw("}}");
            let key = ItemKey::new(self.db, key).map_err(at)?;
            if let Some(first) = seen.insert(key.identity(), operation) {
                return Err(of_batch(Error::invalid(format!(
                    "writes {first} and {operation} are on the same item: a batch has no order, so one would be lost"
                ))));
            }
            ready.push(Ready { operation, key, json: writer.into_bytes() });
        }
        Ok(ready)
    }

    /// Makes the writes. A batch without any is done at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unprocessed`] if writes are left undone after all tries. Another error can come when some writes are
    /// done already: in each case [`unprocessed`](Error::unprocessed) tells those that are not, or may not be.
    pub async fn execute(self) -> Result<()> {
        let mut writes: VecDeque<Ready> = self.ready()?.into();
        let mut tries = 0;
        while !writes.is_empty() {
            let chunk = next_chunk(&mut writes);
            let sent = chunk.len();
            let left = match self.db.send(request(&chunk)).await {
                Ok(response) => match unprocessed(&response, chunk) {
                    Ok(left) => left,
                    Err((error, chunk)) => return Err(given_up(Error::from(error), chunk, writes)),
                },
                Err(error) if error.is_throttled() && tries + 1 < TRIES => chunk,
                Err(error) => return Err(given_up(error, chunk, writes)),
            };
            if left.is_empty() {
                tries = 0;
                continue;
            }
            tries = if left.len() < sent { 1 } else { tries + 1 };
            if tries >= TRIES {
                let count = left.len() + writes.len();
                let error = Error::new(
                    ErrorKind::Unprocessed,
                    format!("{count} of {} writes are not done after {TRIES} tries", self.writes.len()),
                );
                return Err(given_up(error, left, writes));
            }
            for write in left.into_iter().rev() {
                writes.push_front(write);
            }
            tokio::time::sleep(pause(tries)).await;
            self.db.count_retry();
        }
        Ok(())
    }
}

/// A pause of random length: clients that were throttled together do not come back together.
fn pause(tries: u32) -> Duration {
    let longest = FIRST_PAUSE_MS.saturating_mul(1 << tries.saturating_sub(1)).min(LONGEST_PAUSE_MS);
    Duration::from_millis(fastrand::u64(0..=longest))
}

/// Takes the writes of the next request: 25, or as many as fit into its size.
fn next_chunk(writes: &mut VecDeque<Ready>) -> Vec<Ready> {
    // Room for the table names and what stands around them.
    const AROUND: usize = 64 * 1024;
    let (mut chunk, mut bytes) = (Vec::new(), AROUND);
    while let Some(write) = writes.pop_front() {
        bytes += write.json.len();
        if chunk.len() == limits::BATCH_WRITE_ITEMS || (bytes > limits::REQUEST_BYTES && !chunk.is_empty()) {
            writes.push_front(write);
            break;
        }
        chunk.push(write);
    }
    chunk
}

fn request(chunk: &[Ready]) -> Request {
    let mut tables: Vec<&str> = chunk.iter().map(|write| write.key.table.as_str()).collect();
    tables.sort_unstable();
    tables.dedup();
    let mut writer =
        Writer::with_capacity(chunk.iter().map(|write| write.json.len() + 1).sum::<usize>() + 64);
    writer.raw("{\"RequestItems\":{");
    for (nth, table) in tables.iter().enumerate() {
        writer.raw(if nth == 0 { "" } else { "," });
        writer.json_string(table);
        writer.raw(":[");
        for (nth, write) in chunk.iter().filter(|write| write.key.table == *table).enumerate() {
            writer.raw(if nth == 0 { "" } else { "," });
            writer.raw_bytes(&write.json);
        }
        writer.raw("]");
    }
    writer.raw("}}");
    Request {
        operation: Operation::BatchWriteItem,
        tables: tables.into_iter().map(str::to_owned).collect(),
        body: Bytes::from(writer.into_bytes()),
    }
}

/// The writes of a chunk that the response gives back.
fn unprocessed(response: &Bytes, mut chunk: Vec<Ready>) -> Result<Vec<Ready>, (CodecError, Vec<Ready>)> {
    let mut left = Vec::new();
    let read = |left: &mut Vec<usize>| {
        Reader::new(response)?.object(|reader, name| {
            if name != "UnprocessedItems" || reader.is_null() {
                return if name == "UnprocessedItems" { Ok(()) } else { reader.skip() };
            }
            reader.object(|reader, table| {
                reader.array(|reader| {
                    let mut attributes = None;
                    // {"PutRequest":{"Item":{…}}} or {"DeleteRequest":{"Key":{…}}}
                    reader.object(|reader, _| {
                        reader.object(|reader, _| {
                            attributes = Some(read_item(reader)?);
                            Ok(())
                        })
                    })?;
                    let position = attributes.and_then(|attributes| {
                        chunk
                            .iter()
                            .position(|write| write.key.table == table && write.key.is_of(&attributes))
                    });
                    left.push(position.ok_or_else(|| {
                        CodecError::invalid("of the unprocessed items is not one that was sent")
                    })?);
                    Ok(())
                })
            })
        })
    };
    if let Err(error) = read(&mut left) {
        return Err((error, chunk));
    }
    left.sort_unstable();
    left.dedup();
    let mut nth = 0;
    chunk.retain(|_| {
        nth += 1;
        left.binary_search(&(nth - 1)).is_ok()
    });
    Ok(chunk)
}

/// The error, with every write that is not done.
fn given_up(error: Error, chunk: Vec<Ready>, rest: VecDeque<Ready>) -> Error {
    let mut left: Vec<Unprocessed> = chunk
        .into_iter()
        .chain(rest)
        .map(|write| Unprocessed::new(write.operation, write.key.table))
        .collect();
    left.sort_unstable_by_key(|write| write.operation);
    error.during(Operation::BatchWriteItem, None).with_unprocessed(left)
}

/// How many writes, without values: they belong in no log.
impl fmt::Debug for BatchWrite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWrite").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::*;
    use crate::transport::Failure;

    fn shown_all(batch: &BatchWrite<'_>) -> String {
        let requests = batch.to_requests().unwrap();
        requests.into_iter().map(|request| shown(Ok(request))).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn writes_stand_under_their_tables() {
        let db = db();
        let batch = db.batch_write().put(&user()).delete(Note::key("n1", 7_u64)).delete(User::key("u2"));
        insta::assert_snapshot!(shown_all(&batch), @r#"
        {"RequestItems":{"app":[{"PutRequest":{"Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada@example.com"},"name":{"S":"Ada"},"credits":{"N":"10"}}}},
        {"DeleteRequest":{"Key":{"pk":{"S":"USER#u2"},"sk":{"S":"PROFILE"}}}}],"notes":[{"DeleteRequest":{"Key":{"id":{"S":"n1"},"at":{"N":"7"}}}}]}}
        "#);
    }

    #[test]
    fn twenty_six_writes_are_two_requests() {
        let db = db();
        let batch = db.batch_write().delete_all((0..26_u64).map(|at| Note::key("n", at)));
        let requests = batch.to_requests().unwrap();
        let writes: Vec<usize> = requests.iter().map(|r| r.json().matches("DeleteRequest").count()).collect();
        assert_eq!(writes, [25, 1]);
    }

    #[test]
    fn a_batch_that_cannot_be_right_is_refused() {
        let db = db();
        insta::assert_snapshot!(refused(db.batch_write().put(&user()).delete(User::key("u1")).to_requests()), @"BatchWriteItem: writes 0 and 1 are on the same item: a batch has no order, so one would be lost");
        insta::assert_snapshot!(refused(db.batch_write().put(&user()).delete(User::key("")).to_requests()), @"BatchWriteItem: operation 1: attribute `id` is empty, and DynamoDB keys must not be");
        insta::assert_snapshot!(refused(db.batch_write().put(&user()).put(&account(0)).to_requests()), @"BatchWriteItem: operation 1: a batch cannot check attribute `version`, the version of `Account`: use a transaction");
        insta::assert_snapshot!(refused(db.batch_write().delete(Homeless::key("h")).to_requests()), @r#"BatchWriteItem: operation 0: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    }

    #[test]
    fn numbers_that_are_the_same_make_the_same_key() {
        let db = db();
        let key = |json: &str| EncodedKey { json: json.as_bytes().to_vec(), model: Note::SHAPE };
        let one = ItemKey::new(&db, &key(r#"{"id":{"S":"n"},"at":{"N":"1"}}"#)).unwrap();
        let same = ItemKey::new(&db, &key(r#"{"at":{"N":"1.0"},"id":{"S":"n"}}"#)).unwrap();
        assert_eq!(one, same);
        assert_eq!(one.identity(), same.identity());
    }

    #[test]
    fn pauses_grow_and_have_an_end() {
        for tries in [0, 1, 7, 63] {
            assert!(pause(tries) <= Duration::from_millis(LONGEST_PAUSE_MS));
        }
    }

    /// Answers each call by a function of its request, and counts the calls.
    struct Script<F>(F, std::sync::Arc<std::sync::atomic::AtomicU32>);

    impl<F> fmt::Debug for Script<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Script")
        }
    }

    impl<F> crate::transport::Transport for Script<F>
    where
        F: Fn(u32, Vec<serde_json::Value>) -> Result<Vec<serde_json::Value>, Failure> + Send + Sync + 'static,
    {
        fn call(&self, request: Request) -> crate::transport::Call<'_> {
            let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let writes = body["RequestItems"]["notes"].as_array_mut().map(std::mem::take).unwrap();
            let nth = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let left = (self.0)(nth, writes);
            Box::pin(async move {
                let left = left?;
                let json = match left.is_empty() {
                    true => serde_json::json!({ "UnprocessedItems": {} }),
                    false => serde_json::json!({ "UnprocessedItems": { "notes": left } }),
                };
                Ok(Bytes::from(json.to_string()))
            })
        }
    }

    /// Deletes 30 items; gives the result and how many calls it took.
    async fn thirty(
        script: impl Fn(u32, Vec<serde_json::Value>) -> Result<Vec<serde_json::Value>, Failure>
        + Send
        + Sync
        + 'static,
    ) -> (Result<()>, u32) {
        let calls = std::sync::Arc::default();
        let db = Db::with_transport(Script(script, std::sync::Arc::clone(&calls)));
        let result = db.batch_write().delete_all((0..30_u64).map(|at| Note::key("n", at))).execute().await;
        (result, calls.load(std::sync::atomic::Ordering::Relaxed))
    }

    fn left(error: &Error) -> Vec<usize> {
        error.unprocessed().iter().map(|write| write.operation).collect()
    }

    fn throttled() -> Failure {
        Failure::Service(crate::transport::ServiceError::new("ThrottlingException", ""))
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_never_done_is_told_by_position() {
        let (result, calls) = thirty(|_, writes| Ok(writes)).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unprocessed);
        assert_eq!(left(&error), (0..30).collect::<Vec<_>>());
        assert_eq!(calls, TRIES);
        assert_eq!(error.to_string(), "BatchWriteItem: 30 of 30 writes are not done after 8 tries");

        let (result, calls) = thirty(|_, writes| match writes.len() {
            25 => Ok(vec![writes[3].clone()]),
            _ => Ok(writes.into_iter().filter(|write| write.to_string().contains("\"3\"")).collect()),
        })
        .await;
        assert_eq!(left(&result.unwrap_err()), [3]);
        assert_eq!(calls, 1 + TRIES);
    }

    #[tokio::test(start_paused = true)]
    async fn as_long_as_one_write_is_done_each_time_it_goes_on() {
        let (result, calls) = thirty(|_, writes| Ok(writes.into_iter().skip(1).collect())).await;
        result.unwrap();
        assert_eq!(calls, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_waited_out_and_then_told() {
        let (result, calls) = thirty(|nth, _| if nth < 7 { Err(throttled()) } else { Ok(Vec::new()) }).await;
        result.unwrap();
        assert_eq!(calls, 9);
        let (result, calls) = thirty(|nth, _| if nth > 0 { Err(throttled()) } else { Ok(Vec::new()) }).await;
        let error = result.unwrap_err();
        assert!(error.is_throttled());
        assert_eq!(left(&error), [25, 26, 27, 28, 29]);
        assert_eq!(calls, 1 + TRIES);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_tells_what_may_not_be_done() {
        let (result, _) = thirty(|nth, writes| match nth {
            0 => Ok(writes.into_iter().take(2).collect()),
            _ => Err(Failure::NoResponse("gone".into())),
        })
        .await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert_eq!(left(&error), [0, 1, 25, 26, 27, 28, 29]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_comes_back_is_known_by_the_value_of_its_key() {
        let (result, calls) = thirty(|nth, writes| {
            let other_form = writes[1].to_string().replace("\"1\"", "\"1.0\"");
            Ok(if nth == 0 { vec![serde_json::from_str(&other_form).unwrap()] } else { Vec::new() })
        })
        .await;
        result.unwrap();
        assert_eq!(calls, 2);
        let (result, _) =
            thirty(|_, _| Ok(vec![serde_json::json!({"DeleteRequest":{"Key":{"id":{"S":"?"}}}})])).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(left(&error).len(), 30);
    }

    #[test]
    fn no_value_is_shown() {
        let db = db();
        let shown = format!(
            "{:?}",
            db.batch_write().put(&User { name: SECRET.into(), ..user() }).delete(User::key(SECRET))
        );
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
