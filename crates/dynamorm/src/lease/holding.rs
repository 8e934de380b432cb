//! Holding a lease: [`Lease`], and what it shares with its renewal.

use super::record::TTL_AFTER_END;
use super::renewal::Renewal;
use super::{LeaseItem, LeaseModel, end_of, persist, until};
use crate::error::ErrorKind;
use crate::op::{Check, Delete, Update};
use crate::transport::Operation;
use crate::{Condition, Db, Error, Result, Timestamp, Ttl};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// A right that nobody else has, until it is released, or is not renewed and ends.
///
/// It is renewed in the background, each time a third of its duration is over. Dropping it stops that, and leaves the lease to end
/// by itself: [`release`](Lease::release) frees it at once.
///
/// Whoever holds a lease cannot know for sure that he still does: a process can be stopped between asking and writing. So let writes
/// that must not be done twice carry [`check`](Lease::check).
#[must_use = "a lease that is dropped is not renewed"]
pub struct Lease<M: LeaseModel = LeaseItem> {
    holding: Arc<Holding<M>>,
    renewal: Option<Renewal>,
}

impl<M: LeaseModel> Lease<M> {
    pub(super) fn new(holding: Holding<M>, renews: bool) -> Self {
        let holding = Arc::new(holding);
        let renewal = renews.then(|| Renewal::start(Arc::clone(&holding)));
        Self { holding, renewal }
    }

    /// Demands, in a transaction, that this is still the holder: if another has taken the lease since, nothing of it is written.
    ///
    /// It compares the token of the lease and no clock. Costs two write units.
    pub fn check(&self) -> Check<M> {
        Check::new(M::key_of(&self.holding.name), self.holding.is_mine())
    }

    /// True if it has not ended by this machine's clock, and no renewal found that another took it.
    pub fn is_held(&self) -> bool {
        self.holding.until.borrow().is_some_and(|until| until > self.holding.db.now())
    }

    /// Completes when the lease is no longer held: another took it, or its end came before a renewal got through.
    ///
    /// ```
    /// # use dynamorm::{Db, LeaseItem, Result};
    /// # async fn work() {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.table("app");
    /// # db.create_table::<LeaseItem>().execute().await?;
    /// let lease = db.lease("consumer-7").acquire().await?;
    /// tokio::select! {
    ///     () = work() => lease.release().await?,
    ///     () = lease.lost() => {} // Stop: another may have begun.
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn lost(&self) {
        let mut told = self.holding.until.subscribe();
        loop {
            let Some(end) = *told.borrow_and_update() else { return };
            let left = until(end, self.holding.db.now());
            if left.is_zero() {
                return;
            }
            let _ = timeout(left, told.changed()).await;
        }
    }

    /// What tells this holding of the lease from every other: the value of `lease_token`.
    ///
    /// ```
    /// # use dynamorm::{Db, LeaseItem, Result};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.table("app");
    /// # db.create_table::<LeaseItem>().execute().await?;
    /// let lease = db.lease("nightly-report").acquire().await?;
    /// let item = db.get(LeaseItem::key("nightly-report", "LOCK")).one().await?;
    /// assert_eq!(item.lease_token, lease.token());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn token(&self) -> &str {
        &self.holding.token
    }

    /// Puts its end off: from now, by its duration.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`](ErrorKind::LeaseLost) if it has ended, or another has it; and those of
    /// [`Update::execute`](crate::Update::execute), after which it is still held.
    pub async fn renew(&self) -> Result<()> {
        self.holding.renew().await
    }

    /// Frees it, so that another need not wait for its end.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`](ErrorKind::LeaseLost) if another has it, or had it: what was done meanwhile may have been done twice. And
    /// those of [`Delete::execute`](crate::Delete::execute): then it ends by itself.
    pub async fn release(mut self) -> Result<()> {
        // A renewal that is under way finds no item, and writes none.
        self.renewal = None;
        let delete = || {
            let key = M::key_of(&self.holding.name);
            Delete::with(&key, &self.holding.db).condition(self.holding.is_mine()).execute()
        };
        let sent = persist(&self.holding.db, delete).await;
        self.holding.until.send_replace(None);
        sent.map_err(|error| {
            if error.is_condition_failed() { self.holding.loss(Operation::DeleteItem, error) } else { error }
        })
    }
}

/// Until when, without the name and the token: values belong in no log.
impl<M: LeaseModel> fmt::Debug for Lease<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("until", &*self.holding.until.borrow())
            .field("duration", &self.holding.duration)
            .finish_non_exhaustive()
    }
}

/// A lease while it is held, shared with its renewal.
pub(super) struct Holding<M> {
    pub(super) db: Db,
    pub(super) name: String,
    pub(super) token: String,
    pub(super) duration: Duration,
    /// Its end, as it is stored; none once it is known to be lost or released.
    pub(super) until: watch::Sender<Option<Timestamp>>,
    pub(super) of: PhantomData<fn() -> M>,
}

impl<M: LeaseModel> Holding<M> {
    fn is_mine(&self) -> Condition<M> {
        M::TOKEN.eq(self.token.as_str())
    }

    pub(super) async fn renew(&self) -> Result<()> {
        // The time before the request: the end is never later than what the others see.
        let now = self.db.now();
        let end = end_of(now, self.duration)?;
        let renew = || {
            let update = Update::with(&M::key_of(&self.name), &self.db).set(M::ENDS, end.epoch_seconds());
            let update = M::keep_until(update, Ttl::at(end + TTL_AFTER_END));
            update.condition(self.is_mine().and(M::ENDS.gt(now.epoch_seconds()))).execute()
        };
        match persist(&self.db, renew).await {
            Ok(()) => {
                // Not if it was found lost meanwhile.
                self.until.send_if_modified(|until| until.as_mut().map(|until| *until = end).is_some());
                Ok(())
            }
            Err(error) if error.is_condition_failed() => {
                self.until.send_replace(None);
                Err(self.loss(Operation::UpdateItem, error))
            }
            Err(error) => Err(error),
        }
    }

    fn loss(&self, operation: Operation, cause: Error) -> Error {
        Error::new(ErrorKind::LeaseLost, "the lease has ended, or another holds it")
            .with_source(cause)
            .during(operation, self.db.table_of(M::SHAPE).ok())
    }
}
