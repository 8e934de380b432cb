//! Contenders for one lease, whose clocks differ and who stop in between: whatever they do, what they write under its check is never
//! mixed.
//!
//! Time is simulated, so that hours pass in seconds; a seed decides all else. `DYNAMORM_TEST_SEEDS` says how many.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::transport::{Embedded, Faults};
use dynamorm::{Db, Lease, LeaseItem, Model, Result, Timestamp, Update};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const CONTENDERS: u64 = 8;
/// How long each run takes by its own clock.
const RUN: Duration = Duration::from_secs(300);

/// What was written, in its order: by whom, told by the token of his lease.
#[derive(Debug, Clone, Model)]
#[dynamorm(pk = "JOURNAL", sk = "JOURNAL")]
struct Journal {
    written_by: Vec<String>,
}

/// What happened in a run, so that one in which nothing did is seen.
#[derive(Debug, Default)]
struct Told {
    acquired: AtomicUsize,
    fenced_off: AtomicUsize,
    lost: AtomicUsize,
}

#[tokio::test(start_paused = true)]
async fn what_two_holders_write_under_a_lease_is_never_mixed() {
    let seeds = std::env::var("DYNAMORM_TEST_SEEDS").map_or(4, |seeds| seeds.parse().unwrap());
    let mut fenced_off = 0;
    let mut lost = 0;
    for seed in 0..seeds {
        let (journal, told) = run(seed).await.unwrap();
        assert!(journal.len() > 20, "seed {seed}: hardly anything was written");
        assert!(told.acquired.load(Ordering::Relaxed) > 10, "seed {seed}: hardly anybody had it");
        let mut blocks = journal.clone();
        blocks.dedup();
        let holders: HashSet<&String> = blocks.iter().collect();
        assert_eq!(
            blocks.len(),
            holders.len(),
            "seed {seed}: a holder wrote after another had taken the lease"
        );
        fenced_off += told.fenced_off.load(Ordering::Relaxed);
        lost += told.lost.load(Ordering::Relaxed);
    }
    assert!(fenced_off > 0 && lost > 0, "nobody was late: {fenced_off} writes, {lost} leases");
}

async fn run(seed: u64) -> Result<(Vec<String>, Arc<Told>)> {
    let faults =
        Faults::new(Embedded::memory()?).seed(seed).throttle(0.02).conflict(0.05).lost_response(0.05);
    let db = Db::with_transport(faults).table("app");
    persist(|| db.create_table::<(LeaseItem, Journal)>().if_not_exists().execute()).await;
    let told = Arc::new(Told::default());
    let began = Instant::now();
    let contenders = (0..CONTENDERS).map(|nth| {
        let db = db.clone().clock(skewed(began, seed * CONTENDERS + nth));
        tokio::spawn(contend(db, fastrand::Rng::with_seed(seed * 1_000 + nth), began, Arc::clone(&told)))
    });
    for contender in contenders.collect::<Vec<_>>() {
        contender.await.unwrap();
    }
    let journal = persist(|| db.get(Journal::key()).one()).await;
    Ok((journal.written_by, told))
}

/// A clock that is up to three seconds off, and goes up to five percent too fast or too slow.
fn skewed(began: Instant, seed: u64) -> impl Fn() -> Timestamp + Send + Sync {
    let mut chance = fastrand::Rng::with_seed(seed);
    let zero = Timestamp::from_epoch_seconds(1_790_000_000) + Duration::from_secs_f64(chance.f64() * 6.0);
    let speed = 0.95 + 0.1 * chance.f64();
    move || zero + began.elapsed().mul_f64(speed)
}

async fn contend(db: Db, mut chance: fastrand::Rng, began: Instant, told: Arc<Told>) {
    while began.elapsed() < RUN {
        let asked = db.lease("nightly").duration(Duration::from_secs(chance.u64(1..=5)));
        let asked = asked.wait(Duration::from_secs(chance.u64(0..=10)));
        let asked = if chance.bool() { asked } else { asked.no_renewal() };
        let Ok(lease) = asked.acquire().await else {
            sleep(Duration::from_millis(chance.u64(0..=500))).await;
            continue;
        };
        told.acquired.fetch_add(1, Ordering::Relaxed);
        hold(&db, &lease, &mut chance, &told).await;
        // Released, or left to end.
        if chance.u8(0..4) > 0 && lease.release().await.is_err_and(|error| error.is_lease_lost()) {
            told.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes under the lease, with pauses that may be longer than the lease, and without asking whether it is still held.
async fn hold(db: &Db, lease: &Lease, chance: &mut fastrand::Rng, told: &Told) {
    for _ in 0..chance.u8(1..=8) {
        let write = Update::new(Journal::key()).append(Journal::WRITTEN_BY, [lease.token()]);
        match db.transact_write().update(write).check(lease.check()).execute().await {
            Ok(()) => {}
            Err(error) if error.is_condition_failed() => {
                told.fenced_off.fetch_add(1, Ordering::Relaxed);
            }
            // Throttled, or without an answer: it was written or not, in its time.
            Err(_) => {}
        }
        let pause = if chance.u8(0..8) == 0 { chance.u64(0..=8_000) } else { chance.u64(0..=400) };
        sleep(Duration::from_millis(pause)).await;
    }
}

/// What must succeed, through faults.
async fn persist<T, F: Future<Output = Result<T>>>(request: impl Fn() -> F) -> T {
    for _ in 0..50 {
        if let Ok(value) = request().await {
            return value;
        }
    }
    panic!("it does not succeed");
}
