//! Partitions that are spread over shards, under load and by chance: what was written before a read began is read back, in order
//! and once, page by page, while writes go on; and a shard that is throttled slows only its part.
//!
//! `SHARDS_ITEMS=100000 cargo test -p dynamorm --test shards a_log_reads_back` makes the log long,
//! `SHARDS_READS=20000` the random reads many.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::transport::{Call, Embedded, Failure, Faults, Operation, Request, Transport};
use dynamorm::{Db, KeyCondition, Meter, Model, Result, StartKey, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "{at}#{id}", shards = 16)]
struct Entry {
    topic: String,
    at: Timestamp,
    id: String,
    writer: u32,
    text: String,
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn web() -> KeyCondition<Entry, (Timestamp, String)> {
    Entry::PRIMARY_KEY.partition("web")
}

fn entry(nth: u64, writer: u32) -> Entry {
    // Writers are close together, and not in order.
    let at = Timestamp::from_epoch_seconds(1_800_000_000) + Duration::from_millis(nth / 3);
    Entry { topic: "web".into(), at, id: format!("e{nth:09}"), writer, text: "x".repeat(80) }
}

/// True if each is before the next: in order, and none twice.
fn is_in_order(entries: &[Entry]) -> bool {
    entries.windows(2).all(|pair| (pair[0].at, &pair[0].id) < (pair[1].at, &pair[1].id))
}

async fn by_pages(db: &Db, size: usize) -> Result<Vec<Entry>> {
    let (mut entries, mut next): (_, Option<StartKey>) = (Vec::new(), None);
    loop {
        let page = db.query::<Entry>().key(web()).start_key(next).take(size).await?;
        assert!(page.items.len() == size || page.next.is_none());
        entries.extend(page.items);
        let Some(key) = page.next else { return Ok(entries) };
        next = Some(key.to_string().parse()?);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_reads_back_in_order_and_complete_while_writes_go_on() -> Result<()> {
    const WRITERS: u32 = 8;
    let items = number("SHARDS_ITEMS", 4_000) as u64;
    let db = Db::memory()?;
    db.create_table::<Entry>().execute().await?;
    let (next, done) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(BTreeSet::new())));
    let began = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (db, next, done) = (db.clone(), next.clone(), done.clone());
            tokio::spawn(async move {
                loop {
                    // Batches of 25, whose entries are those of no other writer.
                    let first = next.fetch_add(25, Ordering::Relaxed);
                    if first >= items {
                        return Ok::<(), dynamorm::Error>(());
                    }
                    let batch: Vec<Entry> =
                        (first..(first + 25).min(items)).map(|nth| entry(nth, writer)).collect();
                    db.batch_write().put_all(&batch).execute().await?;
                    done.lock().unwrap().extend(batch.into_iter().map(|entry| (entry.at, entry.id)));
                }
            })
        })
        .collect();
    let mut reads = 0;
    while writers.iter().any(|writer| !writer.is_finished()) || reads == 0 {
        let before = done.lock().unwrap().clone();
        let read = match reads % 3 {
            0 => by_pages(&db, 997).await?,
            1 => db.query::<Entry>().key(web()).all().await?,
            _ => {
                let mut entries = db.query::<Entry>().key(web()).descending().all().await?;
                entries.reverse();
                entries
            }
        };
        assert!(is_in_order(&read), "read {reads}");
        let read: BTreeSet<_> = read.into_iter().map(|entry| (entry.at, entry.id)).collect();
        let lost = before.difference(&read).count();
        assert_eq!(lost, 0, "read {reads}, of {} that were there", before.len());
        reads += 1;
    }
    for writer in writers {
        writer.await.unwrap()?;
    }
    let written = began.elapsed();
    let expected: Vec<String> = (0..items).map(|nth| format!("e{nth:09}")).collect();
    let began = Instant::now();
    let meter = Meter::default();
    let metered = db.metered(&meter);
    let read = metered.query::<Entry>().key(web()).all().await?;
    let all = began.elapsed();
    assert_eq!(read.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(read.iter().map(|entry| entry.writer).collect::<BTreeSet<_>>().len(), WRITERS as usize);
    let began = Instant::now();
    assert_eq!(by_pages(&metered, 1_000).await?.len() as u64, items);
    let pages = began.elapsed();
    assert_eq!(metered.query::<Entry>().key(web()).count().await?, items);
    println!(
        "{items} items: written in {written:.1?} beside {reads} reads, read back in {all:.1?}, in pages of 1,000 in {pages:.1?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn shards_are_asked_at_once_and_ahead_of_need() -> Result<()> {
    let faults = Faults::new(Embedded::memory()?);
    let db = Db::with_transport(faults.clone());
    db.create_table::<Entry>().execute().await?;
    let entries: Vec<Entry> = (0..2_000).map(|nth| entry(nth, 0)).collect();
    db.batch_write().put_all(&entries).execute().await?;
    // Each shard has about 125 items, so five or six pages.
    let _ = faults.small_pages(25).latency(Duration::from_secs(1));
    let began = tokio::time::Instant::now();
    assert_eq!(db.query::<Entry>().key(web()).all().await?, entries);
    let seconds = began.elapsed().as_secs();
    assert!((5..16).contains(&seconds), "{seconds} requests one after the other");
    let began = tokio::time::Instant::now();
    assert_eq!(db.query::<Entry>().key(web()).count().await?, 2_000);
    assert!(began.elapsed().as_secs() < 9);
    Ok(())
}

/// Throttles some requests about one shard, and counts those about each.
#[derive(Debug, Clone)]
struct Throttle {
    below: Arc<dyn Transport>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    shard: &'static str,
    /// Refusals that are left.
    left: usize,
    asked: BTreeMap<String, usize>,
}

impl Throttle {
    fn refuse(&self, shard: &'static str, times: usize) {
        *self.state.lock().unwrap() = State { shard, left: times, asked: BTreeMap::new() };
    }

    fn asked(&self) -> BTreeMap<String, usize> {
        self.state.lock().unwrap().asked.clone()
    }
}

impl Transport for Throttle {
    fn call(&self, request: Request) -> Call<'_> {
        let text = request.json().to_owned();
        let mut state = self.state.lock().unwrap();
        let mut is_refused = false;
        for shard in (0..16).map(|shard| format!("LOG#web#{shard:03}")) {
            if text.contains(&shard) {
                is_refused |= shard == state.shard && state.left > 0;
                *state.asked.entry(shard).or_default() += 1;
            }
        }
        if is_refused {
            state.left -= 1;
            return Box::pin(async {
                // What `Faults` says of a throttled call.
                let faults = Faults::new(Embedded::memory().unwrap()).throttle(1.0);
                let body = r#"{"TableName":"log"}"#.as_bytes().to_vec().into();
                let refused = Request { operation: Operation::Query, tables: vec!["log".into()], body };
                let answer: Result<_, Failure> = faults.call(refused).await;
                answer
            });
        }
        drop(state);
        self.below.call(request)
    }
}

