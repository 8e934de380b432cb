//! Query: items of one partition, by the table's key or an index.

use super::body::Body;
use super::item_key::read_item;
use crate::codec::{CodecError, Reader};
use crate::error::ErrorKind;
use crate::expr::key_condition::UntypedKey;
use crate::expr::{Condition, KeyCondition};
use crate::key::{IndexKind, IndexShape};
use crate::model::{FromItem, Model};
use crate::page::Page;
use crate::transport::{Operation, Request};
use crate::value::Item;
use crate::{Db, Error, Result, StartKey};
use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};
use std::fmt;
use std::marker::PhantomData;

/// Reads items of one partition: [`Db::query`] makes it. It needs a [`key`](Query::key) before it can run.
///
/// Its terminals say how much they read: [`page`](Query::page) makes one request; [`take`](Query::take),
/// [`all`](Query::all), [`stream`](Query::stream) and [`count`](Query::count) make as many as they need;
/// [`one`](Query::one) and [`optional`](Query::optional) read on until they know that there is no second item.
///
/// Costs half a read unit for each 4 KB that the filter looks at, whatever it lets through; twice that with
/// [`consistent_read`](Query::consistent_read). See
/// [Query](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html).
#[must_use = "a query reads nothing until a terminal such as `.page()` or `.all()` is awaited"]
pub struct Query<'db, R: FromItem, K = Keyed> {
    db: &'db Db,
    key: Option<UntypedKey>,
    filter: Option<Condition<R::Model>>,
    limit: Option<u32>,
    start_key: Option<StartKey>,
    descending: bool,
    consistent_read: bool,
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
    pub fn query<R: FromItem<Model: Model>>(&self) -> Query<'_, R, MissingKeyCondition> {
        Query {
            db: self,
            key: None,
            filter: None,
            limit: None,
            start_key: None,
            descending: false,
            consistent_read: false,
            of: PhantomData,
        }
    }
}

impl<'db, R: FromItem<Model: Model>> Query<'db, R, MissingKeyCondition> {
    /// The partition to read, and a condition on its sort key: `User::EMAIL_INDEX.partition("ada@example.com")`.
    pub fn key<S>(self, condition: KeyCondition<R::Model, S>) -> Query<'db, R> {
        Query { key: Some(condition.into()), ..self.retyped() }
    }
}

impl<'db, R: FromItem<Model: Model>, K> Query<'db, R, K> {
    /// Reads only the attributes of `P`. The units stay those of the whole items.
    pub fn project<P: FromItem<Model = R::Model>>(self) -> Query<'db, P, K> {
        self.retyped()
    }

    fn retyped<P: FromItem<Model = R::Model>, L>(self) -> Query<'db, P, L> {
        Query {
            db: self.db,
            key: self.key,
            filter: self.filter,
            limit: self.limit,
            start_key: self.start_key,
            descending: self.descending,
            consistent_read: self.consistent_read,
            of: PhantomData,
        }
    }

    /// Gives only items of which this is true. Several filters must all be true.
    ///
    /// DynamoDB reads, counts and charges the others all the same. A filter cannot use the attributes of the key.
    pub fn filter(mut self, filter: Condition<R::Model>) -> Self {
        Condition::join(&mut self.filter, filter);
        self
    }

    /// Lets each request look at so many items, before the filter: DynamoDB's `Limit`. See [`take`](Query::take) for a
    /// number of items after it.
    pub fn limit(mut self, items: u32) -> Self {
        self.limit = Some(items);
        self
    }

    /// Goes on where a page ended.
    pub fn start_key(mut self, start_key: impl Into<Option<StartKey>>) -> Self {
        self.start_key = start_key.into();
        self
    }

    /// Reads from the highest sort key to the lowest.
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// Reads what was written last, for twice the units. A global index cannot.
    pub fn consistent_read(mut self) -> Self {
        self.consistent_read = true;
        self
    }
}

/// How a request differs from the plain one.
#[derive(Clone, Copy)]
enum Form {
    Items,
    /// With the key attributes in every projection, so that a resume key can be made of any item.
    ItemsWithKeys {
        limit: Option<u32>,
    },
    Count,
}

/// What of a query's response every terminal needs.
struct Response<R> {
    items: Vec<R>,
    last: Option<Item>,
    count: u64,
    scanned_count: u64,
}

/// A prepared request, and what its response is checked by.
struct Prepared {
    request: Request,
    index: &'static IndexShape,
}

