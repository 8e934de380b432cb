//! ExecuteStatement: one PartiQL statement of the user's own, and its parameters.
//!
//! Here: one statement. Beside it: `batch` and `transact` carry out several, `text` checks and writes each.

mod batch;
#[cfg(test)]
mod tests;
mod text;
mod transact;

pub use batch::BatchStatement;
pub use transact::TransactStatement;

use super::read::Pages;
use super::sink::{All, Sink};
use crate::codec::Reader;
use crate::error::ErrorKind;
use crate::model::FromItem;
use crate::transport::{Operation, Request};
use crate::value::AttributeValue;
use crate::{Db, Error, Result};
use bytes::Bytes;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use text::Text;

/// One PartiQL statement: [`Db::statement`] makes it.
///
/// It is sent as it is written: the tables in it are the account's, to which [`Db::rename_table`] does not apply, and nothing
/// of what this library keeps (versions, times, index keys) is kept. A `SELECT` without its whole partition key in the `WHERE`
/// reads the whole table.
///
/// Costs what the same read or write costs otherwise. See
/// [ExecuteStatement](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html).
#[must_use = "a statement does nothing until `.page()`, `.all()` or `.execute()` is awaited"]
#[derive(Clone)]
pub struct Statement<'db> {
    db: &'db Db,
    text: Text,
    consistent_read: bool,
    limit: Option<u32>,
    next: Option<NextToken>,
    returning_old_on_failure: bool,
}

/// A part of what a statement reads.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StatementPage<R> {
    /// The items, which may be none although there is a next page.
    pub items: Vec<R>,
    /// Where the next page begins; `None` if there is none.
    pub next: Option<NextToken>,
}

/// Where a statement goes on: DynamoDB's own text, which only the same statement can use.
///
/// It is opaque, may be parsed from what it prints, and is not checked or signed by this library.
#[derive(Clone, PartialEq, Eq)]
pub struct NextToken(String);

impl fmt::Display for NextToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for NextToken {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// Without the text, which may hold a key.
impl fmt::Debug for NextToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NextToken")
    }
}

impl Db {
    /// Carries out a PartiQL statement. Each `?` in it stands for one parameter: a value never has to be written into the text.
    ///
    /// ```
    /// # use dynamorm::{AttributeValue, Db, Item, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into(), credits: 10 }).execute().await?;
    /// let users: Vec<User> = db.statement("SELECT * FROM app WHERE pk = ?", ["USER#u1"]).all().await?;
    /// assert_eq!(users[0].credits, 10);
    ///
    /// let parameters = [AttributeValue::from(3), "USER#u1".into()];
    /// db.statement("UPDATE app SET credits = ? WHERE pk = ?", parameters).execute().await?;
    /// # assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn statement<V: Into<AttributeValue>>(
        &self,
        text: impl Into<String>,
        parameters: impl IntoIterator<Item = V>,
    ) -> Statement<'_> {
        Statement {
            db: self,
            text: Text::new(text, parameters),
            consistent_read: false,
            limit: None,
            next: None,
            returning_old_on_failure: false,
        }
    }
}