#[tokio::test]
async fn a_throttled_shard_slows_only_its_part() -> Result<()> {
    let throttle = Throttle { below: Arc::new(Embedded::memory()?), state: Arc::default() };
    let db = Db::with_transport(throttle.clone());
    db.create_table::<Entry>().execute().await?;
    let entries: Vec<Entry> = (0..400).map(|nth| entry(nth, 0)).collect();
    db.batch_write().put_all(&entries).execute().await?;

    // Reads: it alone is asked again, and nothing is missing.
    throttle.refuse("LOG#web#005", 3);
    let meter = Meter::default();
    assert_eq!(db.metered(&meter).query::<Entry>().key(web()).all().await?, entries);
    let asked = throttle.asked();
    assert_eq!(asked.len(), 16);
    for (shard, asked) in asked {
        assert_eq!(asked, if shard == "LOG#web#005" { 4 } else { 1 }, "{shard}");
    }
    assert_eq!(meter.usage().retries, 3);

    // One that stays so is an error, and not a part of the log.
    throttle.refuse("LOG#web#005", usize::MAX);
    tokio::time::pause();
    assert!(db.query::<Entry>().key(web()).all().await.unwrap_err().is_throttled());
    tokio::time::resume();

    // Reads by key and writes of the others go through meanwhile, each with one request.
    let (mut refused, mut written) = (0, 0);
    for (nth, entry) in entries.iter().enumerate() {
        let again = Entry { text: "again".into(), ..entry.clone() };
        match db.put(&again).execute().await {
            Ok(()) => {
                written += 1;
                assert_eq!(db.get(entry).one().await?.text, "again");
            }
            Err(error) => {
                assert!(error.is_throttled(), "{nth}: {error}");
                refused += 1;
            }
        }
    }
    assert_eq!(refused + written, 400);
    assert!((1..60).contains(&refused), "{refused}");
    throttle.refuse("", 0);
    let again = db.query::<Entry>().key(web()).all().await?;
    assert_eq!(again.iter().filter(|entry| entry.text == "again").count(), written);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "two", pk = "P#{part}", sk = "N#{n}", shards = 2)]