impl<'db, R: FromItem<Model: Model>> Query<'db, R> {
    /// Shows the request of the first page, without sending it.
    ///
    /// # Errors
    ///
    /// If the query cannot be right: a start key of another query, a filter on key attributes, a consistent read of a global
    /// index.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.prepare(Form::Items, self.start_key.as_ref())?.request)
    }

    fn prepare(&self, form: Form, start_key: Option<&StartKey>) -> Result<Prepared> {
        self.build(form, start_key).map_err(|error| self.error(error))
    }

    fn error(&self, error: impl Into<Error>) -> Error {
        error.into().during(Operation::Query, self.db.table_of(R::Model::SHAPE).ok())
    }

    fn build(&self, form: Form, start_key: Option<&StartKey>) -> Result<Prepared> {
        let shape = R::Model::SHAPE;
        let table = self.db.table_of(shape)?;
        let mut body = Body::new(table);
        let key = match &self.key {
            Some(key) => key.resolve(shape, body.placeholders())?,
            None => return Err(Error::invalid("the query has no key condition")),
        };
        let index = key.index;
        if index.kind != IndexKind::Primary {
            body.text("IndexName", index.name);
        }
        body.expression("KeyConditionExpression", &key.text)?;
        if let Some(filter) = &self.filter {
            check_filter(filter, index)?;
        }
        body.condition("FilterExpression", self.filter.as_ref())?;
        match (form, R::PROJECTION) {
            (Form::Count, _) => body.text("Select", "COUNT"),
            (_, None) => {}
            (form, Some(projection)) => {
                let mut names = projection.to_vec();
                if matches!(form, Form::ItemsWithKeys { .. }) {
                    for key in index.keys().chain(shape.primary.keys()) {
                        if !names.contains(&key.attribute) {
                            names.push(key.attribute);
                        }
                    }
                }
                body.projection(&names)?;
            }
        }
        let most = match form {
            Form::ItemsWithKeys { limit } => limit,
            Form::Items | Form::Count => None,
        };
        match self.limit.into_iter().chain(most).min() {
            Some(0) => return Err(Error::invalid("the limit is 0, it must be 1 or more")),
            // DynamoDB's is a signed number, and no page has so many items.
            Some(limit) => body.number("Limit", limit.min(i32::MAX.unsigned_abs())),
            None => {}
        }
        if self.descending {
            body.flag("ScanIndexForward", false);
        }
        if self.consistent_read {
            if index.kind == IndexKind::Global {
                return Err(Error::invalid(format!(
                    "index \"{}\" is global, and a global index has no consistent read",
                    index.name
                )));
            }
            body.flag("ConsistentRead", true);
        }
        if let Some(start_key) = start_key {
            let secret = self.db.start_key_secret();
            start_key.check(table, &shape.primary, index, &key.partition, self.descending, secret)?;
            body.json("ExclusiveStartKey", &start_key.last_key());
        }
        Ok(Prepared { request: body.request(Operation::Query, table), index })
    }

    /// Where to go on after a page, unless that is where it began: going on would never end.
    fn next_after(&self, last: Item, index: &IndexShape, from: Option<&StartKey>) -> Result<StartKey> {
        let next = self.next_key(last, index)?;
        if from.is_some_and(|from| from.is_at(&next)) {
            let problem = "the answer's last key is the start key: the query would never end";
            return Err(self.error(Error::new(ErrorKind::Service, problem)));
        }
        Ok(next)
    }

    fn next_key(&self, last: Item, index: &IndexShape) -> Result<StartKey> {
        let mut next = StartKey::new(last, index, self.descending);
        if let Some(secret) = self.db.start_key_secret() {
            next.sign(secret, self.db.table_of(R::Model::SHAPE)?);
        }
        Ok(next)
    }

    /// Makes one request and gives what it found, with where the next page starts.
    ///
    /// A page may be empty and still have a next one: the filter applies after the limit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if an item is not an `R`; and those of any operation.
    pub async fn page(self) -> Result<Page<R>> {
        self.page_from(self.start_key.as_ref()).await
    }

    async fn page_from(&self, start_key: Option<&StartKey>) -> Result<Page<R>> {
        let Prepared { request, index } = self.prepare(Form::Items, start_key)?;
        let bytes = self.db.send(request).await?;
        let response: Response<R> = decode(&bytes, None).map_err(|error| self.error(error))?.0;
        let next = response.last.map(|last| self.next_after(last, index, start_key)).transpose()?;
        Ok(Page { items: response.items, next, scanned_count: response.scanned_count })
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
    /// Those of [`page`](Query::page); [`ErrorKind::InvalidRequest`] if `items` is 0.
    pub async fn take(self, items: usize) -> Result<Page<R>> {
        let mut page = Page { items: Vec::new(), next: self.start_key.clone(), scanned_count: 0 };
        if items == 0 {
            // A page that says neither where to go on nor that there is no more would be a lie.
            return Err(self.error(Error::invalid("no items are to be taken, it must be 1 or more")));
        }
        loop {
            let missing = items - page.items.len();
            // Without a filter each item that is looked at is one that is found, so none needs to be read in vain.
            let limit = self.filter.is_none().then(|| u32::try_from(missing).unwrap_or(u32::MAX));
            let prepared = self.prepare(Form::ItemsWithKeys { limit }, page.next.as_ref())?;
            let bytes = self.db.send(prepared.request).await?;
            let (response, cut) = decode::<R>(&bytes, Some(missing)).map_err(|error| self.error(error))?;
            page.scanned_count += response.scanned_count;
            page.items.extend(response.items);
            if let Some(item) = cut {
                // More was found than asked for: go on after the last one that was taken.
                page.next =
                    Some(self.next_key(keys_of(&item, prepared.index, R::Model::SHAPE), prepared.index)?);
                return Ok(page);
            }
            page.next = response
                .last
                .map(|last| self.next_after(last, prepared.index, page.next.as_ref()))
                .transpose()?;
            if page.next.is_none() || page.items.len() >= items {
                return Ok(page);
            }
        }
    }

    /// Reads all pages.
    ///
    /// Holds everything in memory: see [`stream`](Query::stream) for what may be large.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Query::page); [`ErrorKind::Service`] if an answer leads back to where it began.
    pub async fn all(self) -> Result<Vec<R>> {
        let mut page = self.page_from(self.start_key.as_ref()).await?;
        let mut items = std::mem::take(&mut page.items);
        while let Some(next) = page.next.take() {
            page = self.page_from(Some(&next)).await?;
            items.append(&mut page.items);
        }
        Ok(items)
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
    pub fn stream(self) -> impl Stream<Item = Result<R>> + Send + 'db
    where
        R: Send + 'db,
    {
        let first = Some(self.start_key.clone());
        stream::try_unfold((self, first), |(query, from)| async move {
            let Some(from) = from else { return Ok::<_, Error>(None) };
            let page = query.page_from(from.as_ref()).await?;
            let next = page.next.map(Some);
            Ok(Some((stream::iter(page.items.into_iter().map(Ok)), (query, next))))
        })
        .try_flatten()
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
        let (mut count, mut from) = (0, self.start_key.clone());
        loop {
            let prepared = self.prepare(Form::Count, from.as_ref())?;
            let bytes = self.db.send(prepared.request).await?;
            let response = decode::<R>(&bytes, None).map_err(|error| self.error(error))?.0;
            count += response.count;
            match response.last {
                Some(last) => from = Some(self.next_after(last, prepared.index, from.as_ref())?),
                None => return Ok(count),
            }
        }
    }

    /// Reads the only item, or `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotUnique`] if there are several; and those of [`page`](Query::page).
    pub async fn optional(self) -> Result<Option<R>> {
        let (db, shape) = (self.db, R::Model::SHAPE);
        let mut items = self.take(2).await?.items;
        if items.len() > 1 {
            let error = Error::new(ErrorKind::NotUnique, "there is more than one such item");
            return Err(error.during(Operation::Query, db.table_of(shape).ok()));
        }
        Ok(items.pop())
    }

    /// Reads the only item, which must be there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is none, [`ErrorKind::NotUnique`] if there are several; and those of
    /// [`page`](Query::page).
    pub async fn one(self) -> Result<R> {
        let (db, shape) = (self.db, R::Model::SHAPE);
        self.optional().await?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "there is no such item")
                .during(Operation::Query, db.table_of(shape).ok())
        })
    }
}

