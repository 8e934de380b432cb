//! BatchGetItem: any number of keys, in their order, and what is left unread.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{ErrorKind, Model, Project, Result, Timestamp, Ttl};
use futures_util::TryStreamExt;

matrix![
    items_come_in_the_order_asked_and_missing_ones_as_none,
    one_100_101_and_1000_items_are_read,
    an_empty_batch_asks_for_nothing,
    a_duplicate_key_is_asked_for_once_and_answered_each_time,
    a_projection_without_the_key_still_finds_its_items,
    unread_keys_are_asked_for_again_by_chance_of_any_seed,
    items_over_16_mb_together_are_read,
    what_is_never_read_is_in_the_error_with_all_that_was,
    a_consistent_batch_reads_the_last_write,
    expired_items_are_hidden_only_when_asked,
    a_stream_gives_all_in_order,
    a_table_that_does_not_exist_is_told,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "N#{nr}")]
struct Note {
    nr: u32,
    text: String,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct Name {
    name: String,
}

fn notes(count: u32) -> Vec<Note> {
    (0..count).map(|nr| Note { nr, text: format!("text {nr}") }).collect()
}

async fn items_come_in_the_order_asked_and_missing_ones_as_none(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2", "u3"]).await?;
    let found = db.batch_get(["u3", "u0", "u1", "u9", "u2"].map(User::key)).all().await?;
    assert_eq!(found, [Some(user("u3")), None, Some(user("u1")), None, Some(user("u2"))]);
    // Items that are at hand are keys as well.
    assert_eq!(db.batch_get(&[user("u2")]).all().await?, [Some(user("u2"))]);
    Ok(())
}

async fn one_100_101_and_1000_items_are_read(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    let notes = notes(1_000);
    db.batch_write().put_all(&notes).execute().await?;
    for (count, requests) in [(1, 1), (100, 1), (101, 2), (1_000, 10)] {
        let before = db.calls_of(Operation::BatchGetItem);
        let found = db.batch_get((0..count).rev().map(Note::key)).all().await?;
        assert_eq!(db.calls_of(Operation::BatchGetItem) - before, requests);
        let expected: Vec<_> = notes[..count as usize].iter().rev().cloned().map(Some).collect();
        assert_eq!(found, expected);
    }
    Ok(())
}

async fn an_empty_batch_asks_for_nothing(db: TestDb) -> Result<()> {
    assert_eq!(db.batch_get(Vec::<NoteKey>::new()).all().await?, []);
    assert_eq!(db.batch_get(Vec::<NoteKey>::new()).stream().try_collect::<Vec<_>>().await?, []);
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_duplicate_key_is_asked_for_once_and_answered_each_time(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let before = db.calls();
    let found = db.batch_get(["u1", "u2", "u1", "u2", "u1"].map(User::key)).all().await?;
    let ada = || Some(user("u1"));
    assert_eq!(found, [ada(), None, ada(), None, ada()]);
    // DynamoDB refuses a request that gives a key twice. Here even 300 of them are one request for one key.
    let found = db.batch_get((0..300).map(|_| User::key("u1"))).all().await?;
    assert!(found.len() == 300 && found.iter().all(Option::is_some));
    assert_eq!(db.calls() - before, 2);
    Ok(())
}

async fn a_projection_without_the_key_still_finds_its_items(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let names = db.batch_get(["u2", "u0", "u1"].map(User::key)).project::<Name>().all().await?;
    let name = |name: &str| Some(Name { name: name.to_owned() });
    assert_eq!(names, [name("User u2"), None, name("User u1")]);
    Ok(())
}

async fn unread_keys_are_asked_for_again_by_chance_of_any_seed(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    db.batch_write().put_all(&notes(250)).execute().await?;
    let expected: Vec<_> = notes(250).into_iter().map(Some).collect();
    for seed in 0..4 {
        let faulty = db.faulty(|faults| faults.seed(seed).unprocessed(0.5).throttle(0.1));
        assert_eq!(faulty.batch_get((0..250).map(Note::key)).all().await?, expected, "seed {seed}");
        let streamed = faulty.batch_get((0..250).map(Note::key)).stream();
        assert_eq!(streamed.try_collect::<Vec<_>>().await?, expected, "seed {seed}");
    }
    Ok(())
}

async fn items_over_16_mb_together_are_read(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    let large: Vec<Note> = (0..50).map(|nr| Note { nr, text: "x".repeat(390_000) }).collect();
    db.batch_write().put_all(&large).execute().await?;
    let before = db.calls();
    let found = db.batch_get((0..50).map(Note::key)).all().await?;
    assert!(found.iter().enumerate().all(|(nr, note)| note.as_ref() == Some(&large[nr])));
    // An answer holds 16 MB: the rest is left unread, and asked for again.
    assert_eq!(db.calls() - before, 2);
    Ok(())
}

async fn what_is_never_read_is_in_the_error_with_all_that_was(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    db.batch_write().put_all(&notes(150)).execute().await?;
    let faulty = db.faulty(|faults| {
        let faults = faults.on(Operation::BatchGetItem, 1, Fault::Unprocessed { keep: 30 });
        (2..50).fold(faults, |faults, nth| faults.on(Operation::BatchGetItem, nth, Fault::Throttled))
    });
    // Position 0 asks for what is not there.
    let keys = std::iter::once(999).chain(0..150).map(Note::key);
    let error = faulty.batch_get(keys).concurrency(1).all().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Throttled), "{error}");
    let left: Vec<usize> = error.unprocessed().iter().map(|key| key.operation).collect();
    assert_eq!(left, (30..151).collect::<Vec<_>>());
    assert!(error.unprocessed().iter().all(|key| key.table == db.table_name()));
    let read: Vec<(usize, Note)> = error.items()?;
    assert_eq!(read.len(), 29);
    assert!(read.iter().all(|(position, note)| note.nr as usize + 1 == *position));
    Ok(())
}

