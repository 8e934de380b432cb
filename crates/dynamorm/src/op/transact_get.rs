//! TransactGetItems: up to 100 items as they were at one moment.

mod gets;
#[cfg(test)]
mod tests;

pub(crate) use gets::{Answers, OneGet};
pub use gets::{Gets, IntoGet};

use super::item_key::ItemKey;
use super::retry::transact;
use crate::codec::Writer;
use crate::error::ErrorKind;
use crate::transport::{Operation, Request};
use crate::{Db, Error, ReachedByDb, Result, limits};
use bytes::Bytes;
use std::fmt;
use std::marker::PhantomData;

/// Reads up to 100 items of any tables as they were at one moment: [`Db::transact_get`] makes it.
///
/// A write of one of the items that is under way cancels it. That is tried again, a few times, after a growing pause:
/// [`no_retries`](TransactGet::no_retries) turns it off.
///
/// Costs twice the units of consistent gets: two read units for each 4 KB of each item. See
/// [TransactGetItems](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html).
#[must_use = "a transaction reads nothing until `.one()` or `.optional()` is awaited"]
pub struct TransactGet<'db, G> {
    db: &'db Db,
    gets: Vec<OneGet>,
    retries: bool,
    of: PhantomData<fn() -> G>,
}

impl Db {
    /// Reads several items as they were at one moment: a tuple of up to eight keys, a `Vec` or an array of keys of one model, or
    /// in the place of a key a [`Get`](crate::Get) that says what to read.
    ///
    /// ```
    /// # use dynamorm::{Db, Get, Model, Project, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
    /// # struct User { id: String, name: String }
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
    /// # struct Order { customer: String, number: u32, total: i64 }
    /// # #[derive(Debug, PartialEq, Project)]
    /// # #[dynamorm(of = Order)]
    /// # struct OrderTotal { total: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<(User, Order)>().execute().await?;
    /// # db.put(&User { id: "u1".into(), name: "Ada".into() }).execute().await?;
    /// # db.put(&Order { customer: "u1".into(), number: 7, total: 70 }).execute().await?;
    /// let (user, order) = db.transact_get((User::key("u1"), Order::key("u1", 7_u32))).one().await?;
    /// assert_eq!((user.name.as_str(), order.total), ("Ada", 70));
    ///
    /// let total = Get::new(Order::key("u1", 7_u32)).project::<OrderTotal>();
    /// let (total, other) = db.transact_get((total, User::key("u2"))).optional().await?;
    /// assert_eq!((total, other), (Some(OrderTotal { total: 70 }), None));
    ///
    /// let users: Vec<Option<User>> = db.transact_get(["u1", "u2"].map(User::key)).optional().await?;
    /// assert_eq!(users.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn transact_get<G: Gets<Scope = ReachedByDb>>(&self, gets: G) -> TransactGet<'_, G> {
        TransactGet::of(self, gets)
    }
}

impl<'db, G: Gets> TransactGet<'db, G> {
    pub(crate) fn of(db: &'db Db, gets: G) -> Self {
        Self { db, gets: gets.into_gets(), retries: true, of: PhantomData }
    }
}

impl<G: Gets> TransactGet<'_, G> {
    /// Tells a conflict with a write, and any other passing refusal, at once instead of trying again.
    pub fn no_retries(mut self) -> Self {
        self.retries = false;
        self
    }

    /// Shows the request, without sending it.
    ///
    /// # Errors
    ///
    /// If there are no keys, more than 100, or two of the same item; or if one of them cannot be one.
    pub fn to_request(&self) -> Result<Request> {
        request(self.db, &self.gets).map_err(of_transaction)
    }

    /// Reads the items, each `None` if it is not there.
    ///
    /// # Errors
    ///
    /// [`TransactionCanceled`](crate::ErrorKind::TransactionCanceled) if an operation is at fault, such as by a conflict that
    /// all tries have met: [`cancellations`](Error::cancellations) tells which ones and why.
    /// [`Codec`](crate::ErrorKind::Codec) if an item is not what it is read as; and those of any operation.
    pub async fn optional(self) -> Result<G::Optional> {
        let answer = self.send().await?;
        Answers::of(&answer, self.gets.len())
            .and_then(|mut answers| {
                answers.hide(self.db, &self.gets)?;
                G::decode(&mut answers)
            })
            .map_err(of_transaction)
    }

    /// Reads the items, which must all be there.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::ErrorKind::NotFound) if one is not: the text says which. And those of
    /// [`optional`](TransactGet::optional).
    pub async fn one(self) -> Result<G::Items> {
        G::all(self.optional().await?).map_err(|operation| {
            let error = Error::new(ErrorKind::NotFound, "there is no item with this key");
            of_transaction(error.in_operation(operation))
        })
    }

    async fn send(&self) -> Result<Bytes> {
        transact(self.db, self.to_request()?, self.retries).await
    }
}

fn of_transaction(error: Error) -> Error {
    error.during(Operation::TransactGetItems, None)
}

fn request(db: &Db, gets: &[OneGet]) -> Result<Request> {
    let (count, limit) = (gets.len(), limits::TRANSACT_GET_ITEMS);
    if count == 0 || count > limit {
        return Err(Error::invalid(format!("the transaction has {count} operations, it takes 1 to {limit}")));
    }
    let mut keys: Vec<ItemKey> = Vec::with_capacity(count);
    let mut writer = Writer::with_capacity(128 * count);
    writer.raw("{\"TransactItems\":[");
    for (nth, get) in gets.iter().enumerate() {
        let in_operation = |error: Error| error.in_operation(nth);
        let json = get.json(db).map_err(in_operation)?;
        let key = get.key().and_then(|key| ItemKey::new(db, key)).map_err(in_operation)?;
        if let Some(first) = keys.iter().position(|known| *known == key) {
            return Err(Error::invalid(format!(
                "operations {first} and {nth} are on the same item: a transaction takes one for each"
            )));
        }
        keys.push(key);
        writer.raw(if nth == 0 { "{\"Get\":" } else { ",{\"Get\":" });
        writer.raw_bytes(&json);
        writer.raw("}");
    }
    writer.raw("]}");
    let mut tables: Vec<String> = keys.into_iter().map(|key| key.table).collect();
    tables.sort_unstable();
    tables.dedup();
    Ok(Request { operation: Operation::TransactGetItems, tables, body: Bytes::from(writer.into_bytes()) })
}

/// How many keys, without their values: they belong in no log.
impl<G> fmt::Debug for TransactGet<'_, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactGet").field("gets", &self.gets.len()).finish_non_exhaustive()
    }
}
