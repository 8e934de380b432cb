//! A right that one holder has at a time: taken, renewed, released, ended, and checked in transactions.

use crate::support::{TestDb, matrix};
use dynamorm::{Db, LeaseItem, Model, Result, TenantLeaseItem, Timestamp, Update};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

matrix![
    one_holds_a_lease_and_another_is_refused_until_it_is_released,
    a_lease_that_ended_is_taken_and_its_holder_finds_out,
    a_renewed_lease_is_not_taken,
    whoever_lost_a_lease_writes_nothing_under_its_check,
    a_lease_renews_itself_while_it_is_held,
    the_item_is_in_the_originals_format,
    an_item_that_is_no_lease_is_an_error_and_stays,
    tenants_have_leases_of_their_own,
];

/// Something to write under a lease.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "REPORT#{id}", sk = "REPORT")]
struct Report {
    id: String,
    runs: i64,
}

/// The same of a tenant.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TENANT#{tenant}#REPORT#{id}", sk = "REPORT")]
struct TenantReport {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
}

/// A clock that a test sets, in seconds since 1970.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn starting(db: &Db) -> (Self, Db) {
        let clock = Self(Arc::new(AtomicI64::new(Timestamp::now().epoch_seconds())));
        let told = clock.clone();
        let db = db.clone().clock(move || Timestamp::from_epoch_seconds(told.0.load(Ordering::SeqCst)));
        (clock, db)
    }

    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

async fn table(db: &TestDb) -> Result<()> {
    db.create_table::<(LeaseItem, Report, TenantLeaseItem, TenantReport)>().execute().await
}

const MINUTE: Duration = Duration::from_secs(60);

async fn one_holds_a_lease_and_another_is_refused_until_it_is_released(db: TestDb) -> Result<()> {
    table(&db).await?;
    let lease = db.lease("nightly").acquire().await?;
    assert!(lease.is_held());
    let refused = db.lease("nightly").acquire().await.unwrap_err();
    assert!(refused.is_lease_held() && !refused.is_condition_failed(), "{refused}");
    assert_eq!(refused.operation(), Some("PutItem"));
    let other = db.lease("weekly").acquire().await?;
    lease.release().await?;
    let again = db.lease("nightly").acquire().await?;
    assert_ne!(again.token(), other.token());
    again.release().await?;
    other.release().await
}

async fn a_lease_that_ended_is_taken_and_its_holder_finds_out(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (clock, db) = Clock::starting(&db);
    let lease = || db.lease("nightly").duration(MINUTE).no_renewal();
    let first = lease().acquire().await?;
    clock.pass(59);
    assert!(first.is_held());
    assert!(lease().acquire().await.unwrap_err().is_lease_held());
    clock.pass(1);
    assert!(!first.is_held());
    assert!(first.renew().await.unwrap_err().is_lease_lost(), "it has ended, even if nobody has taken it");
    let second = lease().acquire().await?;
    assert!(first.renew().await.unwrap_err().is_lease_lost());
    let lost = first.release().await.unwrap_err();
    assert_eq!((lost.is_lease_lost(), lost.operation()), (true, Some("DeleteItem")));
    assert!(second.is_held());
    second.release().await
}

async fn a_renewed_lease_is_not_taken(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (clock, db) = Clock::starting(&db);
    let lease = db.lease("nightly").duration(MINUTE).no_renewal().acquire().await?;
    for _ in 0..3 {
        clock.pass(50);
        lease.renew().await?;
        assert!(db.lease("nightly").acquire().await.unwrap_err().is_lease_held());
    }
    assert!(lease.is_held());
    lease.release().await
}

async fn whoever_lost_a_lease_writes_nothing_under_its_check(db: TestDb) -> Result<()> {
    table(&db).await?;
    db.put(&Report { id: "r1".into(), runs: 0 }).execute().await?;
    let (clock, db) = Clock::starting(&db);
    let lease = || db.lease("nightly").duration(MINUTE).no_renewal();
    let run = || Update::new(Report::key("r1")).add(Report::RUNS, 1);
    let first = lease().acquire().await?;
    db.transact_write().update(run()).check(first.check()).execute().await?;
    clock.pass(61);
    // Nobody has taken it: what it writes is still alone.
    db.transact_write().update(run()).check(first.check()).execute().await?;
    let second = lease().acquire().await?;
    let late = db.transact_write().update(run()).check(first.check()).execute().await.unwrap_err();
    assert!(late.is_condition_failed());
    assert_eq!(late.cancellations()[0].operation, 1);
    db.transact_write().update(run()).check(second.check()).execute().await?;
    second.release().await?;
    let late = db.transact_write().update(run()).check(first.check()).execute().await.unwrap_err();
    assert!(late.is_condition_failed(), "nobody holds it now");
    assert_eq!(db.get(Report::key("r1")).one().await?.runs, 3);
    Ok(())
}

