//! A read whose items borrow from its answer.

use super::read::{End, Form, Pages as _, Read, Run, Subject, room};
use crate::borrowed::{self, BorrowItem};
use crate::codec::Reader;
use crate::transport::Request;
use crate::{Error, Result, StartKey};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;

/// Reads some attributes of items, as slices of the answer: [`Query::project_borrowed`](crate::Query::project_borrowed) and
/// [`Scan::project_borrowed`](crate::Scan::project_borrowed) make it.
///
/// Costs what the query or the scan costs.
#[must_use = "a read does nothing until `.page()` is awaited"]
pub struct BorrowedRead<'db, P> {
    read: Box<Read<'db>>,
    of: PhantomData<fn() -> P>,
}

/// One answer, and the items in it.
///
/// It holds the bytes that DynamoDB sent, which the items borrow from.
pub struct BorrowedPage<'db, P> {
    answer: Bytes,
    subject: Subject<'db>,
    /// Where the next page starts; `None` if there is none.
    pub next: Option<StartKey>,
    /// How many items DynamoDB looked at before the filter: what it charges for.
    pub scanned_count: u64,
    /// The read units that it consumed, if the answer said: a multiple of one half.
    pub consumed_capacity: Option<f64>,
    of: PhantomData<fn() -> P>,
}

impl<'db, P: BorrowItem> BorrowedRead<'db, P> {
    pub(super) fn of(mut read: Box<Read<'db>>) -> Self {
        read.projection = Some(P::PROJECTION);
        (read.is_collection, read.has_guards) = (false, false);
        Self { read, of: PhantomData }
    }

    /// Shows the request, without sending it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// # use std::borrow::Cow;
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, title: String, total: i64 }
    /// # #[derive(Project)]
    /// # #[dynamorm(of = Order)]
    /// # struct Line<'a> { title: Cow<'a, str>, total: i64 }
    /// # fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// let request = db.scan::<Order>().project_borrowed::<Line>().to_request()?;
    /// assert!(request.json().contains("ProjectionExpression") && request.json().contains(r#":"title""#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Query::to_request`](crate::Query::to_request).
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.read.prepare(Form::Items, None, self.read.start_key.as_ref())?.request)
    }

    /// Makes one request and gives the answer, with where the next page starts.
    ///
    /// # Errors
    ///
    /// Those of any operation.
    pub async fn page(self) -> Result<BorrowedPage<'db, P>> {
        let subject = self.read.subject();
        let mut run = Run::new(self.read, End::Page)?;
        let mut answer = Bytes::new();
        while let Some(next) = run.fetch().await? {
            run.accept(&next, &mut |reader: &mut Reader<'_>| reader.skip())?;
            answer = next;
        }
        let (scanned_count, consumed_capacity) = run.cost();
        let next = run.into_next();
        Ok(BorrowedPage { answer, subject, next, scanned_count, consumed_capacity, of: PhantomData })
    }
}

impl<P: BorrowItem> BorrowedPage<'_, P> {
    /// Decodes the items. A text is a slice of the answer, unless it is escaped there.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result};
    /// # use std::borrow::Cow;
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, title: String, total: i64 }
    /// # #[derive(Project)]
    /// # #[dynamorm(of = Order)]
    /// # struct Line<'a> { title: Cow<'a, str>, total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # db.put(&Order { customer: "u1".into(), number: 7, title: "Tea".into(), total: 70 }).execute().await?;
    /// let answer = db.scan::<Order>().project_borrowed::<Line>().page().await?;
    /// let total: i64 = answer.items()?.iter().map(|line| line.total).sum();
    /// assert_eq!(total, 70);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if an item is not a `P`.
    pub fn items(&self) -> Result<Vec<P::Item<'_>>> {
        let mut items = Vec::new();
        let read = Reader::new(&self.answer).and_then(|mut reader| {
            reader.object(|reader, name| match name {
                "Items" => reader.array(|reader| {
                    items.push(borrowed::decode::<P>(reader)?);
                    Ok(())
                }),
                "Count" => {
                    items.reserve(room(reader.count()?, None));
                    Ok(())
                }
                _ => reader.skip(),
            })
        });
        read.map_err(|error| self.subject.error(Error::from(error)))?;
        Ok(items)
    }
}

/// Whose items and the filter's form, without values: they belong in no log.
impl<P: BorrowItem> fmt::Debug for BorrowedRead<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedRead")
            .field("model", &self.read.model.name)
            .field("filter", &self.read.filter)
            .finish_non_exhaustive()
    }
}

/// Without the items: they are the user's values.
impl<P> fmt::Debug for BorrowedPage<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BorrowedPage").field("bytes", &self.answer.len()).finish_non_exhaustive()
    }
}
