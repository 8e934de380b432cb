//! BatchWriteItem: puts and deletes of any number of items, each on its own.
//!
//! Here: the builder, and how its requests run side by side. Beside it, `request`: what is sent, and what comes back.

mod request;
#[cfg(test)]
mod tests;

use super::encoded_item::EncodedItem;
use super::item_key::{Encode, EncodedKey, ItemKey};
use super::retry::{Batch, CONCURRENCY, Stop};
use crate::codec::CodecError;
use crate::error::Unprocessed;
use crate::model::{Key, Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::{Db, Error, ReachedByDb, Result, Within};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use request::{Ready, chunks, request, unprocessed};
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Puts and deletes any number of items of any tables: [`Db::batch_write`] makes it.
///
/// Each write happens on its own: there are no conditions, and no order. The writes are sent 25 at a time, up to four such
/// requests at once; those that DynamoDB leaves undone are sent again, after a growing pause. What is still undone after
/// eight tries without progress is in the error, with its item or key: nothing is dropped.
///
/// Models with a version are refused, since a batch cannot check it, and models with unique attributes, since it cannot keep their
/// guards: use transactions.
///
/// Dropping the future of a batch stops it between two requests, or in one that may still be carried out. To write all of it
/// once more does no harm, as long as nobody else has written these items since.
///
/// Costs what the writes would cost alone. See
/// [BatchWriteItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html).
#[must_use = "a batch writes nothing until it is executed"]
pub struct BatchWrite<'db, S = ReachedByDb> {
    db: &'db Db,
    of: PhantomData<fn() -> S>,
    writes: Vec<Write>,
    concurrency: usize,
    deadline: Option<Duration>,
}

struct Write {
    model: &'static ModelShape,
    /// A delete needs no more than its key.
    put: Option<Result<EncodedItem, CodecError>>,
    key: Result<EncodedKey, CodecError>,
}

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
        BatchWrite::of(self)
    }
}

impl<'db, S> BatchWrite<'db, S> {
    pub(crate) fn of(db: &'db Db) -> Self {
        Self { db, of: PhantomData, writes: Vec::new(), concurrency: CONCURRENCY, deadline: None }
    }

    /// Adds a put of an item.
    pub fn put<M: Within<S>>(mut self, item: &M) -> Self {
        self.push_put(M::SHAPE, &item);
        self
    }

    /// Adds a put of each item.
    pub fn put_all<'a, M: Within<S> + 'a>(self, items: impl IntoIterator<Item = &'a M>) -> Self {
        items.into_iter().fold(self, BatchWrite::put)
    }

    /// Adds a delete of the item with this key.
    pub fn delete<K: Key<Model: Within<S>>>(mut self, key: K) -> Self {
        self.push_delete(K::Model::SHAPE, &key);
        self
    }

