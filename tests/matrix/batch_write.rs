//! BatchWriteItem: chunks, what is left undone, and what is refused.

use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Faults, Operation};
use dynamorm::{Db, ErrorKind, Model, Result, Timestamp};
use std::collections::BTreeSet;

matrix![
    one_26_100_and_1000_items_are_written,
    an_empty_batch_sends_nothing,
    puts_and_deletes_of_several_tables_go_together,
    unprocessed_writes_are_sent_again_until_all_are_done,
    unprocessed_writes_are_sent_again_by_chance_of_any_seed,
    a_throttled_batch_is_sent_again,
    a_batch_that_stays_throttled_says_so_with_all_that_is_not_done,
    writes_that_stay_unprocessed_are_exactly_those_in_the_error,
    a_chunk_that_fails_in_the_middle_leaves_all_that_follow_in_the_error,
    two_writes_on_one_item_are_refused_before_the_network,
    a_model_with_a_version_is_refused_before_the_network,
    the_times_of_writes_are_kept,
    one_bad_item_stops_the_batch_before_the_network,
    an_item_over_400_kb_is_refused_before_the_network,
    large_items_are_split_by_size_too,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "N#{nr}")]
struct Note {
    nr: u32,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other")]
struct Other {
    #[dynamorm(pk)]
    nr: u32,
}

fn notes(count: u32) -> Vec<Note> {
    (0..count).map(|nr| Note { nr, text: format!("text {nr}") }).collect()
}

/// The numbers of those notes below `count` that are stored.
async fn stored(db: &Db, count: u32) -> Result<BTreeSet<u32>> {
    let mut found = BTreeSet::new();
    for nr in 0..count {
        if let Some(note) = db.get(Note::key(nr)).optional().await? {
            assert_eq!((note.nr, note.text), (nr, format!("text {nr}")));
            found.insert(nr);
        }
    }
    Ok(found)
}

async fn one_26_100_and_1000_items_are_written(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    for (count, requests) in [(1, 1), (25, 1), (26, 2), (100, 4), (1_000, 40)] {
        let before = db.calls_of(Operation::BatchWriteItem);
        db.batch_write().put_all(&notes(count)).execute().await?;
        assert_eq!(db.calls_of(Operation::BatchWriteItem) - before, requests);
        assert_eq!(stored(&db, count).await?.len(), count as usize);
        db.batch_write().delete_all((0..count).map(Note::key)).execute().await?;
        assert_eq!(stored(&db, count).await?.len(), 0);
    }
    Ok(())
}

async fn an_empty_batch_sends_nothing(db: TestDb) -> Result<()> {
    db.batch_write().execute().await?;
    db.batch_write().put_all(&notes(0)).execute().await?;
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn puts_and_deletes_of_several_tables_go_together(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    db.create_table::<Other>().execute().await?;
    db.batch_write().put_all(&notes(3)).put(&Other { nr: 1 }).execute().await?;
    // The same number in another table is another item.
    let before = db.calls_of(Operation::BatchWriteItem);
    db.batch_write().delete(Note::key(1)).delete(Other::key(1)).put(&Other { nr: 2 }).execute().await?;
    assert_eq!(db.calls_of(Operation::BatchWriteItem) - before, 1);
    assert_eq!(stored(&db, 3).await?, [0, 2].into());
    assert_eq!(db.get(Other::key(1)).optional().await?, None);
    assert_eq!(db.get(Other::key(2)).one().await?, Other { nr: 2 });
    Ok(())
}

async fn unprocessed_writes_are_sent_again_until_all_are_done(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    db.create_table::<Other>().execute().await?;
    let faults = |faults: Faults| {
        faults
            .on(Operation::BatchWriteItem, 1, Fault::Unprocessed { keep: 1 })
            .on(Operation::BatchWriteItem, 2, Fault::Unprocessed { keep: 24 })
            .on(Operation::BatchWriteItem, 3, Fault::Unprocessed { keep: 3 })
    };
    db.batch_write().delete(Note::key(40)).put_all(&notes(40)).put(&Other { nr: 1 }).execute().await?;
    db.batch_write().delete_all((0..40).map(Note::key)).execute().await?;
    let faulty = db.faulty(faults);
    faulty.batch_write().put_all(&notes(40)).delete(Other::key(1)).execute().await?;
    assert_eq!(stored(&db, 41).await?.len(), 40);
    assert_eq!(db.get(Other::key(1)).optional().await?, None);
    Ok(())
}

async fn unprocessed_writes_are_sent_again_by_chance_of_any_seed(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    for seed in 0..4 {
        let faulty = db.faulty(|faults| faults.seed(seed).unprocessed(0.5).throttle(0.1));
        faulty.batch_write().put_all(&notes(60)).execute().await?;
        assert_eq!(stored(&db, 60).await?.len(), 60, "seed {seed}");
        faulty.batch_write().delete_all((0..60).map(Note::key)).execute().await?;
        assert_eq!(stored(&db, 60).await?.len(), 0, "seed {seed}");
    }
    Ok(())
}

async fn a_throttled_batch_is_sent_again(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    let faulty = db.faulty(|faults| {
        faults.on(Operation::BatchWriteItem, 1, Fault::Throttled).on(
            Operation::BatchWriteItem,
            2,
            Fault::Throttled,
        )
    });
    faulty.batch_write().put_all(&notes(30)).execute().await?;
    assert_eq!(stored(&db, 30).await?.len(), 30);
    Ok(())
}

/// A plan for many calls.
fn each(faults: Faults, calls: std::ops::Range<usize>, fault: Fault) -> Faults {
    calls.fold(faults, |faults, nth| faults.on(Operation::BatchWriteItem, nth, fault))
}

async fn a_batch_that_stays_throttled_says_so_with_all_that_is_not_done(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    // The first 25 are done, and from then on nothing is.
    let faulty = db.faulty(|faults| each(faults, 2..100, Fault::Throttled));
    let error = faulty.batch_write().put_all(&notes(60)).concurrency(1).execute().await.unwrap_err();
    assert!(error.is_throttled(), "{error}");
    let missing: Vec<usize> = error.unprocessed().iter().map(|write| write.operation).collect();
    assert_eq!(missing, (25..60).collect::<Vec<_>>());
    assert_eq!(stored(&db, 60).await?, (0..25).collect());
    Ok(())
}

async fn writes_that_stay_unprocessed_are_exactly_those_in_the_error(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    let faulty = db.faulty(|faults| {
        let faults = faults.on(Operation::BatchWriteItem, 1, Fault::Unprocessed { keep: 10 }).on(
            Operation::BatchWriteItem,
            2,
            Fault::Unprocessed { keep: 5 },
        );
        // With 0 kept DynamoDB refuses the whole request.
        each(faults, 3..100, Fault::Unprocessed { keep: 0 })
    });
    let error = faulty.batch_write().put_all(&notes(40)).concurrency(1).execute().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unprocessed | ErrorKind::Throttled), "{error}");
    let missing: BTreeSet<u32> = error.unprocessed().iter().map(|write| write.operation as u32).collect();
    assert!(error.unprocessed().iter().all(|write| write.table == db.table_name()));
    let all: BTreeSet<u32> = (0..40).collect();
    assert_eq!(stored(&db, 40).await?, &all - &missing);
    assert_eq!(missing.len(), 25);
    // What is in the error can be written again.
    let again = error.unprocessed().iter().map(|write| write.item().map(Option::unwrap));
    let again: Vec<Note> = again.collect::<Result<_>>()?;
    assert!(error.unprocessed().iter().all(|write| again.contains(&notes(40)[write.operation])));
    db.batch_write().put_all(&again).execute().await?;
    assert_eq!(stored(&db, 40).await?, all);
    Ok(())
}

