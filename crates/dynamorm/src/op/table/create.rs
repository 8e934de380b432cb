//! CreateTable: a table with its indexes, its time to live and its stream, from its models.

use super::describe::wait_until_active;
use super::plan::Plan;
use super::stream::{self, StreamViewType};
use super::{Models, PATIENCE, request};
use crate::codec::Writer;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};
use std::fmt;
use std::marker::PhantomData;

/// Makes a table with its indexes, billed by request, waits until it is ready, and turns time to live on if a model has it:
/// [`Db::create_table`] makes it.
///
/// See [CreateTable](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html).
#[must_use = "no table is made until this is executed"]
pub struct CreateTable<'db, Ms> {
    db: &'db Db,
    if_not_exists: bool,
    stream: Option<StreamViewType>,
    of: PhantomData<fn() -> Ms>,
}

impl Db {
    /// Makes the table of one model, or of several that share one: `create_table::<(User, Order)>()`.
    ///
    /// Models whose items a query could not tell apart, since their sort keys begin with the same words in the same
    /// partitions, are refused. With a `type` on both, a query tells them apart; that two items of them never have the same key
    /// is up to who writes them then.
    ///
    /// Of a model with a vector index, an endpoint that has none refuses the table, or makes it without: then this fails, and the
    /// table is there. [`Db::vectors_by_scan`] is for such endpoints.
    pub fn create_table<Ms: Models>(&self) -> CreateTable<'_, Ms> {
        CreateTable { db: self, if_not_exists: false, stream: None, of: PhantomData }
    }
}

impl<Ms: Models> CreateTable<'_, Ms> {
    /// Is content with a table that exists already, if it has the keys and the indexes that the models need.
    pub fn if_not_exists(mut self) -> Self {
        self.if_not_exists = true;
        self
    }

    /// Gives the table a stream, which tells for a day of each change of an item. [`Change`](crate::Change) reads its records; for that
    /// the view type must be [`NewAndOldImages`](StreamViewType::NewAndOldImages).
    ///
    /// A table that exists already, which [`if_not_exists`](Self::if_not_exists) allows, gets the stream by UpdateTable if it has none. A
    /// stream costs nothing; reading it does: see
    /// [Change data capture](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// use dynamorm::StreamViewType::NewAndOldImages;
    ///
    /// db.create_table::<User>().stream(NewAndOldImages).if_not_exists().execute().await?;
    /// let stream = db.describe_table::<User>().one().await?.stream.unwrap();
    /// assert_eq!(stream.view_type, NewAndOldImages);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(mut self, view_type: StreamViewType) -> Self {
        self.stream = Some(view_type);
        self
    }

    /// Shows the CreateTable request, without sending it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// let request = db.create_table::<User>().to_request()?;
    /// assert!(request.json().contains(r#""KeyType":"HASH""#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the models do not fit into one table.
    pub fn to_request(&self) -> Result<Request> {
        Ok(self.plan()?.request())
    }

    fn plan(&self) -> Result<Plan> {
        let plan = Plan::of(self.db, &Ms::shapes());
        plan.map(|plan| Plan { stream: self.stream, ..plan })
            .map_err(|error| error.during(Operation::CreateTable, None))
    }

    /// Makes the table and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Service`](crate::ErrorKind::Service) if the table exists;
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if the models do not fit into one table, or into the one
    /// that exists, or if its stream has another view type; and those of any operation.
    pub async fn execute(self) -> Result<()> {
        let plan = self.plan()?;
        let made = match self.db.send(plan.request()).await {
            Ok(_) => true,
            Err(error) if self.if_not_exists && error.service_code() == Some("ResourceInUseException") => {
                false
            }
            Err(error) => return Err(error),
        };
        let found = wait_until_active(self.db, &plan.table, PATIENCE).await?;
        // One that was made just now has what was asked for, but for vector indexes: some endpoints know none, and do not say so.
        if !made || !plan.vectors.is_empty() {
            plan.check(&found).map_err(|error| error.during(Operation::CreateTable, Some(&plan.table)))?;
        }
        if let (false, Some(view_type)) = (made, plan.stream) {
            stream::turn_on(self.db, &plan.table, view_type, &found).await?;
        }
        let Some(attribute) = plan.ttl else { return Ok(()) };
        let mut writer = Writer::new();
        writer.raw("{\"TableName\":");
        writer.json_string(&plan.table);
        writer.raw(",\"TimeToLiveSpecification\":{\"Enabled\":true,\"AttributeName\":");
        writer.json_string(attribute);
        writer.raw("}}");
        match self.db.send(request(Operation::UpdateTimeToLive, &plan.table, writer)).await {
            // DynamoDB refuses to turn on what is on. On for another attribute, it would keep these items for ever.
            Err(error) if !made && error.is_invalid_request() && !is_of_other_attribute(&error) => Ok(()),
            result => result.map(drop),
        }
    }
}

/// True if a table's time to live is on already, and not for the attribute of its models.
fn is_of_other_attribute(error: &Error) -> bool {
    error.service_message().is_some_and(|message| message.to_lowercase().contains("different attribute"))
}

impl<M> fmt::Debug for CreateTable<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateTable").finish_non_exhaustive()
    }
}
