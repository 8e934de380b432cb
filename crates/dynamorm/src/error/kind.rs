//! What sort of failure an [`Error`] is, and the questions that ask for it.

use super::{CancelCode, Error};

/// What sort of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A read that must give an item found none.
    NotFound,
    /// A read that must give one item found more; or a write's value of a unique attribute is another item's, and nothing was
    /// written. Of a write, [`Error::unique_attribute`] says which.
    NotUnique,
    /// A condition was not met; nothing was written.
    ConditionFailed,
    /// A transaction was cancelled; nothing was written. [`Error::cancellations`] says why.
    TransactionCanceled,
    /// Another request was writing the same item; nothing was written.
    Conflict,
    /// Another holds the lease.
    LeaseHeld,
    /// The lease has ended, or another has taken it since.
    LeaseLost,
    /// Some writes of a batch were not done, or some keys not read, after all retries or at the deadline.
    /// [`Error::unprocessed`] says which.
    Unprocessed,
    /// DynamoDB refused for the rate of requests.
    Throttled,
    /// The request cannot be right; mostly found before it is sent.
    InvalidRequest,
    /// A value could not be stored or read.
    Codec,
    /// The table, or the index, does not exist.
    TableNotFound,
    /// The credentials do not allow it.
    AccessDenied,
    /// The deadline of the [`Db`](crate::Db::deadline) passed: a request that was under way may or may not have been carried out.
    DeadlineExceeded,
    /// The request, or its answer, did not get through: it may or may not have been carried out.
    Transport,
    /// DynamoDB failed in another way.
    Service,
}

impl Error {
    /// True if a read that must give an item found none.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
    }

    /// True if a read that must give one item found more, or if the value of a unique attribute is another item's: of this write,
    /// or of any operation of this transaction.
    #[must_use]
    pub fn is_not_unique(&self) -> bool {
        self.kind() == ErrorKind::NotUnique
            || self.0.cancellations.iter().any(|c| c.code == CancelCode::NotUnique)
    }

    /// True if a condition was not met: of this write, or of any operation of this transaction.
    #[must_use]
    pub fn is_condition_failed(&self) -> bool {
        self.kind() == ErrorKind::ConditionFailed
            || self.0.cancellations.iter().any(|c| c.code == CancelCode::ConditionFailed)
    }

    /// True if another request was writing the same item, as this write or as an operation of this transaction.
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
    /// use dynamorm::transport::{Embedded, Faults};
    /// # let refused = Faults::new(Embedded::memory()?).conflict(1.0);
    /// let db = Db::with_transport(refused);
    /// # db.create_table::<User>().execute().await?;
    /// let err = db.put(&user).execute().await.unwrap_err();
    /// assert!(err.is_conflict());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.kind() == ErrorKind::Conflict
            || self.0.cancellations.iter().any(|c| c.code == CancelCode::Conflict)
    }

    /// True if DynamoDB refused for the rate of requests, of a transaction's operations too.
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
    /// use dynamorm::transport::{Embedded, Fault, Faults, Operation};
    /// # let refused = Faults::new(Embedded::memory()?).on(Operation::PutItem, 1, Fault::Throttled);
    /// let db = Db::with_transport(refused);
    /// # db.create_table::<User>().execute().await?;
    /// let err = db.put(&user).execute().await.unwrap_err();
    /// assert!(err.is_throttled());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
            || self.0.cancellations.iter().any(|c| c.code == CancelCode::Throttled)
    }

    /// True if the request cannot be right.
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
    /// let err = db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).take(0).await.unwrap_err();
    /// assert!(err.is_invalid_request());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_invalid_request(&self) -> bool {
        self.kind() == ErrorKind::InvalidRequest
    }

    /// True if the request is invalid because its start key is: altered, or of another query.
    ///
    /// Where start keys come from clients, this one is the client's fault.
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
    /// # for number in 1..=2 { db.put(&Order { customer: "u1".into(), number, total: 10 }).execute().await?; }
    /// let next = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(1).page().await?.next;
    /// let other = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u2")).start_key(next).page().await;
    /// assert!(other.is_err_and(|err| err.is_invalid_start_key()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_invalid_start_key(&self) -> bool {
        self.0.start_key
    }

    /// True if the deadline of the [`Db`](crate::Db::deadline) passed.
    #[must_use]
    pub fn is_deadline_exceeded(&self) -> bool {
        self.kind() == ErrorKind::DeadlineExceeded
    }

    /// True if another holds the lease that was asked for.
    #[must_use]
    pub fn is_lease_held(&self) -> bool {
        self.kind() == ErrorKind::LeaseHeld
    }

    /// True if a lease was to be renewed or released that has ended, or that another has taken since.
    ///
    /// ```
    /// # use dynamorm::{Db, LeaseItem, Result};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.table("app");
    /// # db.create_table::<LeaseItem>().execute().await?;
    /// let lease = db.lease("nightly-report").acquire().await?;
    /// db.delete(LeaseItem::key("nightly-report", "LOCK")).execute().await?; // By somebody else.
    /// assert!(lease.release().await.is_err_and(|err| err.is_lease_lost()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_lease_lost(&self) -> bool {
        self.kind() == ErrorKind::LeaseLost
    }

    /// True if the table, or the index, does not exist.
    #[must_use]
    pub fn is_table_not_found(&self) -> bool {
        self.kind() == ErrorKind::TableNotFound
    }
}
