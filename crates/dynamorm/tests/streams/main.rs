//! Following the stream of a table: every change, in order, whatever ends in the middle.
//!
//! `shards` makes several shards of the embedded engine's one. What needs only one runs on DynamoDB Local too: `tests/matrix/stream.rs`.

#![cfg(feature = "embedded")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

mod shards;

use dynamorm::StreamViewType::NewAndOldImages;
use dynamorm::transport::{Faults, Operation};
use dynamorm::{Change, Db, Error, LeaseItem, Model, Result, StreamCheckpoint, StreamConsumer, StreamRecord};
use shards::{Form, Shards};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "ITEM#{id}")]
struct Thing {
    id: u32,
    round: u32,
}

/// What handlers were given: the id and the round of each, and by which process.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Vec<Given>>>);

/// Which item, in which round, by whom.
type Given = (u32, u32, &'static str);

impl Seen {
    fn add(&self, record: &StreamRecord, who: &'static str) -> (u32, u32) {
        let Some(Change::Inserted(thing) | Change::Updated { new: thing, .. }) =
            record.change::<Thing>().unwrap()
        else {
            panic!("{record:?}")
        };
        self.0.lock().unwrap().push((thing.id, thing.round, who));
        (thing.id, thing.round)
    }

    fn all(&self) -> Vec<Given> {
        self.0.lock().unwrap().clone()
    }

    /// Which ones, each once.
    fn things(&self) -> BTreeSet<(u32, u32)> {
        self.all().into_iter().map(|(id, round, _)| (id, round)).collect()
    }

    /// By whom, since the nth.
    fn by(&self, since: usize) -> BTreeSet<&'static str> {
        self.all().into_iter().skip(since).map(|(_, _, who)| who).collect()
    }

    /// Asserts that of each item nothing came before what was written before it, but for what came again.
    fn assert_in_order(&self) {
        let mut last = BTreeMap::new();
        for (id, round, _) in self.all() {
            let before = last.entry(id).or_insert(0);
            assert!(round <= *before + 1, "of {id} came {round} after {before}");
            *before = round.max(*before);
        }
    }
}

async fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < PATIENCE, "it does not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn made(db: Db) -> Db {
    db.create_table::<Thing>().stream(NewAndOldImages).execute().await.unwrap();
    db.stream_consumer("app", "test").create_table().await.unwrap();
    db
}

/// The items of `ids` in `rounds`, one round after another.
async fn write(db: &Db, ids: std::ops::Range<u32>, rounds: std::ops::RangeInclusive<u32>) {
    for round in rounds {
        for id in ids.clone() {
            db.put(&Thing { id, round }).execute().await.unwrap();
        }
    }
}

fn written(ids: std::ops::Range<u32>, rounds: std::ops::RangeInclusive<u32>) -> BTreeSet<(u32, u32)> {
    rounds.flat_map(|round| ids.clone().map(move |id| (id, round))).collect()
}

fn consumer(db: &Db) -> StreamConsumer {
    db.stream_consumer("app", "test").lease_duration(Duration::from_secs(1))
}

/// Follows the stream, and remembers what it gives.
fn start(consumer: StreamConsumer, seen: &Seen, who: &'static str) -> JoinHandle<Result<()>> {
    let seen = seen.clone();
    tokio::spawn(consumer.each(move |record| {
        let seen = seen.clone();
        async move {
            seen.add(&record, who);
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok::<_, Error>(())
        }
    }))
}

#[tokio::test]
async fn a_thousand_writes_come_in_order_of_each_item_and_once_where_nothing_fails() {
    let db = made(Db::memory().unwrap()).await;
    write(&db, 0..20, 1..=50).await;
    let seen = Seen::default();
    let running = start(consumer(&db), &seen, "a");
    until(|| seen.all().len() >= 1_000).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(seen.all().len(), 1_000);
    assert_eq!(seen.things(), written(0..20, 1..=50));
    seen.assert_in_order();
    running.abort();
}

#[tokio::test]
async fn a_consumer_that_is_killed_in_the_middle_goes_on_without_loss() {
    let db = made(Db::memory().unwrap()).await;
    write(&db, 0..10, 1..=30).await;
    let seen = Seen::default();
    let slow = seen.clone();
    // It never comes to the end of what it read before it is killed.
    let first = tokio::spawn(consumer(&db).limit(20).each(move |record| {
        let slow = slow.clone();
        async move {
            slow.add(&record, "first");
            tokio::time::sleep(Duration::from_millis(5)).await;
            Ok::<_, Error>(())
        }
    }));
    until(|| seen.all().len() >= 50).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let killed_at = seen.all().len();
    assert!(killed_at < 300);
    let second = start(consumer(&db), &seen, "second");
    until(|| seen.things().len() == 300).await;
    second.abort();
    seen.assert_in_order();
    // What was checkpointed is not given again: a batch of 20 at most, and what the second one had.
    assert!(seen.all().len() <= 320, "{}", seen.all().len());
}

