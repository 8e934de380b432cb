//! Scan: the items of a whole table, or of an index, wherever they are.

use super::borrowed_read::BorrowedRead;
use super::read::{self, End, Form, Read, Source};
use crate::borrowed::BorrowItem;
use crate::expr::Condition;
use crate::index::Index;
use crate::model::{FromItem, Model};
use crate::page::{Page, Segment};
use crate::transport::Request;
use crate::{Db, Result, StartKey};
use futures_util::stream::Stream;
use std::fmt;
use std::marker::PhantomData;

/// Reads a whole table, or an index, for the items of one model: [`Db::scan`] makes it.
///
/// It gives the items whose keys begin as the templates of the model's do, in no order. Where another model's keys begin with the
/// same text, or keys are attributes of the model itself, only a `type` on the models tells their items apart: without one, those
/// of the other are errors.
///
/// Its terminals say how much they read: [`page`](Scan::page) makes one request; [`take`](Scan::take), [`all`](Scan::all),
/// [`stream`](Scan::stream) and [`count`](Scan::count) make as many as they need.
///
/// Costs half a read unit for each 4 KB of everything that is in the table, of other models too; twice that with
/// [`consistent_read`](Scan::consistent_read). See
/// [Scan](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html).
#[must_use = "a scan reads nothing until a terminal such as `.page()` or `.all()` is awaited"]
pub struct Scan<'db, R> {
    // On the heap, since each word of the builder moves it.
    pub(super) read: Box<Read<'db>>,
    of: PhantomData<fn() -> R>,
}

impl Db {
    /// Reads a whole table for the items of one model.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// # struct User { id: String, credits: i64 }
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<(User, Order)>().execute().await?;
    /// # for (id, credits) in [("u1", 5), ("u2", 0), ("u3", 7)] {
    /// #     db.put(&User { id: id.into(), credits }).execute().await?;
    /// #     db.put(&Order { customer: id.into(), number: 1 }).execute().await?;
    /// # }
    /// let rich = db.scan::<User>().filter(User::CREDITS.gt(0)).all().await?;
    /// assert_eq!(rich.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn scan<R: FromItem<Model: Model>>(&self) -> Scan<'_, R> {
        let source = Source::Table { index: &R::Model::SHAPE.primary, segment: None };
        Scan { read: Read::of::<R>(self, source), of: PhantomData }
    }
}