async fn a_consistent_batch_reads_the_last_write(db: TestDb) -> Result<()> {
    shop(&db).await?;
    for credits in 0..5 {
        let ada = User { credits, ..user("u1") };
        db.put(&ada).execute().await?;
        assert_eq!(db.batch_get([User::key("u1")]).consistent_read().all().await?, [Some(ada)]);
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "SESSION#{id}")]
struct Session {
    id: u32,
    name: String,
    #[dynamorm(ttl)]
    expires: Option<Ttl>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Session)]
struct SessionName {
    name: String,
}

async fn expired_items_are_hidden_only_when_asked(db: TestDb) -> Result<()> {
    db.create_table::<Session>().execute().await?;
    // In the year 2096, so that no sweep takes them.
    let at = |second: i64| Some(Ttl::at(Timestamp::from_epoch_seconds(4_000_000_000 + second)));
    let sessions = [(0, at(-1)), (1, at(0)), (2, at(1)), (3, None)];
    let sessions = sessions.map(|(id, expires)| Session { id, name: format!("s{id}"), expires });
    db.batch_write().put_all(&sessions).execute().await?;
    let db = dynamorm::Db::clone(&db).clock(|| Timestamp::from_epoch_seconds(4_000_000_000));
    let batch = || db.batch_get((0..4).map(Session::key));
    assert_eq!(batch().all().await?, sessions.clone().map(Some));
    let [.., third, fourth] = sessions.map(Some);
    assert_eq!(batch().live().all().await?, [None, None, third, fourth]);
    let name = |name: &str| Some(SessionName { name: name.to_owned() });
    assert_eq!(batch().project().live().all().await?, [None, None, name("s2"), name("s3")]);
    Ok(())
}

async fn a_stream_gives_all_in_order(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    db.batch_write().put_all(&notes(500)).execute().await?;
    let keys = (0..1_000).map(|n| Note::key(if n % 2 == 0 { n } else { n / 3 }));
    let streamed: Vec<Option<Note>> = db.batch_get(keys.clone()).stream().try_collect().await?;
    assert_eq!(streamed, db.batch_get(keys).all().await?);
    assert_eq!(streamed.iter().filter(|note| note.is_some()).count(), 250 + 500);
    Ok(())
}

async fn a_table_that_does_not_exist_is_told(db: TestDb) -> Result<()> {
    let error = db.batch_get([Note::key(1)]).all().await.unwrap_err();
    assert!(error.is_table_not_found(), "{error}");
    assert_eq!(error.unprocessed().len(), 1);
    Ok(())
}
