//! A query that reads keys from an index, and then the items from the table.
//!
//! Here: the builder and its terminals. Beside it, `fetch`: page by page, what the index gave and what became of it, without the
//! type of the items.

mod fetch;

use super::query::Query;
use super::read::{End, Form, Read};
use crate::model::{Collect, FromItem, Model, Readable};
use crate::page::Page;
use crate::transport::Request;
use crate::{Db, Result};
use fetch::Fetch;
use futures_util::future::ready;
use futures_util::stream::{Stream, StreamExt, TryStreamExt};
use std::fmt;
use std::marker::PhantomData;

/// Reads keys from an index, and the items of these keys from the table: [`Query::hydrate`] makes it.
///
/// The items come in the index's order, as many as the terminal says: those of [`Query`], with the same start keys. An item
/// that is gone when it is fetched is left out; [`take`](Hydrate::take) reads on for another one. Filters, `live` and `limit`
/// are those of the index: they see what it carries. An index may lag behind its table, so an item that was changed meanwhile
/// comes as it is now, though it may not fit the query any more.
///
/// Costs the query, of which the index's entries count whole, and half a read unit for each 4 KB of each item, a whole one
/// with [`consistent_read`](Hydrate::consistent_read). An index that carries what is asked for needs no second read.
#[must_use = "a query reads nothing until a terminal such as `.page()` or `.all()` is awaited"]
pub struct Hydrate<'db, R> {
    read: Box<Read<'db>>,
    consistent_read: bool,
    of: PhantomData<fn() -> R>,
}

impl<'db, R: Readable<Model: Model>> Query<'db, R> {
    /// Reads only keys by this index, and then the items of these keys from the table, 100 with each BatchGetItem: whole, or
    /// what the query [projects](Query::project).
    ///
    /// For an index that does not carry what is asked for. See [`Hydrate`] for what it costs.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// #[dynamorm(table = "app", pk = "ORDER#{id}")]
    /// #[dynamorm(index = "by-status", pk = status, sk = total, projection = keys_only)]
    /// struct Order { id: u32, status: String, total: i64, note: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for id in 1..=9 {
    /// #     let order = Order { id, status: "open".into(), total: 10 * i64::from(id), note: "a gift".into() };
    /// #     db.put(&order).execute().await?;
    /// # }
    ///
    /// let open = || db.query::<Order>().key(Order::BY_STATUS_INDEX.partition("open")).descending().hydrate();
    /// let page = open().take(2).await?;
    /// assert_eq!((page.items[0].total, page.items[1].note.as_str()), (90, "a gift"));
    /// assert_eq!(open().all().await?.len(), 9);
    /// # Ok(())
    /// # }
    /// ```
    pub fn hydrate(self) -> Hydrate<'db, R> {
        let mut read = self.read;
        read.keys_only = true;
        Hydrate { read, consistent_read: false, of: PhantomData }
    }
}

impl<'db, R: Readable<Model: Model>> Hydrate<'db, R> {
    /// Fetches the items as they were written last, for twice the units: those that any index leads to.
    ///
    /// Which items these are, the index says: to read that consistently as well, if it is no global one, call
    /// [`consistent_read`](Query::consistent_read) on the query.
    pub fn consistent_read(mut self) -> Self {
        self.consistent_read = true;
        self
    }

