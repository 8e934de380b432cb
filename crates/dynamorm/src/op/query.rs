//! Query: items of one partition, by the table's key or an index.

use super::borrowed_read::BorrowedRead;
use super::read::{self, End, Form, Read, Source};
use crate::borrowed::BorrowItem;
use crate::expr::{Condition, KeyCondition};
use crate::model::{FromItem, Model, Readable};
use crate::page::Page;
use crate::transport::Request;
use crate::{Db, ReachedByDb, Result, StartKey, Within};
use futures_util::stream::Stream;
use std::fmt;
use std::marker::PhantomData;

/// Reads items of one partition: [`Db::query`] makes it. It needs a [`key`](Query::key) before it can run.
///
/// Its terminals say how much they read: [`page`](Query::page) makes one request; [`take`](Query::take),
/// [`all`](Query::all), [`stream`](Query::stream) and [`count`](Query::count) make as many as they need;
/// [`one`](Query::one) and [`optional`](Query::optional) read on until they know that there is no second item.
///
/// Costs half a read unit for each 4 KB that the filter looks at, whatever it lets through; twice that with
/// [`consistent_read`](Query::consistent_read). A partition with [shards](crate::guide::shards) is asked by one request to each.
/// See [Query](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html).
#[must_use = "a query reads nothing until a terminal such as `.page()` or `.all()` is awaited"]
pub struct Query<'db, R: Readable, K = Keyed> {
    // On the heap, since each word of the builder moves it.
    pub(super) read: Box<Read<'db>>,
    of: PhantomData<fn() -> (R, K)>,
}

/// A query that has no key yet, and cannot run.
#[derive(Debug, Clone, Copy)]
pub enum MissingKeyCondition {}

/// A query that has its key.
#[derive(Debug, Clone, Copy)]
pub enum Keyed {}

impl Db {
    /// Reads items of one partition.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=9 {
    /// #     db.put(&Order { customer: "u1".into(), number, total: 10 * i64::from(number) }).execute().await?;
    /// # }
    /// let page = db
    ///     .query::<Order>()
    ///     .key(Order::PRIMARY_KEY.partition("u1").ge(4))
    ///     .filter(Order::TOTAL.lt(80))
    ///     .limit(2)
    ///     .page()
    ///     .await?;
    /// assert_eq!(page.items.len(), 2);
    ///
    /// let rest = db
    ///     .query::<Order>()
    ///     .key(Order::PRIMARY_KEY.partition("u1").ge(4))
    ///     .filter(Order::TOTAL.lt(80))
    ///     .start_key(page.next)
    ///     .all()
    ///     .await?;
    /// assert_eq!(rest.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn query<R: Readable<Model: Within<ReachedByDb>>>(&self) -> Query<'_, R, MissingKeyCondition> {
        Query::of(self)
    }
}

impl<'db, R: Readable<Model: Model>> Query<'db, R, MissingKeyCondition> {
    pub(crate) fn of(db: &'db Db) -> Self {
        let source = Source::Partition { key: None, descending: false };
        Query { read: Read::of::<R>(db, source), of: PhantomData }
    }
}

impl<'db, R: Readable<Model: Model>> Query<'db, R, MissingKeyCondition> {
    /// The partition to read, and a condition on its sort key: `User::EMAIL_INDEX.partition("ada@example.com")`.
    pub fn key<S>(self, condition: KeyCondition<R::Model, S>) -> Query<'db, R> {
        let mut read = self.read;
        if let Source::Partition { key, .. } = &mut read.source {
            *key = Some(condition.into());
        }
        Query { read, of: PhantomData }
    }
}