async fn a_chunk_that_fails_in_the_middle_leaves_all_that_follow_in_the_error(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    let faulty = db.faulty(|faults| faults.on(Operation::BatchWriteItem, 2, Fault::Unavailable));
    let error = faulty.batch_write().put_all(&notes(70)).concurrency(1).execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    let missing: Vec<usize> = error.unprocessed().iter().map(|write| write.operation).collect();
    assert_eq!(missing, (25..70).collect::<Vec<_>>());
    assert_eq!(stored(&db, 70).await?, (0..25).collect());

    // A lost answer: those writes may be done, and are listed all the same.
    let faulty = db.faulty(|faults| faults.on(Operation::BatchWriteItem, 1, Fault::LostResponse));
    let error = faulty.batch_write().put_all(&notes(30)).concurrency(1).execute().await.unwrap_err();
    assert_eq!((error.kind(), error.unprocessed().len()), (ErrorKind::Transport, 30));
    Ok(())
}

async fn two_writes_on_one_item_are_refused_before_the_network(db: TestDb) -> Result<()> {
    let twice = [notes(2), notes(1)].concat();
    for batch in [db.batch_write().put_all(&twice), db.batch_write().put_all(&notes(30)).delete(Note::key(0))]
    {
        let error = batch.execute().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("same item"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_model_with_a_version_is_refused_before_the_network(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    struct Versioned {
        #[dynamorm(pk)]
        id: String,
        #[dynamorm(version)]
        version: u64,
    }

    let item = Versioned { id: "v".to_owned(), version: 1 };
    for batch in [
        db.batch_write().put(&item),
        db.batch_write().delete(&item),
        db.batch_write().delete(Versioned::key("v")),
    ] {
        let error = batch.execute().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("`version`"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn the_times_of_writes_are_kept(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Dated {
        #[dynamorm(pk)]
        id: String,
        #[dynamorm(created_at)]
        created: Timestamp,
    }

    db.create_table::<Dated>().execute().await?;
    let now = Timestamp::from_epoch_seconds(1_800_000_000);
    let clocked = Db::clone(&db).clock(move || now);
    let item = Dated { id: "d".to_owned(), created: Timestamp::default() };
    clocked.batch_write().put(&item).execute().await?;
    assert_eq!(db.get(Dated::key("d")).one().await?.created, now);
    Ok(())
}

async fn one_bad_item_stops_the_batch_before_the_network(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    struct Price {
        #[dynamorm(pk)]
        id: String,
        price: f64,
    }

    let items = [1.0, f64::NAN].map(|price| Price { id: price.to_string(), price });
    let error = db.batch_write().put_all(&items).execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("operation 1") && error.to_string().contains("`price`"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

fn large(nr: u32, bytes: usize) -> Note {
    Note { nr, text: "x".repeat(bytes) }
}

async fn an_item_over_400_kb_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let error = db.batch_write().put(&large(0, 409_600)).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("409,600 bytes"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn large_items_are_split_by_size_too(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    // Quotes are two bytes each on the way and one in the item: 25 of these are over 16 MB.
    let items: Vec<Note> = (0..25).map(|nr| Note { nr, text: "\"".repeat(400_000) }).collect();
    db.batch_write().put_all(&items).execute().await?;
    assert_eq!(db.calls_of(Operation::BatchWriteItem), 2);
    assert_eq!(db.get(Note::key(24)).one().await?, items[24]);
    Ok(())
}