async fn a_lease_renews_itself_while_it_is_held(db: TestDb) -> Result<()> {
    table(&db).await?;
    let lease = db.lease("nightly").duration(Duration::from_secs(1)).acquire().await?;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(lease.is_held());
    assert!(db.lease("nightly").acquire().await.unwrap_err().is_lease_held());
    let token = lease.token().to_owned();
    // Taken away: the next renewal finds it.
    let take = db.update(LeaseItem::key("nightly", "LOCK")).set(LeaseItem::LEASE_TOKEN, "another's");
    take.condition(LeaseItem::LEASE_TOKEN.eq(token.as_str())).execute().await?;
    tokio::time::timeout(Duration::from_secs(5), lease.lost()).await.expect("it is told");
    assert!(!lease.is_held());
    // A lease that is dropped ends by itself.
    let waits = db.lease("nightly").wait(Duration::from_secs(10)).no_renewal().acquire().await?;
    waits.release().await
}

async fn the_item_is_in_the_originals_format(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (clock, db) = Clock::starting(&db);
    let now = clock.0.load(Ordering::SeqCst);
    let lease = db.lease("nightly").duration(MINUTE).no_renewal().acquire().await?;
    let stored = db.get(LeaseItem::key("nightly", "LOCK")).one().await?;
    assert_eq!((stored.pk.as_str(), stored.sk.as_str()), ("nightly", "LOCK"));
    assert_eq!((stored.lease_token.as_str(), stored.lease_expires_at), (lease.token(), now + 60));
    assert_eq!(stored.ttl.time().epoch_seconds(), now + 60 + 3_600);
    clock.pass(30);
    lease.renew().await?;
    let renewed = db.get(LeaseItem::key("nightly", "LOCK")).one().await?;
    assert_eq!(renewed.lease_expires_at, now + 90);
    assert_eq!(renewed.ttl.time().epoch_seconds(), now + 90 + 3_600);
    lease.release().await?;
    assert_eq!(db.get(LeaseItem::key("nightly", "LOCK")).optional().await?, None);
    Ok(())
}

async fn an_item_that_is_no_lease_is_an_error_and_stays(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Other {
        #[dynamorm(pk)]
        pk: String,
        #[dynamorm(sk)]
        sk: String,
        text: String,
    }

    table(&db).await?;
    let other = Other { pk: "nightly".into(), sk: "LOCK".into(), text: "mine".into() };
    db.put(&other).execute().await?;
    let refused = db.lease("nightly").wait(MINUTE).acquire().await.unwrap_err();
    assert!(!refused.is_lease_held());
    assert!(refused.to_string().contains("lease_token"), "{refused}");
    assert_eq!(db.get(&other).one().await?, other);
    Ok(())
}

async fn tenants_have_leases_of_their_own(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    let lease = acme.lease("nightly").acquire().await?;
    assert!(acme.lease("nightly").acquire().await.unwrap_err().is_lease_held());
    let anothers = umbrella.lease("nightly").acquire().await?;
    let everybodys = db.lease("nightly").acquire().await?;
    let report = TenantReport { tenant: String::new(), id: "r1".into() };
    acme.transact_write().put(&report).check(lease.check()).execute().await?;
    // In another tenant's transaction the check is of that tenant's lease, whose token is another.
    let forged = umbrella.transact_write().put(&report).check(lease.check()).execute().await;
    assert!(forged.unwrap_err().is_condition_failed());
    let stored = acme.get(TenantLeaseItem::key("nightly")).one().await?;
    assert_eq!((stored.tenant.as_str(), stored.lease_token.as_str()), ("acme", lease.token()));
    everybodys.release().await?;
    anothers.release().await?;
    lease.release().await
}
