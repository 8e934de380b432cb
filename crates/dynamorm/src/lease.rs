//! [`Lease`]: a right that one holder has at a time, kept as an item with an end.
//!
//! Here: asking for one. In `holding`: having it. In `record`: the item. In `renewal`: putting its end off, in the background. Start
//! at [`Db::lease`].

mod holding;
mod record;
mod renewal;

pub use holding::Lease;
pub use record::{LeaseItem, LeaseModel, TenantLeaseItem};

use crate::error::ErrorKind;
use crate::limits::PARTITION_KEY_BYTES;
use crate::op::{Put, retried};
use crate::transport::{Operation, Request};
use crate::{Condition, Db, Error, Result, TenantDb, Timestamp};
use holding::Holding;
use record::TTL_AFTER_END;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long a lease lasts, unless it is said.
const DURATION: Duration = Duration::from_secs(30);
/// The shortest: the end is stored in whole seconds.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest pause before a lease that is held is asked for again: its holder may release it at any time.
const PATIENCE: Duration = Duration::from_secs(1);

impl Db {
    /// Asks for a lease: the right to do something that one process does at a time.
    ///
    /// ```
    /// use dynamorm::{Db, LeaseItem, Model, Result};
    /// use std::time::Duration;
    ///
    /// #[derive(Model)]
    /// #[dynamorm(pk = "REPORT#{day}", sk = "REPORT")]
    /// struct Report { day: String, total: i64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// let db = Db::memory()?.table("app");
    /// db.create_table::<(Report, LeaseItem)>().execute().await?;
    ///
    /// let lease = db.lease("nightly-report").duration(Duration::from_secs(60)).acquire().await?;
    /// let refused = db.lease("nightly-report").acquire().await;
    /// assert!(refused.is_err_and(|err| err.is_lease_held()));
    ///
    /// // Renewed in the background while the work goes on. Whoever lost it writes nothing:
    /// let report = Report { day: "2026-11-25".into(), total: 7 };
    /// db.transact_write().put(&report).check(lease.check()).execute().await?;
    ///
    /// lease.release().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The item is in the table of the `Db`, whose keys must be `pk` and `sk`: see [`LeaseItem`]. See also
    /// [`guide::leases`](crate::guide::leases).
    pub fn lease(&self, name: impl Into<String>) -> AcquireLease<'_> {
        AcquireLease::of(self, name.into())
    }
}

impl TenantDb {
    /// Asks for a lease of the tenant, as [`Db::lease`]: another tenant's lease of the same name is another one.
    pub fn lease(&self, name: impl Into<String>) -> AcquireLease<'_, TenantLeaseItem> {
        AcquireLease::of(self.inner(), name.into())
    }
}

/// Asks for a lease: [`Db::lease`] makes it.
///
/// Each try costs one write unit, whether the lease is had or not, and so does each renewal and the release. See [conditional
/// writes](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate).
#[must_use = "a lease is not held until it is acquired"]
pub struct AcquireLease<'db, M = LeaseItem> {
    db: &'db Db,
    name: String,
    duration: Duration,
    wait: Duration,
    renews: bool,
    of: PhantomData<fn() -> M>,
}

impl<'db, M: LeaseModel> AcquireLease<'db, M> {
    fn of(db: &'db Db, name: String) -> Self {
        Self { db, name, duration: DURATION, wait: Duration::ZERO, renews: true, of: PhantomData }
    }

    /// How long it lasts unless it is renewed: 30 seconds if this is not called, and at least one. If the holder dies, others wait
    /// that long.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Asks again for so long while another holds it: about once a second, and when its end has come.
    ///
    /// ```
    /// # use dynamorm::{Db, LeaseItem, Result};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.table("app");
    /// # db.create_table::<LeaseItem>().execute().await?;
    /// let first = db.lease("migration").acquire().await?;
    /// # let other = db.clone();
    /// let second = tokio::spawn(async move {
    ///     other.lease("migration").wait(Duration::from_secs(20)).acquire().await
    /// });
    /// first.release().await?;
    /// assert!(second.await.unwrap()?.is_held());
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(mut self, time: Duration) -> Self {
        self.wait = time;
        self
    }