impl<'db, R: Readable<Model: Model>, K> Query<'db, R, K> {
    /// Reads only the attributes of `P`. The units stay those of the whole items.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[derive(Project)]
    /// # #[dynamorm(of = Order)]
    /// # struct Total { total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # db.put(&Order { customer: "u1".into(), number: 7, total: 70 }).execute().await?;
    /// let orders = db.query::<Order>().project::<Total>().key(Order::PRIMARY_KEY.partition("u1")).all().await?;
    /// assert_eq!(orders[0].total, 70);
    /// # Ok(())
    /// # }
    /// ```
    pub fn project<P: Readable<Model = R::Model>>(self) -> Query<'db, P, K> {
        Query { read: self.read.project::<P>(), of: PhantomData }
    }

    /// Gives only items of which this is true. Several filters must all be true.
    ///
    /// DynamoDB reads, counts and charges the others all the same. A filter cannot use the attributes of the key.
    pub fn filter(mut self, filter: Condition<R::Model>) -> Self {
        Condition::join(&mut self.read.filter, filter.untyped());
        self
    }

    /// Lets each request look at so many items, before the filter: DynamoDB's `Limit`. See [`take`](Query::take) for a
    /// number of items after it. Of a partition with [shards](crate::guide::shards) it is for all of them together.
    pub fn limit(mut self, items: u32) -> Self {
        self.read.limit = Some(items);
        self
    }

    /// Goes on where a page ended.
    pub fn start_key(mut self, start_key: impl Into<Option<StartKey>>) -> Self {
        self.read.start_key = start_key.into();
        self
    }

    /// Reads from the highest sort key to the lowest.
    pub fn descending(mut self) -> Self {
        if let Source::Partition { descending, .. } = &mut self.read.source {
            *descending = true;
        }
        self
    }

    /// Reads what was written last, for twice the units. A global index cannot.
    pub fn consistent_read(mut self) -> Self {
        self.read.consistent_read = true;
        self
    }

    /// Hides items whose time to live has passed: DynamoDB deletes them only some time later.
    ///
    /// It is a filter, by the `Db`'s clock: hidden items are read and charged for. An item without the attribute never
    /// expires. The model must have a time to live.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Timestamp, Ttl};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{user}", sk = "SESSION#{id}")]
    /// # struct Session { user: String, id: String, #[dynamorm(ttl)] expires: Option<Ttl> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Session>().execute().await?;
    /// # let now = Timestamp::from_epoch_seconds(4_000_000_000);
    /// # let session = |id: &str, expires| Session { user: "u1".into(), id: id.into(), expires: Some(Ttl::at(expires)) };
    /// # db.put(&session("old", now)).execute().await?;
    /// # db.put(&session("new", now + std::time::Duration::from_secs(60))).execute().await?;
    /// let db = db.clock(move || now);
    /// let sessions = || db.query::<Session>().key(Session::PRIMARY_KEY.partition("u1"));
    /// assert_eq!(sessions().all().await?.len(), 2);
    /// assert_eq!(sessions().live().one().await?.id, "new");
    /// # Ok(())
    /// # }
    /// ```
    pub fn live(mut self) -> Self {
        self.read.live = true;
        self
    }

    /// Asks for the next page while the items of the last one are decoded and taken: for [`all`](Query::all) and
    /// [`stream`](Query::stream), which wait less then. All other terminals ask for what they need, and no sooner; so does
    /// [`hydrate`](Query::hydrate).
    ///
    /// One page is asked for ahead, so two are in memory. A stream that is dropped early has read a page that nobody took, and
    /// paid for it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// use futures_util::TryStreamExt;
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=9 {
    /// #     db.put(&Order { customer: "u1".into(), number, total: 10 * i64::from(number) }).execute().await?;
    /// # }
    /// let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(4).prefetch().stream();
    /// let total = orders.try_fold(0, async |sum, order| Ok(sum + order.total)).await?;
    /// assert_eq!(total, 450);
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefetch(mut self) -> Self {
        self.read.prefetch = true;
        self
    }

    /// Stops [`take`](Query::take) once so many read units are consumed, with what it has and where to go on.
    ///
    /// The request that reaches the number is the last, so it can be passed by what that one costs. Each is limited to the
    /// items that the rest is likely to pay for: of 4 KB each at first, then by what those before were charged for. A
    /// [`page`](Query::page) is limited in the same way. The other terminals have no start key to stop with, and refuse it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=9 {
    /// #     db.put(&Order { customer: "u1".into(), number, total: 10 * i64::from(number) }).execute().await?;
    /// # }
    /// let rare = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).filter(Order::TOTAL.eq(90));
    /// let page = rare().max_read_units(1).limit(3).take(1).await?;
    /// assert_eq!((page.items.len(), page.consumed_capacity), (0, Some(1.0)));
    /// let page = rare().start_key(page.next).take(1).await?;
    /// assert_eq!(page.items.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_read_units(mut self, units: u32) -> Self {
        self.read.max_read_units = Some(units);
        self
    }
}

impl<'db, R: Readable<Model: Model>> Query<'db, R> {
    /// Gives answers of the last `ttl` again, if the cache of the `Db` has them: as [`Get::cached`](crate::Get::cached), page by page.
    ///
    /// A write of any item of the partition through the same `Db` forgets them. It is a query by the table's key or a local index; a
    /// global index cannot be read consistently, and is refused.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # use std::time::Duration;
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.cache(1 << 20);
    /// # db.create_table::<Order>().execute().await?;
    /// # let order = |number| Order { customer: "u1".into(), number, total: 10 };
    /// # db.put(&order(1)).execute().await?;
    /// let orders = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).cached(Duration::from_secs(60));
    /// assert_eq!(orders().all().await?.len(), 1);
    /// db.put(&order(2)).execute().await?;
    /// assert_eq!(orders().all().await?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "cache")]
    pub fn cached(mut self, ttl: std::time::Duration) -> Self {
        self.read.cached.ttl = Some(ttl);
        self.consistent_read()
    }

    /// Remembers that the partition holds no such item, too, as [`Get::cache_absent`](crate::Get::cache_absent).
    #[cfg(feature = "cache")]
    pub fn cache_absent(mut self) -> Self {
        self.read.cached.absent = true;
        self
    }