    /// Adds a delete of the item with each key.
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
    /// db.batch_write().delete_all(["u1", "u2"].map(User::key)).execute().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_all<K: Key<Model: Within<S>>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        keys.into_iter().fold(self, BatchWrite::delete)
    }

    fn push_put(&mut self, model: &'static ModelShape, item: &dyn Encode) {
        let put = EncodedItem::of(model, item);
        let key = put.as_ref().map(|item| item.key.clone()).map_err(Clone::clone);
        self.writes.push(Write { model, put: Some(put), key });
    }

    fn push_delete(&mut self, model: &'static ModelShape, key: &dyn Encode) {
        self.writes.push(Write { model, put: None, key: EncodedKey::of(model, key) });
    }

    /// Sends at most `requests` at once, each of 25 writes; 4 unless set. With 1 the requests go one after the other, in the order
    /// of the writes.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// Gives up when this time has passed, counted from the terminal. What is not done by then is in the error; what was under
    /// way may be done nevertheless.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use std::time::Duration;
    /// # #[derive(Debug, Clone, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let users = [User { id: "u1".into() }, User { id: "u2".into() }];
    /// let batch = db.batch_write().put_all(&users).deadline(Duration::from_secs(5)).concurrency(2);
    /// if let Err(err) = batch.execute().await {
    ///     for write in err.unprocessed() {
    ///         let user: Option<User> = write.item()?;
    ///         eprintln!("not written: {}, of {}", write.operation, write.table);
    /// #       let _ = user;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Shows the requests, 25 writes each, without sending them.
    ///
    /// # Errors
    ///
    /// If two writes are on the same item, or one of them cannot be right.
    pub fn to_requests(&self) -> Result<Vec<Request>> {
        Ok(chunks(self.ready()?).iter().map(|chunk| request(chunk)).collect())
    }

    /// All writes as they are sent. Everything that can be wrong is found here, before the first is.
    fn ready(&self) -> Result<Vec<Ready>> {
        let of_batch = |error: Error| error.during(Operation::BatchWriteItem, None);
        if self.concurrency == 0 {
            return Err(of_batch(Error::invalid("no request may be sent at once, it must be 1 or more")));
        }
        let now = self.db.now();
        let mut ready: Vec<Ready> = Vec::with_capacity(self.writes.len());
        let mut seen = HashMap::new();
        for (operation, write) in self.writes.iter().enumerate() {
            let at = |error: Error| of_batch(error.in_operation(operation));
            if let Some(version) = write.model.version() {
                return Err(at(Error::invalid(format!(
                    "a batch cannot check attribute `{version}`, the version of `{}`: use a transaction",
                    write.model.name
                ))));
            }
            if !write.model.unique.is_empty() {
                return Err(at(Error::invalid(format!(
                    "a batch cannot keep the guards of the unique attributes of `{}`: use transactions",
                    write.model.name
                ))));
            }
            if crate::tenant::guard(self.db, write.model).is_some() {
                return Err(at(Error::invalid(format!(
                    "a batch cannot check whose item a write of `{}` replaces: use a transaction",
                    write.model.name
                ))));
            }
            let encoded = write.key.as_ref().map_err(|error| at(error.clone().into()))?;
            let json = match &write.put {
                Some(item) => {
                    let item = item.as_ref().map_err(|error| at(error.clone().into()))?;
                    item.stamped(self.db, now).map_err(at)?
                }
                None => encoded.filled(self.db).map_err(at)?.into_owned(),
            };
            let key = ItemKey::new(self.db, encoded).map_err(at)?;
            if let Some(first) = seen.insert(key.identity(), operation) {
                return Err(of_batch(Error::invalid(format!(
                    "writes {first} and {operation} are on the same item: a batch has no order, so one would be lost"
                ))));
            }
            ready.push(Ready { operation, key, is_delete: write.put.is_none(), json: Bytes::from(json) });
        }
        Ok(ready)
    }

    /// Makes the writes. A batch without any is done at once.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unprocessed`](crate::ErrorKind::Unprocessed) if writes are left undone after all tries, or at the deadline.
    /// Another error can come when some writes are done already: in each case [`unprocessed`](Error::unprocessed) tells those
    /// that are not, or may not be.
    pub async fn execute(self) -> Result<()> {
        let (count, chunks) = (self.writes.len(), chunks(self.ready()?));
        let batch = &Batch::new(self.db, self.deadline);
        let mut results = stream::iter(chunks)
            .map(|chunk| async move {
                batch.send(chunk, request, |answer, chunk| unprocessed(&answer, chunk)).await
            })
            .buffer_unordered(self.concurrency);
        let (mut left, mut stop) = (Vec::new(), None);
        while let Some((of_chunk, why)) = results.next().await {
            left.extend(of_chunk);
            stop = stop.or(why);
        }
        stop.map_or(Ok(()), |why| Err(given_up(why, left, count)))
    }
}

/// The error, with every write that is not done.
fn given_up(why: Stop, left: Vec<Ready>, count: usize) -> Error {
    let error = why.error(&format!("{} of {count} writes are not done", left.len()));
    let mut left: Vec<Unprocessed> = left.into_iter().map(Ready::into_unprocessed).collect();
    left.sort_unstable_by_key(|write| write.operation);
    error.during(Operation::BatchWriteItem, None).with_unprocessed(left)
}

/// How many writes, without values: they belong in no log.
impl<S> fmt::Debug for BatchWrite<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWrite").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}