#[tokio::test]
async fn two_processes_share_the_shards_and_one_takes_over_from_a_dead_one() {
    let shards = Shards::new(Form::Roots(4));
    let db = made(Db::with_transport(shards.clone())).await;
    let seen = Seen::default();
    let a = start(consumer(&db), &seen, "a");
    write(&db, 0..20, 1..=1).await;
    until(|| seen.things().len() == 20).await;
    assert_eq!(seen.by(0), BTreeSet::from(["a"]));

    let b = start(consumer(&db), &seen, "b");
    let mut round = 1;
    // Each has some, and nothing is given twice while both are alive.
    loop {
        round += 1;
        let from = seen.all().len();
        write(&db, 0..20, round..=round).await;
        until(|| seen.things().len() == 20 * round as usize).await;
        if seen.by(from).len() == 2 {
            break;
        }
        assert!(round < 60, "b gets no shard");
    }
    a.abort();
    let _ = a.await;
    write(&db, 0..20, round + 1..=round + 1).await;
    until(|| seen.things().len() == 20 * (round as usize + 1)).await;
    seen.assert_in_order();
    assert!(!b.is_finished());
    b.abort();
}

#[tokio::test]
async fn a_record_that_fails_holds_its_own_shard_and_is_given_until_it_is_handled() {
    let shards = Shards::new(Form::Roots(2));
    let db = made(Db::with_transport(shards)).await;
    write(&db, 0..10, 1..=2).await;
    let seen = Seen::default();
    let broken = Arc::new(Mutex::new(true));
    let (handler, is_broken) = (seen.clone(), broken.clone());
    let running = tokio::spawn(consumer(&db).each(move |record| {
        let (seen, is_broken) = (handler.clone(), is_broken.clone());
        async move {
            let Some(Change::Inserted(thing) | Change::Updated { new: thing, .. }) =
                record.change::<Thing>()?
            else {
                return Ok(());
            };
            if thing.id == 3 && *is_broken.lock().unwrap() {
                return Err(Box::<dyn std::error::Error + Send + Sync>::from("broken"));
            }
            seen.add(&record, "a");
            Ok(())
        }
    }));
    // The other shard is read to its end, round 2 too; in this one nothing comes behind the failure.
    until(|| seen.all().iter().any(|(_, round, _)| *round == 2)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let held = 20 - seen.things().len();
    assert!((1..20).contains(&held), "{held}");
    *broken.lock().unwrap() = false;
    until(|| seen.things().len() == 20).await;
    seen.assert_in_order();
    assert_eq!(seen.all().len(), 20, "only what failed is given again");
    running.abort();
}

#[tokio::test]
async fn children_wait_for_their_parent() {
    let shards = Shards::new(Form::Roots(1));
    let db = made(Db::with_transport(shards.clone())).await;
    write(&db, 0..10, 1..=10).await;
    // The middle of what was written.
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let told = numbers.clone();
    let first = tokio::spawn(db.stream_consumer("app", "numbers").batches(move |records| {
        told.lock().unwrap().extend(records.iter().map(|record| record.sequence_number().to_owned()));
        std::future::ready(records.len())
    }));
    until(|| numbers.lock().unwrap().len() == 100).await;
    first.abort();
    let middle = numbers.lock().unwrap()[54].parse().unwrap();
    shards.reform(Form::Split(middle));

    let seen = Seen::default();
    let running = start(consumer(&db).limit(7), &seen, "a");
    until(|| seen.things().len() == 100).await;
    assert_eq!(seen.all().len(), 100);
    seen.assert_in_order();
    let asked: Vec<String> =
        shards.iterators().iter().map(|asked| asked["ShardId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(asked[asked.len() - 3], "p", "{asked:?}");
    running.abort();
    // Of the closed one it is kept that it is finished.
    let all = db.scan::<StreamCheckpoint>().all().await.unwrap();
    let finished: Vec<&str> =
        all.iter().filter(|found| found.is_finished).map(|found| found.shard.as_str()).collect();
    assert_eq!(finished, ["p"]);
}

#[tokio::test]
async fn expired_iterators_trimmed_records_and_throttles_do_not_end_it() {
    let shards = Shards::new(Form::Roots(1));
    let db = made(Db::with_transport(shards.clone())).await;
    let seen = Seen::default();
    let running = start(consumer(&db), &seen, "a");
    write(&db, 0..3, 1..=1).await;
    until(|| seen.things().len() == 3).await;

    shards.fail(Operation::GetRecords, "ProvisionedThroughputExceededException");
    shards.fail(Operation::GetRecords, "InternalServerError");
    shards.fail(Operation::GetRecords, "ExpiredIteratorException");
    write(&db, 0..3, 2..=2).await;
    until(|| seen.things().len() == 6).await;
    assert_eq!(seen.all().len(), 6, "behind what was handled");
    assert_eq!(shards.iterators().pop().unwrap()["ShardIteratorType"], "AFTER_SEQUENCE_NUMBER");

    // Reading goes on at the oldest: it says so, and gives again what is there.
    shards.fail(Operation::GetRecords, "TrimmedDataAccessException");
    write(&db, 0..3, 3..=3).await;
    until(|| seen.things().len() == 9).await;
    let last = shards.iterators().pop().unwrap();
    assert_eq!(last["ShardIteratorType"], "TRIM_HORIZON");
    running.abort();
}

#[tokio::test]
async fn the_latest_is_where_a_consumer_without_checkpoints_may_begin() {
    let shards = Shards::new(Form::Roots(1));
    let db = made(Db::with_transport(shards.clone())).await;
    write(&db, 0..5, 1..=1).await;
    let seen = Seen::default();
    let running = start(consumer(&db).latest(), &seen, "a");
    until(|| shards.reads() > 0).await;
    write(&db, 0..5, 2..=2).await;
    until(|| seen.all().len() == 5).await;
    assert_eq!(seen.things(), written(0..5, 2..=2));
    // What is handled is written down a little later.
    let began = Instant::now();
    while !db
        .scan::<StreamCheckpoint>()
        .all()
        .await
        .unwrap()
        .iter()
        .any(|shard| shard.sequence_number.is_some())
    {
        assert!(began.elapsed() < PATIENCE, "no checkpoint is written");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.abort();
    let _ = running.await;
    // From its checkpoint, not the newest.
    write(&db, 0..5, 3..=3).await;
    let running = start(consumer(&db).latest(), &seen, "b");
    until(|| seen.things() == written(0..5, 2..=3)).await;
    running.abort();
}

#[tokio::test]
async fn a_shard_that_is_gone_unread_lets_its_children_go_on() {
    let shards = Shards::new(Form::Split(0));
    let db = made(Db::with_transport(shards.clone())).await;
    let stream = db.describe_table::<Thing>().one().await.unwrap().stream.unwrap().arn;
    let checkpoint = StreamCheckpoint {
        stream: stream.clone(),
        consumer: "test".into(),
        shard: "older".into(),
        sequence_number: Some("100000000000000000001".into()),
        position: None,
        is_finished: false,
        is_from_latest: false,
        ttl: None,
    };
    db.put(&checkpoint).execute().await.unwrap();
    write(&db, 0..5, 1..=1).await;
    let seen = Seen::default();
    let running = start(consumer(&db), &seen, "a");
    until(|| seen.things().len() == 5).await;
    running.abort();
    let older = db.get(StreamCheckpoint::key(&stream, "test", "older")).one().await.unwrap();
    assert!(older.is_finished);
}

#[tokio::test]
async fn told_to_stop_it_finishes_a_record_writes_its_checkpoint_and_frees_its_shards() {
    let db = made(Db::memory().unwrap()).await;
    write(&db, 0..10, 1..=2).await;
    let seen = Seen::default();
    let (stop, told) = tokio::sync::oneshot::channel::<()>();
    let handler = seen.clone();
    let stop = Arc::new(Mutex::new(Some(stop)));
    // The third record has it stop, and is finished after that.
    let consumer = db.stream_consumer("app", "test").until(async { drop(told.await) });
    let running = consumer.each(move |record| {
        let (seen, stop) = (handler.clone(), stop.clone());
        async move {
            if seen.all().len() == 2 {
                stop.lock().unwrap().take().unwrap().send(()).unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            seen.add(&record, "a");
            Ok::<_, Error>(())
        }
    });
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    assert_eq!(seen.all().len(), 3);
    let checkpoints = db.scan::<StreamCheckpoint>().all().await.unwrap();
    let [StreamCheckpoint { stream, shard, sequence_number: Some(_), .. }] = checkpoints.as_slice() else {
        panic!("{checkpoints:?}")
    };
    let lease = LeaseItem::key(format!("SHARD#{stream}#{shard}#test"), "LOCK");
    let leases = db.clone().table("stream-checkpoints");
    assert!(leases.get(lease).optional().await.unwrap().is_none());
    // At once, though the lease was for 30 seconds.
    let again = start(db.stream_consumer("app", "test"), &seen, "b");
    until(|| seen.things().len() == 20).await;
    assert_eq!(seen.all().len(), 20);
    again.abort();
}

#[tokio::test]
async fn consumers_of_different_names_have_each_record() {
    let db = made(Db::memory().unwrap()).await;
    write(&db, 0..5, 1..=1).await;
    let (a, b) = (Seen::default(), Seen::default());
    let running =
        [start(db.stream_consumer("app", "a#b"), &a, "a"), start(db.stream_consumer("app", "a"), &b, "b")];
    until(|| a.things().len() == 5 && b.things().len() == 5).await;
    running.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn what_cannot_be_right_is_an_error_at_once() {
    let db = Db::memory().unwrap();
    db.create_table::<Thing>().execute().await.unwrap();
    let each = |consumer: StreamConsumer| consumer.batches(|records| std::future::ready(records.len()));
    let refused = async |consumer| each(consumer).await.unwrap_err().to_string();
    insta::assert_snapshot!(refused(db.stream_consumer("app", "x")).await, @r#"table "app" has no stream: make it by `create_table().stream(StreamViewType::NewAndOldImages)`"#);
    insta::assert_snapshot!(refused(db.stream_consumer("app", "")).await, @"the consumer of the stream has no name");
    insta::assert_snapshot!(refused(db.stream_consumer("app", "x").limit(1_001)).await, @"the limit is 1,001, GetRecords gives from 1 to 1,000 records");
    insta::assert_snapshot!(refused(db.stream_consumer("app", "x").lease_duration(Duration::ZERO)).await, @"the duration of the lease is under a second");
    assert!(each(db.stream_consumer("none", "x")).await.unwrap_err().is_table_not_found());
    db.create_table::<Thing>().stream(NewAndOldImages).if_not_exists().execute().await.unwrap();
    let error = each(db.stream_consumer("app", "x")).await.unwrap_err();
    assert_eq!((error.is_table_not_found(), error.table()), (true, Some("stream-checkpoints")));
}

#[tokio::test]
async fn a_stream_that_was_turned_off_and_on_is_followed_on() {
    // Not by the engine's one shard, which is the same for both: by what stands in the table of checkpoints.
    let shards = Shards::new(Form::Roots(1));
    let db = made(Db::with_transport(shards.clone())).await;
    let seen = Seen::default();
    let running = start(consumer(&db), &seen, "a");
    write(&db, 0..3, 1..=1).await;
    until(|| seen.things().len() == 3).await;
    shards.fail(Operation::DescribeStream, "ResourceNotFoundException");
    write(&db, 0..3, 2..=2).await;
    until(|| seen.things().len() == 6).await;
    assert!(!running.is_finished());
    running.abort();
}

#[tokio::test]
async fn whatever_fails_and_whoever_dies_every_change_comes_and_in_order() {
    const PROCESSES: [&str; 3] = ["a", "b", "c"];
    let seeds = std::env::var("DYNAMORM_TEST_SEEDS").map_or(1, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let mut chance = fastrand::Rng::with_seed(seed);
        let shards = Shards::new(Form::Roots(3));
        let db = made(Db::with_transport(shards.clone())).await;
        let faults = Faults::new(shards).seed(seed).throttle(0.1).unavailable(0.05).lost_response(0.05);
        let faulty = Db::with_transport(faults);
        let seen = Seen::default();
        let begin = |who| start(consumer(&faulty).limit(10), &seen, who);
        let mut running = PROCESSES.map(begin);
        let all = written(0..10, 1..=20);
        let began = Instant::now();
        let (mut round, mut deaths) = (0, 0);
        while seen.things() != all {
            assert!(began.elapsed() < 3 * PATIENCE, "seed {seed}: {} of {}", seen.things().len(), all.len());
            if round < 20 {
                round += 1;
                write(&db, 0..10, round..=round).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            if chance.u8(..8) == 0 {
                let nth = chance.usize(..3);
                running[nth].abort();
                running[nth] = begin(PROCESSES[nth]);
                deaths += 1;
            }
            assert!(running.iter().all(|running| !running.is_finished()), "one ended by itself");
        }
        seen.assert_in_order();
        running.iter().for_each(JoinHandle::abort);
        println!("seed {seed}: {} given of {}, {deaths} deaths", seen.all().len(), all.len());
    }
}