/// DynamoDB refuses a filter on the attributes of the key that is queried.
fn check_filter<M>(filter: &Condition<M>, index: &IndexShape) -> Result<()> {
    let mut problem = None;
    filter.node().names(&mut |name| {
        if problem.is_none() && index.keys().any(|key| key.attribute == name) {
            problem = Some(Error::invalid(format!(
                "the filter uses attribute `{name}`, which is in the key that is queried: put it into the key condition"
            )));
        }
    });
    problem.map_or(Ok(()), Err)
}

/// The key attributes of an item, as a start key holds them.
fn keys_of(item: &Item, index: &IndexShape, shape: &crate::model::ModelShape) -> Item {
    index
        .keys()
        .chain(shape.primary.keys())
        .filter_map(|key| Some((key.attribute.to_owned(), item.get(key.attribute)?.clone())))
        .collect()
}

/// Reads a response; past `most` items it stops, and gives the last item taken as it was sent.
fn decode<R: FromItem>(
    bytes: &Bytes,
    most: Option<usize>,
) -> Result<(Response<R>, Option<Item>), CodecError> {
    let mut response = Response { items: Vec::new(), last: None, count: 0, scanned_count: 0 };
    let (mut last_taken, mut more) = ((0, 0), false);
    let mut reader = Reader::new(bytes)?;
    reader.object(|reader, name| {
        match name {
            "Items" => {
                reader.array(|reader| {
                    if most.is_some_and(|most| response.items.len() >= most) {
                        more = true;
                        return reader.skip();
                    }
                    let from = reader.position();
                    response.items.push(R::decode(reader)?);
                    last_taken = (from, reader.position());
                    Ok(())
                })?;
            }
            "Count" => response.count = reader.count()?,
            "ScannedCount" => response.scanned_count = reader.count()?,
            "LastEvaluatedKey" if !reader.is_null() => response.last = Some(read_item(reader)?),
            "LastEvaluatedKey" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    let cut = match more {
        true => Some(read_item(&mut Reader::from_text(reader.between(last_taken.0, last_taken.1)))?),
        false => None,
    };
    Ok((response, cut))
}

/// Whose items and the filter's form, without values: they belong in no log.
impl<R: FromItem<Model: Model>, K> fmt::Debug for Query<'_, R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("model", &R::Model::SHAPE.name)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