    /// Leaves renewing to [`Lease::renew`]. Where a process sleeps between requests, as in Lambda, nothing is renewed in the
    /// background anyway.
    ///
    /// ```
    /// # use dynamorm::{Db, LeaseItem, Result};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?.table("app");
    /// # db.create_table::<LeaseItem>().execute().await?;
    /// let lease = db.lease("import").no_renewal().acquire().await?;
    /// for _chunk in 0..3 {
    ///     lease.renew().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn no_renewal(mut self) -> Self {
        self.renews = false;
        self
    }

    /// Shows the request of the first try, with a token that no other has.
    ///
    /// ```
    /// # use dynamorm::{Db, Result};
    /// # fn main() -> Result<()> {
    /// # let db = Db::memory()?.table("app");
    /// let request = db.lease("nightly-report").to_request()?;
    /// assert!(request.json().contains(r#""pk":{"S":"nightly-report"},"sk":{"S":"LOCK"}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) if the name is empty or too long, or the duration under a second.
    pub fn to_request(&self) -> Result<Request> {
        let table = self.db.table_during(Operation::PutItem, M::SHAPE)?;
        let item = self.end().and_then(|end| Ok(M::new(&self.name, self.db.new_token()?, end)));
        self.put(&item.map_err(|error| error.during(Operation::PutItem, Some(table)))?).to_request()
    }

    /// Takes the lease, if nobody has it.
    ///
    /// # Errors
    ///
    /// [`LeaseHeld`](ErrorKind::LeaseHeld) if another has it, and still had it after the time to [`wait`](AcquireLease::wait);
    /// [`InvalidRequest`](ErrorKind::InvalidRequest) if the name is empty or too long, the duration under a second, or there is no
    /// Tokio runtime to renew it on; and those of [`Put::execute`](crate::Put::execute).
    pub async fn acquire(self) -> Result<Lease<M>> {
        let table = self.db.table_during(Operation::PutItem, M::SHAPE)?;
        let invalid = |error: Error| error.during(Operation::PutItem, Some(table));
        if self.renews && tokio::runtime::Handle::try_current().is_err() {
            return Err(invalid(Error::invalid(
                "a lease is renewed on a Tokio runtime, and there is none: call `no_renewal`",
            )));
        }
        let deadline = Instant::now().checked_add(self.wait);
        let token = self.db.new_token().map_err(invalid)?;
        loop {
            let end = self.end().map_err(invalid)?;
            let item = M::new(&self.name, token.clone(), end);
            let sent = persist(self.db, || self.put(&item).execute()).await;
            let held = match sent {
                Ok(()) => return Ok(self.held(token, end)),
                Err(error) if error.is_condition_failed() => error,
                Err(error) => return Err(error),
            };
            // The item is gone since, or it is no lease, which is an error of its own.
            let stored: Option<M> = held.item().map_err(invalid)?;
            if stored.as_ref().is_some_and(|stored| stored.token() == token) {
                // This very request, sent twice since its first answer was lost.
                return Ok(self.held(token, end));
            }
            let left = stored.map_or(Duration::ZERO, |stored| until(stored.end(), self.db.now()));
            let pause = left.min(PATIENCE).mul_f64(fastrand::f64().mul_add(0.5, 0.75));
            let again = Instant::now().checked_add(pause);
            if !self.wait.is_zero()
                && deadline.is_none_or(|deadline| again.is_some_and(|again| again < deadline))
            {
                sleep(pause.max(Duration::from_millis(10))).await;
                continue;
            }
            let error = Error::new(ErrorKind::LeaseHeld, "another holds the lease").with_source(held);
            return Err(invalid(error));
        }
    }

    /// When it ends if it begins now: in whole seconds, rounded up, as it is stored.
    fn end(&self) -> Result<Timestamp> {
        let (bytes, limit) = (self.name.len(), PARTITION_KEY_BYTES);
        if bytes == 0 || bytes > limit {
            return Err(Error::invalid(format!(
                "the name of the lease has {} bytes, it takes 1 to {}",
                crate::limits::grouped(bytes),
                crate::limits::grouped(limit)
            )));
        }
        end_of(self.db.now(), self.duration)
    }

    fn put<'a>(&'a self, item: &M) -> Put<M, &'a Db> {
        let absent = Condition::about("attribute_not_exists", M::SHAPE.primary.partition_key().attribute);
        let free = absent.or(M::ENDS.le(self.db.now().epoch_seconds()));
        Put::with(item, self.db).condition(free).returning_old_on_failure()
    }

    fn held(self, token: String, end: Timestamp) -> Lease<M> {
        let holding = Holding {
            // It outlasts the request that asked for it.
            db: self.db.without_deadline(),
            name: self.name,
            token,
            duration: self.duration,
            until: watch::Sender::new(Some(end)),
            of: PhantomData,
        };
        Lease::new(holding, self.renews)
    }
}

