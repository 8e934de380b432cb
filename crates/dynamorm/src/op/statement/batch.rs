//! BatchExecuteStatement: up to 25 PartiQL statements, each on its own.

use super::text::Text;
use crate::codec::{CodecError, Reader, Writer};
use crate::model::FromItem;
use crate::transport::{Failure, Operation, Request, ServiceError, failure};
use crate::value::AttributeValue;
use crate::{Db, Error, Result, limits};
use bytes::Bytes;
use std::fmt;

/// Up to 25 PartiQL statements, each on its own: [`Db::batch_statement`] makes it.
///
/// All of them read, each one item by its whole key, or all of them write. See [`Statement`](super::Statement) for what a
/// statement is, and
/// [BatchExecuteStatement](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html).
///
/// Costs what the statements would cost alone.
#[must_use = "a batch of statements does nothing until `.all()` or `.execute()` is awaited"]
pub struct BatchStatement<'db> {
    db: &'db Db,
    statements: Vec<Text>,
    consistent_read: bool,
}

impl Db {
    /// Carries out several PartiQL statements, each on its own: some may fail where others do not.
    ///
    /// ```
    /// # use dynamorm::{Db, Item, Model, Result};
    /// # #[derive(Debug, PartialEq, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into() }).execute().await?;
    /// let one = "SELECT * FROM app WHERE pk = ?";
    /// let found = db
    ///     .batch_statement()
    ///     .statement(one, ["USER#u1"])
    ///     .statement(one, ["USER#u2"])
    ///     .statement("SELECT * FROM nowhere WHERE pk = ?", ["USER#u1"])
    ///     .all::<User>()
    ///     .await?;
    /// assert_eq!(found[0].as_ref().unwrap(), &Some(User { id: "u1".into() }));
    /// assert_eq!(found[1].as_ref().unwrap(), &None);
    /// assert!(found[2].as_ref().is_err_and(|err| err.is_table_not_found()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch_statement(&self) -> BatchStatement<'_> {
        BatchStatement { db: self, statements: Vec::new(), consistent_read: false }
    }
}

impl BatchStatement<'_> {
    /// Adds a statement and its parameters.
    pub fn statement<V: Into<AttributeValue>>(
        mut self,
        text: impl Into<String>,
        parameters: impl IntoIterator<Item = V>,
    ) -> Self {
        self.statements.push(Text::new(text, parameters));
        self
    }

    /// Has every statement read what was written last, for twice the units.
    pub fn consistent_read(mut self) -> Self {
        self.consistent_read = true;
        self
    }

    /// Shows the request, without sending it.
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
    /// let batch = db.batch_statement().statement("SELECT * FROM \"app\" WHERE pk = ?", ["USER#u1"]);
    /// assert!(batch.to_request()?.json().contains(r#""Parameters":[{"S":"USER#u1"}]"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no statements or more than 25, or one of them cannot be right.
    pub fn to_request(&self) -> Result<Request> {
        self.request().map_err(of_batch)
    }

    fn request(&self) -> Result<Request> {
        let (count, limit) = (self.statements.len(), limits::BATCH_STATEMENTS);
        if count == 0 || count > limit {
            return Err(Error::invalid(format!("the batch has {count} statements, it takes 1 to {limit}")));
        }
        let mut writer = Writer::with_capacity(128 * count);
        writer.raw("{\"Statements\":[");
        for (nth, statement) in self.statements.iter().enumerate() {
            let mut body = statement.body().map_err(|error| error.in_operation(nth))?;
            if self.consistent_read {
                body.flag("ConsistentRead", true);
            }
            writer.raw(if nth == 0 { "" } else { "," });
            writer.raw_bytes(&body.finish());
        }
        writer.raw("]}");
        Ok(Request {
            operation: Operation::BatchExecuteStatement,
            tables: Vec::new(),
            body: Bytes::from(writer.into_bytes()),
        })
    }

    /// Carries out statements that read: for each the item that it found, or why it failed.
    ///
    /// # Errors
    ///
    /// Those of any operation, if the whole batch failed. An item that is not an `R` is an error of its own statement.
    pub async fn all<R: FromItem>(self) -> Result<Vec<Result<Option<R>>>> {
        let outcomes = self.send().await?;
        let decoded = outcomes.into_iter().enumerate().map(|(nth, outcome)| {
            let Some(item) = outcome? else { return Ok(None) };
            let item = Reader::new(&item).and_then(|mut reader| R::decode(&mut reader));
            item.map(Some).map_err(|error| of_batch(Error::from(error).in_operation(nth)))
        });
        Ok(decoded.collect())
    }

    /// Carries out statements that write: for each that it was done, or why it failed.
    ///
    /// # Errors
    ///
    /// Those of any operation, if the whole batch failed.
    pub async fn execute(self) -> Result<Vec<Result<()>>> {
        let outcomes = self.send().await?;
        Ok(outcomes.into_iter().map(|outcome| outcome.map(drop)).collect())
    }

    async fn send(&self) -> Result<Vec<Result<Option<Bytes>>>> {
        let answer = self.db.send(self.to_request()?).await?;
        let outcomes = outcomes(&answer).map_err(|error| of_batch(error.into()))?;
        if outcomes.len() != self.statements.len() {
            let error = CodecError::invalid("of the responses are not as many as the statements");
            return Err(of_batch(error.into()));
        }
        Ok(outcomes)
    }
}