    /// Reads only the attributes of `P`, a projection with a lifetime, whose texts are slices of the answer: no text is copied.
    ///
    /// For what is read and passed on at once, such as the body of a response. The units stay those of the whole items.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// use std::borrow::Cow;
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, title: String, total: i64 }
    ///
    /// #[derive(Project)]
    /// #[dynamorm(of = Order)]
    /// struct Line<'a> {
    ///     title: Cow<'a, str>,
    ///     total: i64,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # let order = Order { customer: "u1".into(), number: 7, title: "Tea".into(), total: 70 };
    /// # db.put(&order).execute().await?;
    /// let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1"));
    /// let answer = orders.project_borrowed::<Line>().page().await?;
    /// let lines = answer.items()?;
    /// assert!(matches!(lines[0].title, Cow::Borrowed("Tea")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn project_borrowed<P: BorrowItem<Model = R::Model>>(self) -> BorrowedRead<'db, P> {
        BorrowedRead::of(self.read)
    }

    /// Shows the request of the first page, without sending it; of a partition with shards that to the first.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).descending();
    /// assert!(orders.to_request()?.json().contains(r#""ScanIndexForward":false"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the query cannot be right: a start key of another query, a filter on key attributes, a consistent read of a global
    /// index.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.read.prepare(Form::Items, None, self.read.start_key.as_ref())?.request)
    }

    /// Makes one request and gives what it found, with where the next page starts. Of a partition with shards it makes one to
    /// each, and more to those that run out before the limit, or a megabyte, is reached.
    ///
    /// A page may be empty and still have a next one: the filter applies after the limit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if an item is not an `R`; and those of any operation.
    pub async fn page(self) -> Result<Page<R>> {
        read::collect(self.read, End::Page).await
    }

    /// Reads on until `items` items are found, or there are no more, and gives where to go on: exactly after the last one.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=9 {
    /// #     db.put(&Order { customer: "u1".into(), number, total: 10 * i64::from(number) }).execute().await?;
    /// # }
    /// let large = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).filter(Order::TOTAL.gt(50)).take(3).await?;
    /// assert_eq!(large.items.len(), 3);
    /// assert!(large.next.is_some());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`page`](Query::page); [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if `items` is 0.
    pub async fn take(self, items: usize) -> Result<Page<R>> {
        read::collect(self.read, End::Take(items)).await
    }

    /// Reads all pages.
    ///
    /// Holds everything in memory: see [`stream`](Query::stream) for what may be large.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Query::page); [`ErrorKind::Service`](crate::ErrorKind::Service) if an answer leads back to where it
    /// began.
    pub async fn all(self) -> Result<R::Items> {
        read::collect_all::<R>(self.read).await
    }

    /// Reads page after page, as the items are taken.
    ///
    /// After an error the stream ends.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// use futures_util::TryStreamExt;
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=9 {
    /// #     db.put(&Order { customer: "u1".into(), number, total: 10 * i64::from(number) }).execute().await?;
    /// # }
    /// let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(4).stream();
    /// let total = orders.try_fold(0, async |sum, order| Ok(sum + order.total)).await?;
    /// assert_eq!(total, 450);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<R::Item>> + Send + 'db
    where
        R: Readable<Item: Send + 'db>,
    {
        read::Items::of(self.read.stream())
    }

    /// Counts the items, over all pages. Costs as much as reading them.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for number in 1..=9 {
    /// #     db.put(&Order { customer: "u1".into(), number, total: 10 * i64::from(number) }).execute().await?;
    /// # }
    /// let orders = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").ge(7));
    /// assert_eq!(orders().count().await?, 3);
    /// assert_eq!(orders().descending().page().await?.items[0].number, 9);
    /// assert!(orders().one().await.is_err_and(|err| err.is_not_unique()));
    /// assert!(orders().filter(Order::TOTAL.eq(5)).optional().await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of any operation.
    pub async fn count(self) -> Result<u64> {
        self.read.count().await
    }
}

impl<R: FromItem<Model: Model>> Query<'_, R> {
    /// Reads the only item, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnique`](crate::ErrorKind::NotUnique) if there are several; and those of [`page`](Query::page).
    pub async fn optional(self) -> Result<Option<R>> {
        self.only("optional").await
    }

    /// Reads the only item, which must be there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none,
    /// [`ErrorKind::NotUnique`](crate::ErrorKind::NotUnique) if there are several; and those of [`page`](Query::page).
    pub async fn one(self) -> Result<R> {
        let subject = self.read.subject();
        self.only("one").await?.ok_or_else(|| subject.not_found())
    }

    async fn only(self, terminal: &str) -> Result<Option<R>> {
        let (subject, end) = (self.read.subject(), self.read.only(terminal)?);
        let mut items = read::collect::<R>(self.read, end).await?.items;
        match items.len() {
            0 | 1 => Ok(items.pop()),
            _ => Err(subject.not_unique()),
        }
    }
}

/// Whose items and the filter's form, without values: they belong in no log.
impl<R: Readable<Model: Model>, K> fmt::Debug for Query<'_, R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("model", &R::Model::SHAPE.name)
            .field("filter", &self.read.filter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