impl Statement<'_> {
    /// Reads what was written last, for twice the units. Not on a global index.
    pub fn consistent_read(mut self) -> Self {
        self.consistent_read = true;
        self
    }

    /// Evaluates at most so many items with one request.
    pub fn limit(mut self, items: u32) -> Self {
        self.limit = Some(items);
        self
    }

    /// Begins where a page ended. The statement must be the same.
    pub fn next(mut self, next: impl Into<Option<NextToken>>) -> Self {
        self.next = next.into();
        self
    }

    /// Gives the stored item with the error if a condition of an update or a delete fails: `err.item::<User>()`.
    pub fn returning_old_on_failure(mut self) -> Self {
        self.returning_old_on_failure = true;
        self
    }

    /// Shows the request, without sending it.
    ///
    /// # Errors
    ///
    /// If the statement is empty or over 8,192 bytes, or has another number of `?` than there are parameters.
    pub fn to_request(&self) -> Result<Request> {
        self.request(self.next.as_ref()).map_err(of_statement)
    }

    fn request(&self, next: Option<&NextToken>) -> Result<Request> {
        let mut body = self.text.body()?;
        if self.consistent_read {
            body.flag("ConsistentRead", true);
        }
        match self.limit {
            Some(0) => return Err(Error::invalid("the limit is 0, it must be 1 or more")),
            Some(limit) => body.number("Limit", limit.min(i32::MAX.unsigned_abs())),
            None => {}
        }
        if let Some(next) = next {
            body.text("NextToken", &next.0);
        }
        if self.returning_old_on_failure {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(Request {
            operation: Operation::ExecuteStatement,
            tables: Vec::new(),
            body: Bytes::from(body.finish()),
        })
    }

    /// Carries it out with one request, and gives the items that it read, or those that a write gives by `RETURNING`.
    ///
    /// ```
    /// # use dynamorm::{Db, Item, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "TEAM", sk = "{id}")]
    /// # struct User { id: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for id in 0..3 { db.put(&User { id }).execute().await?; }
    /// let team = || db.statement("SELECT * FROM app WHERE pk = ?", ["TEAM"]).limit(2);
    /// let first = team().page::<Item>().await?;
    /// let second = team().next(first.next).page::<Item>().await?;
    /// assert_eq!((first.items.len(), second.items.len()), (2, 1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) if it cannot be right; [`ConditionFailed`](ErrorKind::ConditionFailed) if a
    /// condition was not met or the item to insert exists already; [`Codec`](ErrorKind::Codec) if an item is not an `R`; and
    /// those of any operation.
    pub async fn page<R: FromItem>(self) -> Result<StatementPage<R>> {
        let mut items = All::<R>::new();
        let next = read(&self.fetch(self.next.as_ref()).await?, &mut items)?;
        Ok(StatementPage { items: items.0, next })
    }

    /// Reads all items, with as many requests as it takes.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Statement::page).
    pub async fn all<R: FromItem>(self) -> Result<Vec<R>> {
        let mut items = All::<R>::new();
        let mut run = Run { next: self.next.clone(), statement: self, done: false };
        while let Some(answer) = run.fetch().await? {
            run.accept(&answer, &mut items)?;
        }
        Ok(items.0)
    }

    /// Carries out a write.
    ///
    /// # Errors
    ///
    /// Those of [`page`](Statement::page).
    pub async fn execute(self) -> Result<()> {
        self.db.send(self.to_request()?).await.map(drop)
    }

    async fn fetch(&self, next: Option<&NextToken>) -> Result<Bytes> {
        self.db.send(self.request(next).map_err(of_statement)?).await
    }
}

/// Reads the items of an answer, and where it goes on.
fn read(answer: &[u8], sink: &mut dyn Sink) -> Result<Option<NextToken>> {
    let mut next = None;
    let read = Reader::new(answer).and_then(|mut reader| {
        reader.object(|reader, name| {
            match name {
                "Items" if !reader.is_null() => reader.array(|reader| sink.item(reader))?,
                "NextToken" if !reader.is_null() => next = Some(NextToken(reader.string()?.into_owned())),
                "Items" | "NextToken" => {}
                _ => reader.skip()?,
            }
            Ok(())
        })
    });
    read.map_err(|error| of_statement(error.into()))?;
    Ok(next)
}

/// A statement of which all pages are read.
struct Run<'db> {
    statement: Statement<'db>,
    next: Option<NextToken>,
    done: bool,
}

impl Pages for Run<'_> {
    async fn fetch(&mut self) -> Result<Option<Bytes>> {
        if self.done {
            return Ok(None);
        }
        self.statement.fetch(self.next.as_ref()).await.map(Some)
    }

    fn accept(&mut self, answer: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let next = read(answer, sink)?;
        self.done = next.is_none();
        if !self.done && next == self.next {
            let problem = "the answer's next token is the one that was sent: the read would never end";
            return Err(of_statement(Error::new(ErrorKind::Service, problem)));
        }
        self.next = next;
        Ok(())
    }
}

fn of_statement(error: Error) -> Error {
    error.during(Operation::ExecuteStatement, None)
}

/// How many parameters, without the text, in which values may be written: they belong in no log.
impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").field("text", &self.text).finish_non_exhaustive()
    }
}
