//! ExecuteTransaction: up to 100 PartiQL statements, all or none.

use super::text::Text;
use crate::codec::Writer;
use crate::model::FromItem;
use crate::op::retry::transact;
use crate::op::transact_get::Answers;
use crate::op::transact_write::client_token;
use crate::transport::{Operation, Request};
use crate::value::AttributeValue;
use crate::{Db, Error, Result, limits};
use bytes::Bytes;
use std::fmt;

/// Up to 100 PartiQL statements, all or none: [`Db::transact_statement`] makes it.
///
/// All of them read, each one item by its whole key, or all of them write. A transaction that conflicts, is over a rate, or has
/// lost its answer is sent again, as [`TransactWrite`](crate::TransactWrite) is. See [`Statement`](super::Statement) for what a
/// statement is, and
/// [ExecuteTransaction](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html).
///
/// Costs twice what the statements would cost alone.
#[must_use = "a transaction of statements does nothing until `.all()` or `.execute()` is awaited"]
pub struct TransactStatement<'db> {
    db: &'db Db,
    statements: Vec<Text>,
    token: Option<String>,
    retries: bool,
}

impl Db {
    /// Carries out several PartiQL statements, all or none.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # for id in ["u1", "u2"] { db.put(&User { id: id.into(), credits: 10 }).execute().await?; }
    /// let refused = db
    ///     .transact_statement()
    ///     .statement("UPDATE app SET credits = credits + 70 WHERE pk = ?", ["USER#u1"])
    ///     .statement("UPDATE app SET credits = credits - 70 WHERE pk = ? AND credits >= 70", ["USER#u2"])
    ///     .execute()
    ///     .await;
    /// assert_eq!(refused.unwrap_err().cancellations()[0].operation, 1);
    /// # assert_eq!(db.get(User::key("u1")).one().await?.credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn transact_statement(&self) -> TransactStatement<'_> {
        TransactStatement { db: self, statements: Vec::new(), token: None, retries: true }
    }
}

impl TransactStatement<'_> {
    /// Adds a statement and its parameters.
    pub fn statement<V: Into<AttributeValue>>(
        mut self,
        text: impl Into<String>,
        parameters: impl IntoIterator<Item = V>,
    ) -> Self {
        self.statements.push(Text::new(text, parameters));
        self
    }

    /// Makes calls with the same token one transaction: whoever repeats it within ten minutes writes nothing more. 1 to 36
    /// characters. The repeat must say the same to the byte, else DynamoDB refuses it.
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
    /// let delete = || db.transact_statement().statement("DELETE FROM \"app\" WHERE pk = ?", ["USER#u1"]);
    /// delete().token("delete-u1").execute().await?;
    /// delete().token("delete-u1").execute().await?; // Nothing more is written.
    /// # Ok(())
    /// # }
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Tells a conflict with another request, and any other passing refusal, at once instead of trying again.
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
    /// let delete = db.transact_statement().statement("DELETE FROM \"app\" WHERE pk = ?", ["USER#u1"]);
    /// delete.no_retries().execute().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn no_retries(mut self) -> Self {
        self.retries = false;
        self
    }

    /// Shows the request, without sending it. Without a token of yours it shows a new one each time.
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
    /// let delete = db.transact_statement().statement("DELETE FROM \"app\" WHERE pk = ?", ["USER#u1"]);
    /// assert!(delete.token("t1").to_request()?.json().contains(r#""ClientRequestToken":"t1""#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no statements or more than 100, or one of them cannot be right.
    pub fn to_request(&self) -> Result<Request> {
        self.request().map_err(of_transaction)
    }

    fn request(&self) -> Result<Request> {
        let (count, limit) = (self.statements.len(), limits::TRANSACT_STATEMENTS);
        if count == 0 || count > limit {
            return Err(Error::invalid(format!(
                "the transaction has {count} statements, it takes 1 to {limit}"
            )));
        }
        let mut writer = Writer::with_capacity(128 * count);
        writer.raw("{\"TransactStatements\":[");
        for (nth, statement) in self.statements.iter().enumerate() {
            let mut body = statement.body().map_err(|error| error.in_operation(nth))?;
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
            writer.raw(if nth == 0 { "" } else { "," });
            writer.raw_bytes(&body.finish());
        }
        writer.raw("],\"ClientRequestToken\":");
        writer.json_string(&client_token(self.db, self.token.as_deref())?);
        writer.raw("}");
        Ok(Request {
            operation: Operation::ExecuteTransaction,
            tables: Vec::new(),
            body: Bytes::from(writer.into_bytes()),
        })
    }

    /// Carries out statements that read: for each the item that it found, as they were at one moment.
    ///
    /// # Errors
    ///
    /// [`TransactionCanceled`](crate::ErrorKind::TransactionCanceled) if a statement is at fault:
    /// [`cancellations`](Error::cancellations) tells which ones and why. [`Codec`](crate::ErrorKind::Codec) if an item is not an
    /// `R`; and those of any operation.
    pub async fn all<R: FromItem>(self) -> Result<Vec<Option<R>>> {
        let answer = transact(self.db, self.to_request()?, self.retries).await?;
        let mut answers = Answers::of(&answer, self.statements.len()).map_err(of_transaction)?;
        (0..self.statements.len()).map(|_| answers.take().map_err(of_transaction)).collect()
    }

    /// Carries out statements that write, all or none.
    ///
    /// # Errors
    ///
    /// [`TransactionCanceled`](crate::ErrorKind::TransactionCanceled) if a statement is at fault:
    /// [`cancellations`](Error::cancellations) tells which ones and why, with the items as they were, and nothing is written. And
    /// those of any operation.
    pub async fn execute(self) -> Result<()> {
        transact(self.db, self.to_request()?, self.retries).await.map(drop)
    }
}

fn of_transaction(error: Error) -> Error {
    error.during(Operation::ExecuteTransaction, None)
}

/// How many statements, without their texts, in which values may be written: they belong in no log.
impl fmt::Debug for TransactStatement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactStatement")
            .field("statements", &self.statements.len())
            .finish_non_exhaustive()
    }
}
