//! Readers and writers through one database with a cache: no read that begins after a write has ended gives what was before it, and
//! none goes back behind what an earlier read gave.
//!
//! Each key holds a counter that its writer raises, by every operation that can. Requests take a random time before and after the
//! database carries them out, so that their answers overtake one another; time is simulated. `DYNAMORM_TEST_SEEDS` says how many runs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::transport::{Call, Embedded, Operation, Request, Transport};
use dynamorm::{Db, Meter, Model, Project, Put, Result, Update};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const KEYS: usize = 6;
const READERS: u64 = 12;
/// How long a run takes by its own clock.
const RUN: Duration = Duration::from_secs(20);

/// Counters, two in a partition.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "GROUP#{group}", sk = "COUNTER#{id}")]
struct Counter {
    group: u8,
    id: u8,
    n: u64,
    text: String,
}

#[derive(Debug, Project)]
#[dynamorm(of = Counter)]
struct N {
    n: u64,
}

fn counter(key: usize, n: u64) -> Counter {
    let (group, id) = place(key);
    Counter { group, id, n, text: "x".repeat(n as usize % 50) }
}

fn place(key: usize) -> (u8, u8) {
    ((key / 2) as u8, (key % 2) as u8)
}

/// Each request waits before it is carried out and after.
#[derive(Debug, Clone)]
struct Slow {
    below: Arc<Embedded>,
    chance: Arc<Mutex<fastrand::Rng>>,
}

impl Slow {
    async fn wait(&self) {
        let millis = self.chance.lock().unwrap().u64(0..=20);
        sleep(Duration::from_millis(millis)).await;
    }
}

impl Transport for Slow {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(async move {
            if request.operation == Operation::CreateTable {
                return self.below.call(request).await;
            }
            self.wait().await;
            let answer = self.below.call(request).await;
            self.wait().await;
            answer
        })
    }
}

/// What is known of one key.
#[derive(Debug, Default)]
struct Known {
    /// What a completed write wrote, or a completed read gave: no later read may give less.
    least: AtomicU64,
    /// What a write is under way with: no read may give more.
    most: AtomicU64,
}

#[tokio::test(start_paused = true)]
async fn no_read_after_a_write_gives_what_was_before_it() {
    let seeds = std::env::var("DYNAMORM_TEST_SEEDS").map_or(2, |seeds| seeds.parse().unwrap());
    let (mut hits, mut misses) = (0, 0);
    for seed in 0..seeds {
        let meter = Meter::default();
        run(seed, &meter).await.unwrap();
        hits += meter.usage().cache_hits;
        misses += meter.usage().cache_misses;
    }
    assert!(
        hits > 500 * seeds && misses > 100 * seeds,
        "hardly anything was cached: {hits} hits, {misses} misses"
    );
}

async fn run(seed: u64, meter: &Meter) -> Result<()> {
    let chance = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
    let db = Db::with_transport(Slow { below: Arc::new(Embedded::memory()?), chance }).cache(1 << 20);
    db.create_table::<Counter>().execute().await?;
    let db = db.metered(meter);
    let known: Arc<Vec<Known>> = Arc::new((0..KEYS).map(|_| Known::default()).collect());
    let began = Instant::now();
    let writers = (0..KEYS).map(|key| {
        let (db, known) = (db.clone(), Arc::clone(&known));
        tokio::spawn(async move { write(&db, key, &known[key], seed, began).await })
    });
    let readers = (0..READERS).map(|nth| {
        let (db, known) = (db.clone(), Arc::clone(&known));
        tokio::spawn(async move { read(&db, &known, seed * READERS + nth, began).await })
    });
    for task in writers.chain(readers).collect::<Vec<_>>() {
        task.await.unwrap()?;
    }
    Ok(())
}

/// Raises the counter, by one operation or another.
async fn write(db: &Db, key: usize, known: &Known, seed: u64, began: Instant) -> Result<()> {
    let mut chance = fastrand::Rng::with_seed(seed * 100 + key as u64);
    let (group, id) = place(key);
    let mut n = 0;
    while began.elapsed() < RUN {
        n += 1;
        known.most.store(n, Ordering::SeqCst);
        match chance.u8(0..6) {
            // A key may be absent for a while, which reads take for 0: then it goes on from there.
            0 if chance.u8(0..4) == 0 => {
                db.delete(Counter::key(group, id)).execute().await?;
                db.put(&counter(key, n)).if_not_exists().execute().await?;
            }
            0 | 1 => db.put(&counter(key, n)).execute().await?,
            2 => {
                db.update(Counter::key(group, id)).set(Counter::N, n).set(Counter::TEXT, "").execute().await?
            }
            3 => db.batch_write().put(&counter(key, n)).execute().await?,
            4 => db.transact_write().put(Put::new(&counter(key, n))).execute().await?,
            _ => {
                let update = Update::new(Counter::key(group, id)).set(Counter::N, n).set(Counter::TEXT, "");
                db.transact_write().update(update).execute().await?;
            }
        }
        known.least.fetch_max(n, Ordering::SeqCst);
        sleep(Duration::from_millis(chance.u64(0..=400))).await;
    }
    Ok(())
}

async fn read(db: &Db, known: &[Known], seed: u64, began: Instant) -> Result<()> {
    let mut chance = fastrand::Rng::with_seed(seed);
    while began.elapsed() < RUN {
        let key = chance.usize(0..KEYS);
        let (group, id) = place(key);
        let least = known[key].least.load(Ordering::SeqCst);
        let ttl =
            [Duration::ZERO, Duration::from_millis(5), Duration::from_secs(1), Duration::from_secs(3600)];
        let ttl = ttl[chance.usize(0..4)];
        let get = || db.get(Counter::key(group, id));
        let n = match chance.u8(0..5) {
            0 => get().cached(ttl).optional().await?.map(|counter| counter.n),
            1 => get().project::<N>().cached(ttl).cache_absent().optional().await?.map(|counter| counter.n),
            2 => get().consistent_read().optional().await?.map(|counter| counter.n),
            _ => {
                let query = db.query::<Counter>().key(Counter::PRIMARY_KEY.partition(group)).cached(ttl);
                let query = if chance.bool() { query.limit(1) } else { query };
                let counters = query.all().await?;
                counters.iter().find(|counter| counter.id == id).map(|counter| counter.n)
            }
        };
        // Absent between a delete and the put that follows: nothing is learnt of that.
        let Some(n) = n else { continue };
        assert!(n >= least, "key {key}: {n} was read after {least} was there");
        assert!(n <= known[key].most.load(Ordering::SeqCst), "key {key}: {n} was read before it was written");
        known[key].least.fetch_max(n, Ordering::SeqCst);
        sleep(Duration::from_millis(chance.u64(0..=10))).await;
    }
    Ok(())
}