    /// Shows the request of the first page to the index, without sending it.
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
    /// let orders = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).hydrate();
    /// assert!(orders.to_request()?.json().contains("ProjectionExpression"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Query::to_request`]; if the query has `max_read_units`, which cannot tell what the items will cost.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.read.prepare(Form::Items, None, self.read.start_key.as_ref())?.request)
    }

    /// Makes one request to the index and fetches its items, with where the next page starts.
    ///
    /// A page may be empty and still have a next one. Its [`scanned_count`](Page::scanned_count) is the index's; what both reads
    /// consumed is in a [`Meter`](crate::Meter) only, and not in the page.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unprocessed`](crate::ErrorKind::Unprocessed) if items are left unread after all tries, each with its position
    /// among the entries of the index that were read, from 0 and over all pages;
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if an item is not an `R`; and those of [`Query::page`].
    pub async fn page(self) -> Result<Page<R>> {
        self.collect(End::Page).await
    }

    /// Reads on until `items` items are fetched, or there are no more, and gives where to go on: exactly after the last one.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Hydrate::page); [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if `items` is 0.
    pub async fn take(self, items: usize) -> Result<Page<R>> {
        self.collect(End::Take(items)).await
    }

    /// Reads all pages.
    ///
    /// Holds everything in memory: see [`stream`](Hydrate::stream) for what may be large.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Hydrate::page).
    pub async fn all(self) -> Result<R::Items> {
        Ok(self.collect(End::All("all")).await?.items)
    }

    /// Reads page after page, as the items are taken: it holds a page of keys, and the items of four requests at most.
    ///
    /// After an error the stream ends.
    pub fn stream(self) -> impl Stream<Item = Result<R::Item>> + Send + 'db
    where
        R: Readable<Item: Send + 'db>,
    {
        let (db, model) = (self.read.db, self.read.model);
        fetch::stream(self.read, self.consistent_read)
            .and_then(move |(at, item)| ready(fetch::decode(db, model, (at, &item), R::Item::decode)))
            // Behind a gap nothing must follow.
            .scan(false, |failed, result| {
                let ended = std::mem::replace(failed, result.is_err());
                ready((!ended).then_some(result))
            })
    }

    /// Counts what the index gives, over all pages, and fetches nothing: items that are gone since may be among it.
    ///
    /// # Errors
    ///
    /// Those of [`Query::count`].
    pub async fn count(self) -> Result<u64> {
        self.read.count().await
    }

    async fn collect(self, end: End) -> Result<Page<R>> {
        let (db, model): (&Db, _) = (self.read.db, self.read.model);
        let mut fetch = Fetch::new(self.read, self.consistent_read, end)?;
        let mut items = R::Items::empty();
        while let Some(found) = fetch.next().await? {
            for (at, item) in &found {
                fetch::decode(db, model, (*at, item), |reader| {
                    R::Item::decode(reader).and_then(|item| items.push(item))
                })?;
            }
        }
        let (next, scanned_count) = fetch.end();
        Ok(Page { items, next, scanned_count, consumed_capacity: None })
    }
}

impl<R: FromItem<Model: Model>> Hydrate<'_, R> {
    /// Reads the only item, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnique`](crate::ErrorKind::NotUnique) if there are several; and those of [`page`](Hydrate::page).
    pub async fn optional(self) -> Result<Option<R>> {
        self.only("optional").await
    }

    /// Reads the only item, which must be there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is none,
    /// [`ErrorKind::NotUnique`](crate::ErrorKind::NotUnique) if there are several; and those of [`page`](Hydrate::page).
    pub async fn one(self) -> Result<R> {
        let subject = self.read.subject();
        self.only("one").await?.ok_or_else(|| subject.not_found())
    }

    async fn only(self, terminal: &str) -> Result<Option<R>> {
        let (subject, end) = (self.read.subject(), self.read.only(terminal)?);
        let mut items = self.collect(end).await?.items;
        match items.len() {
            0 | 1 => Ok(items.pop()),
            _ => Err(subject.not_unique()),
        }
    }
}

/// Whose items and the filter's form, without values: they belong in no log.
impl<R: Readable<Model: Model>> fmt::Debug for Hydrate<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hydrate")
            .field("model", &R::Model::SHAPE.name)
            .field("filter", &self.read.filter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::op::test_models::*;

    #[test]
    fn the_index_is_asked_for_the_keys_of_the_table() {
        let db = db();
        let query = || db.query::<User>().key(User::EMAIL_INDEX.partition("ada@example.com"));
        insta::assert_snapshot!(shown(query().project::<UserName>().hydrate().to_request()), @r##"
        {"TableName":"app",
        "IndexName":"email-index",
        "KeyConditionExpression":"#n0 = :v0",
        "ProjectionExpression":"#n1, #n2",
        "ReturnConsumedCapacity":"TOTAL",
        "ExpressionAttributeNames":{"#n0":"email","#n1":"pk","#n2":"sk"},
        "ExpressionAttributeValues":{":v0":{"S":"ada@example.com"}}}
        "##);
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        let db = db();
        let query = || db.query::<User>().key(User::EMAIL_INDEX.partition("ada@example.com"));
        insta::assert_snapshot!(refused(query().max_read_units(5).hydrate().to_request()), @r#"Query on "app": `max_read_units` does not know what the items will cost that `hydrate` fetches: use `limit`"#);
        insta::assert_snapshot!(refused(query().consistent_read().hydrate().to_request()), @r#"Query on "app": index "email-index" is global, and a global index has no consistent read"#);
        assert!(query().hydrate().consistent_read().to_request().is_ok());
    }

    #[test]
    fn debug_shows_no_value() {
        let db = db();
        let query = db.query::<User>().key(User::EMAIL_INDEX.partition(SECRET));
        let text = format!("{:?}", query.filter(User::NAME.eq(SECRET)).hydrate());
        assert!(text.contains("User") && !text.contains(SECRET), "{text}");
    }
}