struct Two {
    part: u8,
    n: u16,
    even: bool,
}

/// It grows in the middle of what is written.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "grown", pk = "P#{part}", sk = "N#{n}", shards = 3, shards_from("N#00150", 7))]
#[dynamorm(shards_from("N#00300", 12))]
struct Grown {
    part: u8,
    n: u16,
    even: bool,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "numbers", pk = "P#{part}", sk = n, shards = 5, shards_from(99, 8), shards_from(200, 11))]
struct Numbers {
    part: u8,
    n: u16,
    even: bool,
}

async fn insist<T>(mut call: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    loop {
        match call().await {
            Err(error) if error.is_invalid_request() => return Err(error),
            Err(_) => {}
            Ok(done) => return Ok(done),
        }
    }
}

macro_rules! random_reads {
    ($name:ident, $model:ident, $seed:literal) => {
        /// Every read, through faults and pages of any size, gives what a map holds.
        #[tokio::test(start_paused = true)]
        async fn $name() -> Result<()> {
            let faults = Faults::new(Embedded::memory()?).seed($seed).throttle(0.01).lost_response(0.01);
            let db = Db::with_transport(faults.clone().small_pages(9));
            insist(async || db.create_table::<$model>().execute().await).await?;
            let mut random = fastrand::Rng::with_seed($seed);
            let mut held: BTreeMap<(u8, u16), $model> = BTreeMap::new();
            for round in 0..number("SHARDS_READS", 600) {
                let (part, n) = (random.u8(0..2), random.u16(0..400));
                match random.u8(0..10) {
                    0..6 => {
                        let item = $model { part, n, even: random.bool() };
                        insist(async || db.put(&item).execute().await).await?;
                        held.insert((part, n), item);
                    }
                    6..8 => {
                        insist(async || db.delete($model::key(part, n)).execute().await).await?;
                        held.remove(&(part, n));
                        let read = insist(async || db.get($model::key(part, n)).optional().await).await?;
                        assert_eq!(read, None);
                    }
                    _ => {
                        let (low, high) = (n, n.saturating_add(random.u16(0..400)));
                        let (is_range, descending, filtered, terminal) =
                            (random.bool(), random.bool(), random.bool(), random.u8(0..4));
                        let size = random.usize(1..30);
                        let query = || {
                            let key = $model::PRIMARY_KEY.partition(part);
                            let key = if is_range { key.between(low, high) } else { key };
                            let query = db.query::<$model>().key(key);
                            let query = if descending { query.descending() } else { query };
                            if filtered { query.filter($model::EVEN.eq(true)) } else { query }
                        };
                        let mut expected: Vec<$model> = held
                            .range((part, 0)..=(part, u16::MAX))
                            .filter(|((_, n), _)| !is_range || (low..=high).contains(n))
                            .filter(|(_, item)| !filtered || item.even)
                            .map(|(_, item)| item.clone())
                            .collect();
                        if descending {
                            expected.reverse();
                        }
                        let read = match terminal {
                            0 => insist(async || query().all().await).await?,
                            1 => {
                                let count = insist(async || query().count().await).await?;
                                assert_eq!(count, expected.len() as u64, "{round}");
                                continue;
                            }
                            _ => {
                                let (mut read, mut next): (_, Option<StartKey>) = (Vec::new(), None);
                                loop {
                                    let page = insist(async || match terminal {
                                        2 => query().start_key(next.clone()).take(size).await,
                                        _ => query().start_key(next.clone()).limit(size as u32).page().await,
                                    })
                                    .await?;
                                    assert!(page.items.len() <= size);
                                    let is_full = page.items.len() == size || page.next.is_none();
                                    assert!(is_full || (filtered && terminal == 3), "{round}");
                                    read.extend(page.items);
                                    let Some(key) = page.next else { break };
                                    next = Some(key.to_string().parse()?);
                                }
                                read
                            }
                        };
                        assert_eq!(read, expected, "{round}");
                    }
                }
            }
            assert!(!faults.injected().is_empty());
            Ok(())
        }
    };
}

random_reads!(random_reads_of_two_shards, Two, 1);
random_reads!(random_reads_of_shards_that_grow, Grown, 2);
random_reads!(random_reads_of_shards_by_number, Numbers, 3);
