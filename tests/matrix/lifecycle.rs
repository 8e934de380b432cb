//! What the library keeps by itself: version, times and time to live, on every write, by an injected clock.

use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{Db, Delete, Item, Model, Put, Result, Timestamp, Ttl, Update};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

matrix![
    a_put_starts_the_version_and_the_times,
    a_put_raises_the_version_and_keeps_the_creation,
    a_put_of_an_old_version_is_refused,
    a_put_of_version_0_never_replaces_an_item,
    an_update_by_key_raises_the_version_unchecked,
    an_update_of_an_item_checks_its_version,
    an_update_of_an_item_of_version_0_is_never_unchecked,
    a_delete_of_an_item_checks_its_version,
    a_delete_of_an_item_of_version_0_is_never_unchecked,
    an_item_from_before_there_were_versions_can_be_put_and_updated,
    an_update_that_makes_an_item_sets_what_the_library_keeps,
    the_version_and_the_times_are_kept_in_transactions_too,
    a_version_conflict_cancels_a_transaction,
    a_time_to_live_of_ones_own_is_kept,
    a_time_to_live_can_be_set_by_an_update,
    a_creation_of_ones_own_is_kept,
    a_time_to_live_is_a_span_from_the_write,
    an_item_whose_time_to_live_is_removed_never_expires,
    an_update_keeps_the_creation_of_the_item_that_it_finds,
    a_versioned_model_is_updated_alone_and_in_a_transaction,
    a_delete_in_a_transaction_checks_the_version,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}")]
struct Doc {
    id: String,
    text: String,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(created_at)]
    created: Timestamp,
    #[dynamorm(updated_at)]
    updated: Option<Timestamp>,
    #[dynamorm(ttl = "30d")]
    expires: Option<Ttl>,
}

const MONTH: i64 = 30 * 24 * 60 * 60;

fn new(id: &str) -> Doc {
    Doc {
        id: id.to_owned(),
        text: String::new(),
        version: 0,
        created: Timestamp::default(),
        updated: None,
        expires: None,
    }
}

/// The document as it is stored, `version` writes after the first, created and updated at these seconds.
fn stored(id: &str, version: u64, created: i64, updated: i64) -> Doc {
    Doc {
        version,
        created: Timestamp::from_epoch_seconds(created),
        updated: Some(Timestamp::from_epoch_seconds(updated)),
        expires: Some(Ttl::at(Timestamp::from_epoch_seconds(updated + MONTH))),
        ..new(id)
    }
}

/// Seconds since 1970, moved by hand. In the future, so that no item is past its time to live.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

const START: i64 = 4_000_000_000;

impl Clock {
    fn set(&self, second: i64) {
        self.0.store(second, Ordering::SeqCst);
    }
}

/// The table of documents, and a clock that stands at `START`.
async fn clocked(db: &TestDb) -> Result<(Db, Clock)> {
    db.create_table::<Doc>().execute().await?;
    let clock = Clock(Arc::new(AtomicI64::new(START)));
    let reads = clock.clone();
    let clocked = Db::clone(db).clock(move || Timestamp::from_epoch_seconds(reads.0.load(Ordering::SeqCst)));
    Ok((clocked, clock))
}

async fn a_put_starts_the_version_and_the_times(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let expected = stored("d", 1, START, START);
    assert_eq!(db.put(&new("d")).returning_new().await?, expected);
    assert_eq!(db.get(Doc::key("d")).one().await?, expected);
    Ok(())
}

async fn a_put_raises_the_version_and_keeps_the_creation(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    let first = db.put(&new("d")).returning_new().await?;
    clock.set(START + 5);
    // An item that was read has a time to live, and a put keeps it.
    db.put(&Doc { expires: None, ..first }).execute().await?;
    assert_eq!(db.get(Doc::key("d")).one().await?, stored("d", 2, START, START + 5));
    Ok(())
}

async fn a_put_of_an_old_version_is_refused(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let first = db.put(&new("d")).returning_new().await?;
    let second = db.put(&Doc { text: "mine".to_owned(), ..first.clone() }).returning_new().await?;
    let late = db.put(&Doc { text: "theirs".to_owned(), ..first }).returning_old_on_failure().execute().await;
    let error = late.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    assert_eq!(error.item::<Doc>()?, Some(second.clone()));
    assert_eq!(db.get(Doc::key("d")).one().await?, second);
    Ok(())
}

async fn a_put_of_version_0_never_replaces_an_item(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    db.put(&new("d")).execute().await?;
    for put in [db.put(&new("d")), db.put(&new("d")).condition(Doc::TEXT.eq(""))] {
        assert!(put.execute().await.unwrap_err().is_condition_failed());
    }
    assert_eq!(db.get(Doc::key("d")).one().await?.version, 1);
    Ok(())
}

async fn an_update_by_key_raises_the_version_unchecked(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    db.put(&new("d")).execute().await?;
    clock.set(START + 5);
    let updated = db.update(Doc::key("d")).set(Doc::TEXT, "x").returning_new().await?;
    assert_eq!(updated, Doc { text: "x".to_owned(), ..stored("d", 2, START, START + 5) });
    Ok(())
}