impl<'db, R: FromItem<Model: Model>> Scan<'db, R> {
    /// Reads an index instead of the table: only the items that are in it, and only the attributes that it carries.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # #[dynamorm(index = "email-index", pk = email)]
    /// # struct User { id: String, email: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into(), email: None }).execute().await?;
    /// # db.put(&User { id: "u2".into(), email: Some("ada@example.com".into()) }).execute().await?;
    /// assert_eq!(db.scan::<User>().count().await?, 2);
    /// assert_eq!(db.scan::<User>().index(User::EMAIL_INDEX).count().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn index<P, S>(mut self, index: Index<R::Model, P, S>) -> Self {
        if let Source::Table { index: of, .. } = &mut self.read.source {
            *of = index.shape;
        }
        self
    }

    /// Reads only one of `of` segments, counted from 0: for workers that share a table between them.
    ///
    /// DynamoDB tells which item is in which segment; each is in one. In one process, a
    /// [`parallel`](Scan::parallel) scan reads them all.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let mut found = 0;
    /// for number in 0..2 {
    ///     found += db.scan::<User>().segment(number, 2).count().await?;
    /// }
    /// assert_eq!(found, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn segment(mut self, number: u32, of: u32) -> Self {
        if let Source::Table { segment, .. } = &mut self.read.source {
            *segment = Some(Segment { number, of });
        }
        self
    }

    /// Reads only the attributes of `P`. The units stay those of the whole items.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[derive(Project)]
    /// # #[dynamorm(of = User)]
    /// # struct Credits { credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let all = db.scan::<User>().project::<Credits>().all().await?;
    /// assert_eq!(all[0].credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn project<P: FromItem<Model = R::Model>>(self) -> Scan<'db, P> {
        Scan { read: self.read.project::<P>(), of: PhantomData }
    }

    /// Gives only items of which this is true. Several filters must all be true.
    ///
    /// DynamoDB reads, counts and charges the others all the same. Unlike a query's, this filter may use the attributes of the
    /// key.
    pub fn filter(mut self, filter: Condition<R::Model>) -> Self {
        Condition::join(&mut self.read.filter, filter.untyped());
        self
    }

    /// Lets each request look at so many items, before the filter and of whatever model: DynamoDB's `Limit`. See
    /// [`take`](Scan::take) for a number of items after it.
    pub fn limit(mut self, items: u32) -> Self {
        self.read.limit = Some(items);
        self
    }

    /// Goes on where a page ended.
    pub fn start_key(mut self, start_key: impl Into<Option<StartKey>>) -> Self {
        self.read.start_key = start_key.into();
        self
    }

    /// Reads what was written before the scan began, for twice the units. A global index cannot.
    pub fn consistent_read(mut self) -> Self {
        self.read.consistent_read = true;
        self
    }

    /// Hides items whose time to live has passed: see [`Query::live`](crate::Query::live).
    pub fn live(mut self) -> Self {
        self.read.live = true;
        self
    }

    /// Asks for the next page while the items of the last one are decoded and taken: for [`all`](Scan::all) and
    /// [`stream`](Scan::stream), which wait less then. All other terminals ask for what they need, and no sooner; so does
    /// [`parallel`](Scan::parallel).
    ///
    /// One page is asked for ahead, so two are in memory. A stream that is dropped early has read a page that nobody took, and
    /// paid for it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// use futures_util::TryStreamExt;
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for (id, credits) in [("u1", 5), ("u2", 0), ("u3", 7)] {
    /// #     db.put(&User { id: id.into(), credits }).execute().await?;
    /// # }
    /// let users = db.scan::<User>().limit(2).prefetch().stream();
    /// let total = users.try_fold(0, async |sum, user| Ok(sum + user.credits)).await?;
    /// assert_eq!(total, 12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn prefetch(mut self) -> Self {
        self.read.prefetch = true;
        self
    }

    /// Stops [`take`](Scan::take) once so many read units are consumed: see
    /// [`Query::max_read_units`](crate::Query::max_read_units). In several segments the number can be passed by several requests:
    /// see [`ParallelScan::page`](crate::ParallelScan::page).
    pub fn max_read_units(mut self, units: u32) -> Self {
        self.read.max_read_units = Some(units);
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
    /// let answer = db.scan::<Order>().project_borrowed::<Line>().page().await?;
    /// let lines = answer.items()?;
    /// assert!(matches!(lines[0].title, Cow::Borrowed("Tea")));
    /// # Ok(())
    /// # }
    /// ```
    pub fn project_borrowed<P: BorrowItem<Model = R::Model>>(self) -> BorrowedRead<'db, P> {
        BorrowedRead::of(self.read)
    }

    /// Shows the request of the first page, without sending it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let request = db.scan::<User>().limit(20).to_request()?;
    /// assert!(request.json().contains(r#""Limit":20"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the scan cannot be right: a start key of another read, a consistent read of a global index.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.read.prepare(Form::Items, None, self.read.start_key.as_ref())?.request)
    }

    /// Makes one request and gives what it found, with where the next page starts.
    ///
    /// A page may be empty and still have a next one: the filter, and that on the model, apply after the limit.
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
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for id in 1..=9 {
    /// #     db.put(&User { id }).execute().await?;
    /// # }
    /// let first = db.scan::<User>().take(6).await?;
    /// let rest = db.scan::<User>().start_key(first.next).take(6).await?;
    /// assert_eq!((first.items.len(), rest.items.len()), (6, 3));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`page`](Scan::page); [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if `items` is 0.
    pub async fn take(self, items: usize) -> Result<Page<R>> {
        read::collect(self.read, End::Take(items)).await
    }

    /// Reads all pages.
    ///
    /// Holds everything in memory: see [`stream`](Scan::stream) for what may be large.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Scan::page); [`ErrorKind::Service`](crate::ErrorKind::Service) if an answer leads back to where it
    /// began.
    pub async fn all(self) -> Result<Vec<R>> {
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
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for (id, credits) in [("u1", 5), ("u2", 0), ("u3", 7)] {
    /// #     db.put(&User { id: id.into(), credits }).execute().await?;
    /// # }
    /// let total = db.scan::<User>().limit(2).stream().try_fold(0, async |sum, user| Ok(sum + user.credits)).await?;
    /// assert_eq!(total, 12);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<R>> + Send + 'db
    where
        R: Send + 'db,
    {
        read::Items::of(self.read.stream())
    }

    /// Counts the items, over all pages. Costs as much as reading them.
    ///
    /// # Errors
    ///
    /// Those of any operation.
    pub async fn count(self) -> Result<u64> {
        self.read.count().await
    }
}

/// Whose items and the filter's form, without values: they belong in no log.
impl<R: FromItem<Model: Model>> fmt::Debug for Scan<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("model", &R::Model::SHAPE.name)
            .field("filter", &self.read.filter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