fn of_batch(error: Error) -> Error {
    error.during(Operation::BatchExecuteStatement, None)
}

fn outcomes(answer: &Bytes) -> Result<Vec<Result<Option<Bytes>>>, CodecError> {
    let mut outcomes = Vec::new();
    Reader::new(answer)?.object(|reader, name| {
        if name != "Responses" || reader.is_null() {
            return if name == "Responses" { Ok(()) } else { reader.skip() };
        }
        reader.array(|reader| {
            let nth = outcomes.len();
            let mut outcome = Ok(None);
            reader.object(|reader, name| {
                match name {
                    "Item" if !reader.is_null() => {
                        let item = answer.slice_ref(reader.raw()?.as_bytes());
                        outcome = std::mem::replace(&mut outcome, Ok(None)).map(|_| Some(item));
                    }
                    "Error" if !reader.is_null() => {
                        let body = answer.slice_ref(reader.raw()?.as_bytes());
                        outcome = Err(of_batch(of_statement(body)?.in_operation(nth)));
                    }
                    "Item" | "Error" => {}
                    _ => reader.skip()?,
                }
                Ok(())
            })?;
            outcomes.push(outcome);
            Ok(())
        })
    })?;
    Ok(outcomes)
}

/// The error of one statement: `{"Code":"ConditionalCheckFailed","Message":…,"Item":…}`.
fn of_statement(body: Bytes) -> Result<Error, CodecError> {
    let (mut code, mut message) = (String::new(), String::new());
    Reader::new(&body)?.object(|reader, name| {
        match name {
            "Code" if !reader.is_null() => code = reader.string()?.into_owned(),
            "Message" if !reader.is_null() => message = reader.string()?.into_owned(),
            "Code" | "Message" => {}
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    // The codes of exceptions, cut short.
    let code = match code.as_str() {
        "ValidationError" => "ValidationException".to_owned(),
        "ThrottlingError" => "ThrottlingException".to_owned(),
        "InternalServerError" | "RequestLimitExceeded" => code,
        _ => code + "Exception",
    };
    Ok(failure::error(Failure::Service(ServiceError { code, message, body })))
}

/// How many statements, without their texts, in which values may be written: they belong in no log.
impl fmt::Debug for BatchStatement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchStatement").field("statements", &self.statements.len()).finish_non_exhaustive()
    }
}