/// What it asks for, without the name.
impl<M> fmt::Debug for AcquireLease<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireLease")
            .field("duration", &self.duration)
            .field("wait", &self.wait)
            .field("renews", &self.renews)
            .finish_non_exhaustive()
    }
}

/// When a lease ends that begins now: in whole seconds, rounded up, since that is what is stored.
fn end_of(now: Timestamp, duration: Duration) -> Result<Timestamp> {
    if duration < SHORTEST {
        return Err(Error::invalid("the duration of the lease is under a second"));
    }
    let end = now.checked_add(duration).filter(|end| end.checked_add(TTL_AFTER_END).is_some());
    let Some(end) = end else {
        return Err(Error::invalid("the duration of the lease goes beyond the year 9999"));
    };
    let whole = Timestamp::from_epoch_seconds(end.epoch_seconds());
    Ok(if whole < end { whole + Duration::from_secs(1) } else { whole })
}

/// How long it is until then.
fn until(end: Timestamp, now: Timestamp) -> Duration {
    let millis = end.epoch_millis().saturating_sub(now.epoch_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Sends a request again, a few times, that met another one on the same item, such as a transaction with a check of the lease.
async fn persist<F: Future<Output = Result<()>>>(db: &Db, request: impl Fn() -> F) -> Result<()> {
    retried(db, |error| error.is_conflict() || error.is_throttled(), request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::{SECRET, refused, shown};

    fn db() -> Db {
        let db = Db::memory().unwrap().table("app");
        db.clock(|| Timestamp::from_epoch_millis(1_790_000_000_250))
    }

    /// Without the token, which is another each time.
    fn shown_without_token(request: Result<Request>) -> String {
        let shown = shown(request);
        let at = shown.find(r#""lease_token":{"S":""#).unwrap() + 20;
        format!("{}…{}", &shown[..at], &shown[at + 32..])
    }

    #[test]
    fn an_acquisition_is_a_put_where_there_is_no_lease_or_one_that_has_ended() {
        insta::assert_snapshot!(shown_without_token(db().lease("nightly").to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"nightly"},"sk":{"S":"LOCK"},"lease_token":{"S":"…"},"lease_expires_at":{"N":"1790000031"},"ttl":{"N":"1790003631"}},
        "ConditionExpression":"attribute_not_exists(#n0) OR #n1 <= :v0",
        "ReturnValuesOnConditionCheckFailure":"ALL_OLD",
        "ExpressionAttributeNames":{"#n0":"pk","#n1":"lease_expires_at"},
        "ExpressionAttributeValues":{":v0":{"N":"1790000000"}}}
        "##);
        let db = db();
        let acme = db.tenant("acme");
        insta::assert_snapshot!(shown_without_token(acme.lease("a#b").duration(Duration::from_secs(60)).to_request()), @r##"
        {"TableName":"app",
        "Item":{"pk":{"S":"TENANT#acme#LEASE#a#b"},"sk":{"S":"LOCK"},"tenant":{"S":"acme"},"name":{"S":"a#b"},"lease_token":{"S":"…"},"lease_expires_at":{"N":"1790000061"},"ttl":{"N":"1790003661"}},
        "ConditionExpression":"attribute_not_exists(#n0) OR #n1 <= :v0",
        "ReturnValuesOnConditionCheckFailure":"ALL_OLD",
        "ExpressionAttributeNames":{"#n0":"pk","#n1":"lease_expires_at"},
        "ExpressionAttributeValues":{":v0":{"N":"1790000000"}}}
        "##);
    }

    #[test]
    fn a_lease_that_cannot_be_right_is_refused() {
        let db = db();
        let none = Db::memory().unwrap();
        insta::assert_snapshot!(refused(db.lease("").to_request()), @r#"PutItem on "app": the name of the lease has 0 bytes, it takes 1 to 2,048"#);
        insta::assert_snapshot!(refused(db.lease("x".repeat(2_049)).to_request()), @r#"PutItem on "app": the name of the lease has 2,049 bytes, it takes 1 to 2,048"#);
        insta::assert_snapshot!(refused(db.lease("x").duration(Duration::from_millis(999)).to_request()), @r#"PutItem on "app": the duration of the lease is under a second"#);
        insta::assert_snapshot!(refused(db.lease("x").duration(Duration::MAX).to_request()), @r#"PutItem on "app": the duration of the lease goes beyond the year 9999"#);
        insta::assert_snapshot!(refused(none.lease("x").to_request()), @r#"PutItem: `LeaseItem` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    }

    #[test]
    fn a_lease_that_is_renewed_needs_a_runtime() {
        let db = db();
        let mut acquiring = Box::pin(db.lease("x").acquire());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(refused) = acquiring.as_mut().poll(&mut context) else {
            panic!("it waits")
        };
        insta::assert_snapshot!(refused.unwrap_err(), @r#"PutItem on "app": a lease is renewed on a Tokio runtime, and there is none: call `no_renewal`"#);
    }

    #[tokio::test]
    async fn a_first_answer_that_was_lost_below_is_no_other_holder() {
        // The same request twice, as the official client sends it when the answer of the first is lost.
        let twice = crate::transport::Embedded::memory().unwrap();
        let db = Db::with_transport(Twice(std::sync::Arc::new(twice))).table("app");
        db.create_table::<LeaseItem>().execute().await.unwrap();
        let lease = db.lease("nightly").acquire().await.unwrap();
        assert!(lease.is_held());
        assert!(db.lease("nightly").acquire().await.unwrap_err().is_lease_held());
    }

    #[derive(Debug)]
    struct Twice(std::sync::Arc<dyn crate::transport::Transport>);

    impl crate::transport::Transport for Twice {
        fn call(&self, request: Request) -> crate::transport::Call<'_> {
            Box::pin(async move {
                if request.operation == Operation::PutItem {
                    let _ = self.0.call(request.clone()).await;
                }
                self.0.call(request).await
            })
        }
    }

    #[tokio::test]
    async fn no_value_is_shown() {
        let db = db();
        db.create_table::<LeaseItem>().execute().await.unwrap();
        let acquire = db.lease(SECRET);
        let shown = format!("{acquire:?}");
        let lease = acquire.acquire().await.unwrap();
        let held = db.lease(SECRET).acquire().await.unwrap_err();
        let shown = format!("{shown} {lease:?} {:?} {held} {held:?}", lease.check());
        assert!(!shown.contains(SECRET) && !shown.contains(lease.token()), "{shown}");
    }
}
