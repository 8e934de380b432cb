//! Following the stream of a table.

use crate::models::{User, user};
use crate::support::{TestDb, matrix};
use dynamorm::StreamViewType::NewAndOldImages;
use dynamorm::transport::Operation;
use dynamorm::{Change, Db, Error, Result, StreamCheckpoint, StreamConsumer, StreamRecord};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

matrix![
    changes_are_followed_as_they_happened,
    a_thousand_changes_come_in_order,
    a_consumer_goes_on_where_another_stopped,
    a_record_that_fails_is_given_again_before_those_behind_it,
    a_consumer_that_begins_at_the_latest_sees_nothing_older,
];

/// What a handler was given.
type Seen = Arc<Mutex<Vec<StreamRecord>>>;

async fn with_stream(db: &TestDb) -> Result<Db> {
    db.create_table::<User>().stream(NewAndOldImages).execute().await?;
    let db = Db::clone(db).rename_table("stream-checkpoints", format!("{}-checkpoints", db.table_name()));
    db.stream_consumer("", "test").create_table().await?;
    Ok(db)
}

fn consumer(db: &Db, test: &TestDb) -> StreamConsumer {
    db.stream_consumer(test.table_name(), "test").lease_duration(Duration::from_secs(1))
}

fn start(consumer: StreamConsumer, seen: &Seen) -> JoinHandle<Result<()>> {
    let seen = Arc::clone(seen);
    tokio::spawn(consumer.batches(move |records| {
        let count = records.len();
        seen.lock().unwrap().extend(records);
        std::future::ready(count)
    }))
}

async fn until(what: impl Fn() -> bool) {
    let patience = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), patience).await.expect("it does not come");
}

fn credits(record: &StreamRecord) -> i64 {
    match record.change::<User>().unwrap().unwrap() {
        Change::Inserted(user) | Change::Updated { new: user, .. } => user.credits,
        other => panic!("{other:?}"),
    }
}

async fn changes_are_followed_as_they_happened(test: TestDb) -> Result<()> {
    let db = with_stream(&test).await?;
    let seen = Seen::default();
    let running = start(consumer(&db, &test), &seen);
    let ada = user("u1");
    db.put(&ada).execute().await?;
    db.update(User::key("u1")).set(User::CREDITS, 99).execute().await?;
    db.delete(User::key("u1")).execute().await?;
    until(|| seen.lock().unwrap().len() == 3).await;
    running.abort();
    let seen = seen.lock().unwrap();
    let richer = User { credits: 99, ..ada.clone() };
    let changes: Vec<_> = seen.iter().map(|record| record.change::<User>().unwrap().unwrap()).collect();
    let expected = [
        Change::Inserted(ada.clone()),
        Change::Updated { old: ada, new: richer.clone() },
        Change::Removed(richer),
    ];
    assert_eq!(changes, expected);
    assert!(seen.iter().all(|record| !record.event_id().is_empty()));
    assert!(seen.is_sorted_by_key(StreamRecord::position));
    Ok(())
}

async fn a_thousand_changes_come_in_order(test: TestDb) -> Result<()> {
    let db = with_stream(&test).await?;
    let seen = Seen::default();
    for credits in 1..=1_000 {
        db.put(&User { credits, ..user(&format!("u{}", credits % 7)) }).execute().await?;
    }
    let running = start(consumer(&db, &test).limit(300), &seen);
    until(|| seen.lock().unwrap().len() >= 1_000).await;
    running.abort();
    let seen: Vec<i64> = seen.lock().unwrap().iter().map(credits).collect();
    assert_eq!(seen.len(), 1_000);
    for user in 0..7 {
        let of_user: Vec<_> = seen.iter().filter(|credits| *credits % 7 == user).collect();
        assert!(of_user.is_sorted(), "{of_user:?}");
    }
    Ok(())
}

async fn a_consumer_goes_on_where_another_stopped(test: TestDb) -> Result<()> {
    let db = with_stream(&test).await?;
    for credits in 1..=9 {
        db.put(&User { credits, ..user("u1") }).execute().await?;
    }
    // Five are handled, and then it stops.
    let (stop, told) = tokio::sync::oneshot::channel();
    let stop = Mutex::new(Some(stop));
    let first = consumer(&db, &test).limit(5).until(async { drop(told.await) });
    first
        .batches(move |records| {
            let _ = stop.lock().unwrap().take().map(|stop| stop.send(()));
            std::future::ready(records.len())
        })
        .await?;
    let checkpoints = db.scan::<StreamCheckpoint>().all().await?;
    assert!(checkpoints.iter().any(|checkpoint| checkpoint.sequence_number.is_some()), "{checkpoints:?}");
    let seen = Seen::default();
    let running = start(consumer(&db, &test), &seen);
    until(|| seen.lock().unwrap().len() == 4).await;
    running.abort();
    assert_eq!(seen.lock().unwrap().iter().map(credits).collect::<Vec<_>>(), [6, 7, 8, 9]);
    Ok(())
}

async fn a_record_that_fails_is_given_again_before_those_behind_it(test: TestDb) -> Result<()> {
    let db = with_stream(&test).await?;
    for credits in 1..=3 {
        db.put(&User { credits, ..user("u1") }).execute().await?;
    }
    let seen = Seen::default();
    let handler = Arc::clone(&seen);
    let running = tokio::spawn(consumer(&db, &test).each(move |record| {
        let seen = Arc::clone(&handler);
        async move {
            let is_second = credits(&record) == 2;
            let mut seen = seen.lock().unwrap();
            seen.push(record);
            match is_second && seen.len() < 4 {
                true => Err("not yet"),
                false => Ok(()),
            }
        }
    }));
    until(|| seen.lock().unwrap().len() == 5).await;
    running.abort();
    assert_eq!(seen.lock().unwrap().iter().map(credits).collect::<Vec<_>>(), [1, 2, 2, 2, 3]);
    Ok(())
}

async fn a_consumer_that_begins_at_the_latest_sees_nothing_older(test: TestDb) -> Result<()> {
    let db = with_stream(&test).await?;
    db.put(&User { credits: 1, ..user("u1") }).execute().await?;
    let (seen, before) = (Seen::default(), test.calls_of(Operation::GetRecords));
    let running = start(consumer(&db, &test).latest(), &seen);
    until(|| test.calls_of(Operation::GetRecords) > before + 1).await;
    db.put(&User { credits: 2, ..user("u1") }).execute().await?;
    until(|| !seen.lock().unwrap().is_empty()).await;
    running.abort();
    assert_eq!(seen.lock().unwrap().iter().map(credits).collect::<Vec<_>>(), [2]);
    Ok::<_, Error>(())
}
