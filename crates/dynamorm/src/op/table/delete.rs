//! DeleteTable: a table with everything in it.

use super::describe::wait;
use super::{PATIENCE, about};
use crate::model::Model;
use crate::transport::{Operation, Request};
use crate::{Db, Result};
use std::fmt;
use std::marker::PhantomData;

/// Deletes a table with everything in it: [`Db::delete_table`] makes it.
///
/// See [DeleteTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html).
#[must_use = "no table is deleted until this is executed"]
pub struct DeleteTable<'db, M> {
    db: &'db Db,
    if_exists: bool,
    of: PhantomData<fn() -> M>,
}

impl<M: Model> DeleteTable<'_, M> {
    /// Is content if there is no such table.
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
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
    /// assert_eq!(db.delete_table::<User>().to_request()?.json(), r#"{"TableName":"app"}"#);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the model has no table.
    pub fn to_request(&self) -> Result<Request> {
        Ok(about(Operation::DeleteTable, self.db.table_during(Operation::DeleteTable, M::SHAPE)?))
    }

    /// Deletes the table and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TableNotFound`](crate::ErrorKind::TableNotFound) if there is no such table; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        let request = self.to_request()?;
        match self.db.send(request).await {
            Err(error) if self.if_exists && error.is_table_not_found() => return Ok(()),
            result => result?,
        };
        wait(self.db, self.db.table_of(M::SHAPE)?, PATIENCE, |found| found.is_none()).await.map(drop)
    }
}

impl Db {
    /// Deletes a model's table, with all items of all models in it.
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
    /// db.delete_table::<User>().execute().await?;
    /// assert!(db.describe_table::<User>().optional().await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_table<M: Model>(&self) -> DeleteTable<'_, M> {
        DeleteTable { db: self, if_exists: false, of: PhantomData }
    }
}

impl<M> fmt::Debug for DeleteTable<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteTable").finish_non_exhaustive()
    }
}
