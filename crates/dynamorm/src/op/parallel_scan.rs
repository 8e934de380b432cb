//! A scan in several segments at once.

mod segments;

use super::read::{End, Items, Pages as _, Read, Step, steps};
use super::scan::Scan;
use super::sink::All;
use crate::codec::Reader;
use crate::model::{FromItem, Model};
use crate::page::Page;
use crate::transport::Request;
use crate::{Result, StartKeys};
use futures_util::stream::Stream;
use segments::{Rounds, Segments, Workers};
use std::fmt;
use std::marker::PhantomData;

/// Reads a whole table, or an index, in several segments at once: [`Scan::parallel`] makes it.
///
/// Each item is in one segment, which DynamoDB tells. Items come in no order. It costs what the scan costs, in less time: see
/// [Parallel scan](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan).
#[must_use = "a scan reads nothing until a terminal such as `.take(..)` or `.all()` is awaited"]
pub struct ParallelScan<'db, R> {
    plan: Plan<'db>,
    of: PhantomData<fn() -> R>,
}

/// What a parallel scan is told. Nothing in it knows the type of the items.
struct Plan<'db> {
    read: Box<Read<'db>>,
    segments: u32,
    concurrency: Option<usize>,
    start_keys: Option<StartKeys>,
}

impl<'db, R: FromItem<Model: Model>> Scan<'db, R> {
    /// Reads in so many segments, 1 to 1,000,000, several of them at once: see
    /// [`concurrency`](ParallelScan::concurrency).
    ///
    /// Filters, projections and the like belong to the scan, before this word.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: u32, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for id in 1..=9 {
    /// #     db.put(&User { id, credits: i64::from(id) - 5 }).execute().await?;
    /// # }
    /// let rich = db.scan::<User>().filter(User::CREDITS.gt(0)).parallel(8).all().await?;
    /// assert_eq!(rich.len(), 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn parallel(self, segments: u32) -> ParallelScan<'db, R> {
        let plan = Plan { read: self.read, segments, concurrency: None, start_keys: None };
        ParallelScan { plan, of: PhantomData }
    }
}

impl<'db, R: FromItem<Model: Model>> ParallelScan<'db, R> {
    /// Has so many requests under way at once at most: 8 unless set, and never more than there are segments.
    ///
    /// Each can consume what one request can, so this is also how hard the table is hit.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.plan.concurrency = Some(requests);
        self
    }

    /// Goes on where a page ended, in all segments; there must be as many of them as then.
    pub fn start_key(mut self, start_keys: impl Into<Option<StartKeys>>) -> Self {
        self.plan.start_keys = start_keys.into();
        self
    }

    /// Shows the next request of each segment that is not read to its end, without sending them.
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
    /// let requests = db.scan::<User>().parallel(4).to_requests()?;
    /// assert_eq!(requests.len(), 4);
    /// assert!(requests[3].json().contains(r#""Segment":3,"TotalSegments":4"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the scan cannot be right: too many segments, a start key of another scan.
    pub fn to_requests(&self) -> Result<Vec<Request>> {
        self.plan.segments()?.requests()
    }

    /// Makes one request for each segment that is not read to its end, and gives what they found, with where all of them go
    /// on.
    ///
    /// With [`max_read_units`](Scan::max_read_units) it asks no further segments once these are consumed. Those asked at once are
    /// all paid for, so the number can be passed by what so many requests as [`concurrency`](ParallelScan::concurrency) allows
    /// cost, and not by one alone: each is limited to its share of the items that the rest is likely to pay for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if an item is not an `R`; and those of any operation.
    pub async fn page(self) -> Result<Page<R, StartKeys>> {
        collect(self.plan.segments()?, End::Page).await
    }

    /// Reads on until `items` items are found in all segments together, or there are no more, and gives where all of them go
    /// on: exactly after the last item taken of each.
    ///
    /// Segments are asked at once, so the last answers may hold more than is taken: those items are read again by whoever goes
    /// on, and charged for again.
    ///
    /// [`max_read_units`](Scan::max_read_units) can be passed as by [`page`](ParallelScan::page), by what the requests cost that
    /// were under way at once.
    ///
    /// # Errors
    ///
    /// Those of [`page`](ParallelScan::page); [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if `items` is 0.
    pub async fn take(self, items: usize) -> Result<Page<R, StartKeys>> {
        collect(self.plan.segments()?, End::Take(items)).await
    }

    /// Reads all pages of all segments.
    ///
    /// Holds everything in memory: see [`stream`](ParallelScan::stream) for what may be large.
    ///
    /// # Errors
    ///
    /// Those of [`page`](ParallelScan::page).
    pub async fn all(self) -> Result<Vec<R>> {
        let mut workers = Workers::new(self.plan.segments()?, End::All("all"));
        let mut items = All::<R>::new();
        while let Some(answer) = workers.fetch().await? {
            workers.accept(&answer, &mut items)?;
        }
        Ok(items.0)
    }

    /// Reads page after page of all segments, as the items are taken.
    ///
    /// At most as many pages are in memory as requests may be under way, and the one whose items are being taken. After an
    /// error the stream ends.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// use futures_util::TryStreamExt;
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
    /// let users = db.scan::<User>().parallel(8).concurrency(2).stream();
    /// assert_eq!(users.try_fold(0, async |sum, user| Ok(sum + user.id)).await?, 45);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<R>> + Send + 'db
    where
        R: Send + 'db,
    {
        Items::of(self.plan.stream())
    }

    /// Counts the items of all segments. Costs as much as reading them.
    ///
    /// # Errors
    ///
    /// Those of any operation.
    pub async fn count(self) -> Result<u64> {
        count(Workers::new(self.plan.segments()?, End::Count)).await
    }
}

impl<'db> Plan<'db> {
    fn segments(&self) -> Result<Segments<'db>> {
        Segments::new(&self.read, self.segments, self.concurrency, self.start_keys.as_ref())
    }

    fn stream(self) -> Box<dyn Step + 'db> {
        steps(move || Ok(Workers::new(self.segments()?, End::All("stream"))))
    }
}

async fn collect<R: FromItem>(segments: Segments<'_>, end: End) -> Result<Page<R, StartKeys>> {
    let mut rounds = Rounds::new(segments, end)?;
    let mut items = All::<R>::new();
    while let Some(round) = rounds.fetch().await? {
        rounds.accept(round, &mut items)?;
    }
    rounds.page(items.0)
}

async fn count(mut workers: Workers<'_>) -> Result<u64> {
    while let Some(answer) = workers.fetch().await? {
        workers.accept(&answer, &mut |reader: &mut Reader<'_>| reader.skip())?;
    }
    Ok(workers.found())
}

/// Whose items and how many segments, without values: they belong in no log.
impl<R: FromItem<Model: Model>> fmt::Debug for ParallelScan<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelScan")
            .field("model", &R::Model::SHAPE.name)
            .field("filter", &self.plan.read.filter)
            .field("segments", &self.plan.segments)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