async fn an_update_of_an_item_checks_its_version(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    let first = db.put(&new("d")).returning_new().await?;
    clock.set(START + 5);
    let second = db.update(&first).set(Doc::TEXT, "x").returning_new().await?;
    assert_eq!(second, Doc { text: "x".to_owned(), ..stored("d", 2, START, START + 5) });
    let late = db.update(&first).set(Doc::TEXT, "y").execute().await;
    assert!(late.unwrap_err().is_condition_failed());
    db.update(&second).set(Doc::TEXT, "z").execute().await?;
    assert_eq!(db.get(Doc::key("d")).one().await?.version, 3);
    // An item that is gone is not made again.
    db.delete(Doc::key("d")).execute().await?;
    assert!(db.update(&second).set(Doc::TEXT, "z").execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Doc::key("d")).optional().await?, None);
    Ok(())
}

async fn an_update_of_an_item_of_version_0_is_never_unchecked(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    assert!(db.update(&new("d")).set(Doc::TEXT, "x").execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Doc::key("d")).optional().await?, None);
    db.put(&new("d")).execute().await?;
    assert!(db.update(&new("d")).set(Doc::TEXT, "x").execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Doc::key("d")).one().await?.text, "");
    Ok(())
}

async fn a_delete_of_an_item_checks_its_version(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let first = db.put(&new("d")).returning_new().await?;
    let second = db.put(&first).returning_new().await?;
    assert!(db.delete(&first).execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Doc::key("d")).optional().await?.as_ref(), Some(&second));
    db.delete(&second).execute().await?;
    assert_eq!(db.get(Doc::key("d")).optional().await?, None);
    Ok(())
}

async fn a_delete_of_an_item_of_version_0_is_never_unchecked(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    db.put(&new("d")).execute().await?;
    assert!(db.delete(&new("d")).execute().await.unwrap_err().is_condition_failed());
    assert!(db.get(Doc::key("d")).optional().await?.is_some());
    Ok(())
}

async fn an_item_from_before_there_were_versions_can_be_put_and_updated(db: TestDb) -> Result<()> {
    let (clocked, _) = clocked(&db).await?;
    let old = |id: &str| {
        serde_json::json!({ "Item": {
            "pk": { "S": format!("DOC#{id}") }, "id": { "S": id }, "text": { "S": "" },
        } })
    };
    db.send_json(Operation::PutItem, old("a")).await;
    let read = clocked.get(Doc::key("a")).one().await?;
    assert_eq!(read, new("a"));
    assert_eq!(clocked.update(&read).set(Doc::TEXT, "x").returning_new().await?.version, 1);
    assert!(clocked.update(&read).set(Doc::TEXT, "y").execute().await.unwrap_err().is_condition_failed());
    db.send_json(Operation::PutItem, old("b")).await;
    clocked.delete(&new("b")).execute().await
}

async fn an_update_that_makes_an_item_sets_what_the_library_keeps(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let made = db.update(Doc::key("d")).set(Doc::TEXT, "").returning_new().await?;
    assert_eq!(made, stored("d", 1, START, START));
    Ok(())
}

async fn the_version_and_the_times_are_kept_in_transactions_too(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    db.transact_write().put(&new("a")).put(Put::new(&new("b")).if_not_exists()).execute().await?;
    let first = stored("a", 1, START, START);
    assert_eq!(db.get(Doc::key("a")).one().await?, first);
    clock.set(START + 5);
    db.transact_write()
        .update(Update::new(&first).set(Doc::TEXT, ""))
        .update(Update::new(Doc::key("b")).set(Doc::TEXT, ""))
        .update(Update::new(Doc::key("c")).set(Doc::TEXT, ""))
        .execute()
        .await?;
    assert_eq!(db.get(Doc::key("a")).one().await?, stored("a", 2, START, START + 5));
    assert_eq!(db.get(Doc::key("b")).one().await?, stored("b", 2, START, START + 5));
    assert_eq!(db.get(Doc::key("c")).one().await?, stored("c", 1, START + 5, START + 5));
    Ok(())
}

async fn a_version_conflict_cancels_a_transaction(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let first = db.put(&new("a")).returning_new().await?;
    db.put(&first).execute().await?;
    let stale = [
        db.transact_write().put(&new("b")).put(&first),
        db.transact_write().put(&new("b")).update(Update::new(&first).set(Doc::TEXT, "x")),
        db.transact_write().put(&new("b")).delete(&first),
        db.transact_write().put(&new("b")).delete(Delete::new(&first).condition(Doc::TEXT.eq(""))),
        db.transact_write().put(&new("b")).put(&new("a")),
    ];
    for transaction in stale {
        let error = transaction.execute().await.unwrap_err();
        assert!(error.is_condition_failed(), "{error}");
        assert_eq!(error.cancellations()[0].operation, 1);
    }
    assert_eq!(db.get(Doc::key("b")).optional().await?, None);
    assert_eq!(db.get(Doc::key("a")).one().await?.version, 2);
    Ok(())
}

