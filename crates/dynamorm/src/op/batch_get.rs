//! BatchGetItem: any number of items of one model, by their keys.
//!
//! Here: the builder and its terminals, which are all that knows the type of the items. Beside it, `read`: what is sent, what
//! comes back, and which position an item has.

pub(super) mod read;
#[cfg(test)]
mod tests;

use super::sink::{Each, One};
use crate::model::{FromItem, Key, Model};
use crate::transport::Request;
use crate::{Db, ReachedByDb, Result, Within};
use futures_util::stream::{Stream, StreamExt};
use read::Read;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Reads any number of items of one model by their keys: [`Db::batch_get`] makes it.
///
/// The results stand in the order of the keys, `None` for an item that is not there. The keys are sent 100 at a time, up to
/// four such requests at once, a key that is given twice only once; those that DynamoDB leaves unread are sent again, after a
/// growing pause. What is still unread after eight tries without progress is in the error by position
/// ([`unprocessed`](crate::Error::unprocessed)), and what was read is there too ([`items`](crate::Error::items)): nothing is thrown away.
///
/// Each item is read on its own: [`Db::transact_get`] reads up to 100 as they were at one moment.
///
/// Costs what the gets would cost alone: half a read unit for each 4 KB of each item, a whole one with
/// [`consistent_read`](BatchGet::consistent_read). See
/// [BatchGetItem](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html).
#[must_use = "a batch reads nothing until `.all()` is awaited or `.stream()` is polled"]
#[derive(Clone)]
pub struct BatchGet<'db, R> {
    read: Read<'db>,
    of: PhantomData<fn() -> R>,
}

impl Db {
    /// Reads any number of items of one model by their keys, in the order of the keys.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let ada = User { id: "u1".into() };
    /// db.put(&ada).execute().await?;
    /// let team = db.batch_get(["u1", "u2", "u1"].map(User::key)).all().await?;
    /// assert_eq!(team, [Some(ada.clone()), None, Some(ada)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch_get<K: Key<Model: Within<ReachedByDb>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> BatchGet<'_, K::Model> {
        BatchGet::of(self, keys)
    }
}

impl<'db, M: Model> BatchGet<'db, M> {
    pub(crate) fn of<K: Key<Model = M>>(db: &'db Db, keys: impl IntoIterator<Item = K>) -> Self {
        BatchGet { read: Read::of(db, keys), of: PhantomData }
    }
}

impl<'db, R: FromItem<Model: Model>> BatchGet<'db, R> {
    /// Reads what was written last, for twice the units. Without it, a write of the last second may not show yet.
    pub fn consistent_read(mut self) -> Self {
        self.read.consistent_read = true;
        self
    }

    /// Reads only the attributes of `P`, and those of the key, by which an item is told from the others. The units stay those of
    /// the whole items.
    pub fn project<P: FromItem<Model = R::Model>>(self) -> BatchGet<'db, P> {
        BatchGet { read: Read { projection: P::PROJECTION, ..self.read }, of: PhantomData }
    }

    /// Takes items whose time to live has passed for absent: DynamoDB deletes them only some time later.
    ///
    /// The `Db`'s clock tells. An item without the attribute never expires. The model must have a time to live.
    pub fn live(mut self) -> Self {
        self.read.live = true;
        self
    }

    /// Sends at most `requests` at once, each of 100 keys; 4 unless set.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.read.concurrency = requests;
        self
    }

    /// Gives up when this time has passed, counted from the terminal. What is not read by then is in the error, and what is too.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use std::time::Duration;
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// match db.batch_get(["u1", "u2"].map(User::key)).deadline(Duration::from_secs(2)).all().await {
    ///     Ok(users) => assert_eq!(users, [None, None]),
    ///     Err(err) => {
    ///         let read: Vec<(usize, User)> = err.items()?;
    ///         eprintln!("{} read, {} to be read again", read.len(), err.unprocessed().len());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn deadline(mut self, time: Duration) -> Self {
        self.read.deadline = Some(time);
        self
    }

    /// Shows the requests, 100 keys each, without sending them.
    ///
    /// # Errors
    ///
    /// If one of the keys cannot be one.
    pub fn to_requests(&self) -> Result<Vec<Request>> {
        self.read.to_requests()
    }

    /// Reads all of them: one result for each key, in their order, `None` for an item that is not there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unprocessed`](crate::ErrorKind::Unprocessed) if keys are left unread after all tries, or at the deadline.
    /// Another error can come when some items are read already: in each case [`unprocessed`](crate::Error::unprocessed) tells the keys
    /// that are not read, by position, and [`items`](crate::Error::items) gives those that are; to read all of them once more does no
    /// harm. [`ErrorKind::Codec`](crate::ErrorKind::Codec) if an item is not an `R`.
    pub async fn all(self) -> Result<Vec<Option<R>>> {
        let (db, model) = (self.read.db, self.read.model);
        let found = self.read.all().await?;
        let mut items = Each(Vec::with_capacity(found.len()));
        read::decode(db, model, 0, &found, &mut items)?;
        Ok(items.0)
    }

    /// Reads them as they are taken: one result for each key, in their order, `None` for an item that is not there. It holds the
    /// items of as many requests as may be under way at once, and no more.
    ///
    /// A key that is given twice is read once only if the other is among the hundred keys before it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use futures_util::TryStreamExt;
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let users: Vec<User> = (0..250).map(|id| User { id }).collect();
    /// # db.batch_write().put_all(&users).execute().await?;
    /// let mut users = std::pin::pin!(db.batch_get((0..1_000).map(User::key)).stream());
    /// let mut found = 0;
    /// while let Some(user) = users.try_next().await? {
    ///     found += usize::from(user.is_some());
    /// }
    /// assert_eq!(found, 250);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`all`](BatchGet::all), after which the stream ends. What it gave before is not in the error.
    pub fn stream(self) -> impl Stream<Item = Result<Option<R>>> + Send + 'db
    where
        R: Send + 'db,
    {
        let (db, model) = (self.read.db, self.read.model);
        self.read.stream().map(move |found| {
            let (position, found) = found?;
            let mut item = One(None);
            read::decode(db, model, position, &[found], &mut item)?;
            Ok(item.0)
        })
    }
}

/// How many keys, without their values: they belong in no log.
impl<R: FromItem<Model: Model>> fmt::Debug for BatchGet<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchGet")
            .field("model", &R::Model::SHAPE.name)
            .field("keys", &self.read.keys.len())
            .finish_non_exhaustive()
    }
}