async fn a_time_to_live_of_ones_own_is_kept(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let expires = Some(Ttl::at(Timestamp::from_epoch_seconds(START + 60)));
    db.put(&Doc { expires, ..new("d") }).execute().await?;
    assert_eq!(db.get(Doc::key("d")).one().await?.expires, expires);
    Ok(())
}

async fn a_time_to_live_can_be_set_by_an_update(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    db.put(&new("d")).execute().await?;
    let later = Timestamp::from_epoch_seconds(START + 60);
    let updated = db.update(Doc::key("d")).set(Doc::EXPIRES, later).returning_new().await?;
    assert_eq!(updated.expires, Some(Ttl::at(later)));
    // It is stored as DynamoDB needs it: a number of seconds.
    let error = db.delete(&new("d")).returning_old_on_failure().execute().await.unwrap_err();
    let item = error.item::<Item>()?.unwrap();
    assert_eq!(item["expires"].as_n(), Some((START + 60).into()));
    Ok(())
}

async fn a_creation_of_ones_own_is_kept(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let created = Timestamp::from_epoch_seconds(1_000);
    let put = db.put(&Doc { created, ..new("d") }).returning_new().await?;
    assert_eq!(put, stored("d", 1, 1_000, START));
    Ok(())
}

async fn a_time_to_live_is_a_span_from_the_write(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    db.put(&new("d")).execute().await?;
    let hour = Duration::from_secs(3_600);
    let in_an_hour = || Update::new(Doc::key("d")).set(Doc::EXPIRES, hour);
    // The clock is read when the update is executed, not when it is made.
    let update = in_an_hour();
    clock.set(START + 5);
    let at = |second: i64| Some(Ttl::at(Timestamp::from_epoch_seconds(second)));
    assert_eq!(update.on(&db).returning_new().await?.expires, at(START + 5 + 3_600));
    let update = in_an_hour();
    clock.set(START + 9);
    db.transact_write().update(update).execute().await?;
    assert_eq!(db.get(Doc::key("d")).one().await?.expires, at(START + 9 + 3_600));
    Ok(())
}

async fn an_item_whose_time_to_live_is_removed_never_expires(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    for way in 0..3 {
        let key = || Doc::key(format!("d{way}"));
        db.put(&new(&format!("d{way}"))).execute().await?;
        let update = Update::new(key());
        match way {
            0 => update.remove(Doc::EXPIRES).on(&db).execute().await?,
            1 => update.set(Doc::EXPIRES, None).on(&db).execute().await?,
            _ => db.transact_write().update(update.remove(Doc::EXPIRES)).execute().await?,
        }
        assert_eq!(db.get(key()).one().await?.expires, None);
        clock.set(START + 2 * MONTH);
        assert!(db.get(key()).live().optional().await?.is_some());
        clock.set(START);
        // The next write gives it one again.
        db.update(key()).set(Doc::TEXT, "x").execute().await?;
        assert_eq!(
            db.get(key()).one().await?.expires,
            Some(Ttl::at(Timestamp::from_epoch_seconds(START + MONTH)))
        );
    }
    Ok(())
}

async fn an_update_keeps_the_creation_of_the_item_that_it_finds(db: TestDb) -> Result<()> {
    let (db, clock) = clocked(&db).await?;
    // The same update makes the item and finds it: it was created once, and what is returned is what is stored.
    let upsert = || db.update(Doc::key("d")).set(Doc::TEXT, "x").returning_new();
    assert_eq!(upsert().await?, Doc { text: "x".to_owned(), ..stored("d", 1, START, START) });
    clock.set(START + 5);
    let again = upsert().await?;
    assert_eq!(again, Doc { text: "x".to_owned(), ..stored("d", 2, START, START + 5) });
    assert_eq!(db.get(Doc::key("d")).one().await?, again);
    Ok(())
}

async fn a_versioned_model_is_updated_alone_and_in_a_transaction(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let first = db.put(&new("d")).returning_new().await?;
    let second = db.update(&first).set(Doc::TEXT, "x").returning_new().await?;
    db.transact_write().update(Update::of(&second).set(Doc::TEXT, "y")).execute().await?;
    let third = db.get(Doc::key("d")).one().await?;
    assert_eq!((third.text.as_str(), third.version), ("y", 3));
    let stale = db.transact_write().update(Update::of(&second).set(Doc::TEXT, "z")).execute().await;
    assert!(stale.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Doc::key("d")).one().await?, third);
    Ok(())
}

async fn a_delete_in_a_transaction_checks_the_version(db: TestDb) -> Result<()> {
    let (db, _) = clocked(&db).await?;
    let first = db.put(&new("d")).returning_new().await?;
    let second = db.put(&first).returning_new().await?;
    for stale in [&first, &new("d")] {
        assert!(db.transact_write().delete(stale).execute().await.unwrap_err().is_condition_failed());
    }
    db.transact_write().delete(&second).execute().await?;
    assert_eq!(db.get(Doc::key("d")).optional().await?, None);
    Ok(())
}
