//! Many writers over the same unique values, with conflicts, throttles, lost answers and cancelled transactions: afterwards no two
//! items have one value, each value has its guard, each guard its item, and what was acknowledged is there.
//!
//! `DYNAMORM_TEST_SEEDS=100` makes it long.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::transport::{Embedded, Faults};
use dynamorm::{Db, Delete, Error, ErrorKind, Model, Put, Result, Update};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const WRITERS: usize = 32;
const VALUES: usize = 500;
/// Fewer than values, so that writers meet.
const ITEMS: usize = 90;
const OPERATIONS: usize = 30;

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
struct User {
    id: String,
    #[dynamorm(unique)]
    email: Option<String>,
    #[dynamorm(unique(scope = org))]
    badge: Option<u32>,
    org: String,
    writes: Option<u64>,
}

/// The same items, from before anything of them was unique.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
struct OldUser {
    id: String,
    email: Option<String>,
    badge: Option<u32>,
    org: String,
}

/// Everything that is in the table.
#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = pk, sk = sk)]
struct Raw {
    pk: String,
    sk: String,
    email: Option<String>,
    badge: Option<u32>,
    org: Option<String>,
    unique_owner_pk: Option<String>,
    unique_owner_sk: Option<String>,
}

fn id(rng: &mut fastrand::Rng) -> String {
    format!("s{}", rng.usize(0..ITEMS))
}

fn email(rng: &mut fastrand::Rng) -> String {
    format!("e{}", rng.usize(0..VALUES))
}

fn user(id: String, rng: &mut fastrand::Rng) -> User {
    let org = format!("o{}", rng.u8(0..3));
    User {
        id,
        email: (rng.u8(0..5) > 0).then(|| email(rng)),
        badge: rng.bool().then(|| rng.u32(0..100)),
        org,
        writes: None,
    }
}

/// One write of an item that all writers share.
async fn shared(db: &Db, rng: &mut fastrand::Rng) -> Result<()> {
    match rng.u8(0..12) {
        0 | 1 => db.put(&user(id(rng), rng)).execute().await,
        2 => db.put(&user(id(rng), rng)).if_not_exists().execute().await,
        3 => db.update(User::key(id(rng))).set(User::EMAIL, email(rng)).if_exists().execute().await,
        4 => {
            let org = format!("o{}", rng.u8(0..3));
            db.update(User::key(id(rng))).set(User::EMAIL, email(rng)).set(User::ORG, org).execute().await
        }
        5 => {
            let update = db.update(User::key(id(rng))).remove(User::EMAIL).set(User::BADGE, rng.u32(0..100));
            update.if_exists().execute().await
        }
        6 => {
            db.update(User::key(id(rng)))
                .set(User::ORG, format!("o{}", rng.u8(0..3)))
                .if_exists()
                .execute()
                .await
        }
        7 => db.delete(User::key(id(rng))).execute().await,
        8 => {
            // As it was read, which it may be no more.
            let Some(read) = db.get(User::key(id(rng))).optional().await? else { return Ok(()) };
            match rng.bool() {
                true => db.delete(&read).execute().await,
                false => db.update(&read).set(User::EMAIL, email(rng)).execute().await,
            }
        }
        _ => larger(db, rng).await,
    }
}

/// A transaction of several such writes, in which values change hands.
async fn larger(db: &Db, rng: &mut fastrand::Rng) -> Result<()> {
    let mut ids: Vec<String> = (0..rng.usize(2..5)).map(|_| id(rng)).collect();
    ids.sort();
    ids.dedup();
    let mut transaction = db.transact_write();
    let mut free: Vec<String> = Vec::new();
    for id in ids {
        let Some(read) = db.get(User::key(id.as_str())).optional().await? else {
            let email = free.pop().or_else(|| Some(email(rng)));
            transaction = transaction.put(Put::new(&User { email, ..user(id, rng) }).if_not_exists());
            continue;
        };
        free.extend(read.email.clone());
        transaction = match (rng.u8(0..3), free.first().cloned()) {
            (0, _) => transaction.delete(Delete::new(User::key(id))),
            (1, Some(taken)) => {
                transaction.update(Update::new(User::key(id)).set(User::EMAIL, taken).if_exists())
            }
            _ => transaction.update(Update::of(&read).set(User::EMAIL, email(rng)).add(User::WRITES, 1)),
        };
    }
    transaction.execute().await
}

/// A write that failed may fail so and in no other way.
fn check(error: &Error) {
    let expected = error.is_not_unique()
        || error.is_condition_failed()
        || error.is_conflict()
        || error.is_throttled()
        || error.kind() == ErrorKind::Transport;
    assert!(expected, "{error:?}");
}

/// A writer: its writes of shared items, and between them writes of an item and of values that are its own. Gives what the email
/// of its own item may be.
async fn write(db: Db, nth: usize, seed: u64) -> BTreeSet<Option<String>> {
    let mut rng = fastrand::Rng::with_seed(seed * 1_000 + nth as u64);
    let mut own = BTreeSet::from([None]);
    for step in 0..OPERATIONS {
        if let Err(error) = shared(&db, &mut rng).await {
            check(&error);
        }
        if step % 3 > 0 {
            continue;
        }
        let id = format!("own{nth}");
        let email = format!("own{nth}-{}", rng.u8(0..4));
        let (email, written) = match rng.u8(0..4) {
            0 => (None, db.delete(User::key(id)).execute().await),
            1 => {
                let update =
                    Update::new(User::key(id)).set(User::EMAIL, email.as_str()).set(User::ORG, "own");
                (Some(email), db.transact_write().update(update).execute().await)
            }
            2 => {
                let update = db.update(User::key(id)).set(User::EMAIL, email.as_str()).set(User::ORG, "own");
                (Some(email), update.execute().await)
            }
            _ => {
                let user =
                    User { id, email: Some(email.clone()), badge: None, org: "own".into(), writes: None };
                (Some(email), db.put(&user).execute().await)
            }
        };
        match written {
            Ok(()) => own = BTreeSet::from([email]),
            Err(error) if error.kind() == ErrorKind::Transport => {
                own.insert(email);
            }
            // Nobody else has these values, and nobody else writes the item.
            Err(error) => {
                check(&error);
                assert!(!error.is_not_unique() && !error.is_condition_failed(), "writer {nth}: {error:?}");
            }
        }
    }
    own
}

/// The guards that there must be for what is stored, with their owners; fails if two items have one value.
fn expected(stored: &[Raw]) -> BTreeMap<String, String> {
    let mut guards = BTreeMap::new();
    for item in stored.iter().filter(|item| item.unique_owner_pk.is_none()) {
        let email = item.email.as_ref().map(|email| format!("UNIQUE#User#email#{email}"));
        let badge = item.badge.zip(item.org.as_ref());
        let badge = badge.map(|(badge, org)| format!("UNIQUE#User#badge#{org}#{badge}"));
        for guard in email.into_iter().chain(badge) {
            if let Some(other) = guards.insert(guard.clone(), item.pk.clone()) {
                panic!("{other} and {} have the value of {guard}", item.pk);
            }
        }
    }
    guards
}

async fn mend(db: Db, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        match db.repair_unique::<User>().execute().await {
            Ok(repair) => assert!(repair.duplicates.is_empty()),
            Err(error) => check(&error),
        }
        // Paused time goes on only while nobody works.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Checks that each value has its guard and each guard its item, and gives how many there are.
fn check_guards(stored: &[Raw], seed: u64) -> usize {
    let guards: BTreeMap<String, String> =
        stored.iter().filter_map(|guard| Some((guard.pk.clone(), guard.unique_owner_pk.clone()?))).collect();
    let expected = expected(stored);
    let wrong: Vec<_> = guards.iter().filter(|(guard, owner)| expected.get(*guard) != Some(owner)).collect();
    let missing: Vec<_> = expected.iter().filter(|(guard, _)| !guards.contains_key(*guard)).collect();
    assert!(wrong.is_empty() && missing.is_empty(), "seed {seed}: {wrong:?} are wrong, {missing:?} missing");
    guards.len()
}

async fn simulate(seed: u64) {
    let engine = Embedded::memory().unwrap();
    let faults = Faults::new(engine.clone()).seed(seed).conflict(0.08).throttle(0.03).lost_response(0.08);
    let (db, faulty) = (Db::with_transport(engine), Db::with_transport(faults.clone()));
    db.create_table::<User>().execute().await.unwrap();
    let writers: Vec<_> = (0..WRITERS).map(|nth| tokio::spawn(write(faulty.clone(), nth, seed))).collect();
    // What is right is left alone by whoever mends, whatever changes in between.
    let is_over = Arc::new(AtomicBool::new(false));
    let menders: Vec<_> = (0..2).map(|_| tokio::spawn(mend(faulty.clone(), is_over.clone()))).collect();
    let mut own = Vec::new();
    for writer in writers {
        own.push(writer.await.unwrap());
    }
    is_over.store(true, Ordering::Relaxed);
    for mender in menders {
        mender.await.unwrap();
    }
    assert!(faults.injected().len() > 50, "these are not faults enough");
    let stored = db.scan::<Raw>().consistent_read().all().await.unwrap();
    assert!(check_guards(&stored, seed) > 40, "these are not values enough");
    for (nth, possible) in own.iter().enumerate() {
        let stored = db.get(User::key(format!("own{nth}"))).optional().await.unwrap();
        let email = stored.and_then(|stored| stored.email);
        assert!(possible.contains(&email), "seed {seed}, writer {nth}: {email:?} of {possible:?}");
    }
}

fn seeds() -> u64 {
    std::env::var("DYNAMORM_TEST_SEEDS").map_or(2, |seeds| seeds.parse().unwrap())
}

/// Guards whose items are gone, or never were, and items without guards, some with one value: repaired while others write.
async fn repair(seed: u64) {
    let engine = Embedded::memory().unwrap();
    let faults = Faults::new(engine.clone()).seed(seed).conflict(0.05).lost_response(0.03);
    let (db, faulty) = (Db::with_transport(engine), Db::with_transport(faults));
    db.create_table::<User>().execute().await.unwrap();
    let mut rng = fastrand::Rng::with_seed(seed);
    for nth in 0..ITEMS {
        let User { id, email, badge, org, .. } = user(format!("s{nth}"), &mut rng);
        // Every third item has its guards, and of every ninth only they stay.
        if nth % 3 == 0
            && let Err(error) = db.put(&user(id.clone(), &mut rng)).execute().await
        {
            assert!(error.is_not_unique(), "{error:?}");
        }
        match nth % 9 {
            0 => db.delete(OldUser::key(id)).execute().await.unwrap(),
            _ => db.put(&OldUser { id, email, badge, org }).execute().await.unwrap(),
        }
    }
    let writers: Vec<_> =
        (0..WRITERS / 4).map(|nth| tokio::spawn(write(faulty.clone(), nth, seed))).collect();
    for _ in 0..3 {
        if let Err(error) = faulty.repair_unique::<User>().execute().await {
            check(&error);
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let repair = db.repair_unique::<User>().execute().await.unwrap();
    assert_eq!(repair.left, 0, "nobody writes any more");
    let again = db.repair_unique::<User>().execute().await.unwrap();
    assert_eq!((again.made, again.removed, again.left), (0, 0, 0), "all is mended");
    assert_eq!(again.duplicates.len(), repair.duplicates.len());
    // Without the duplicates, which only their owner can tell apart, all is as if it had always been unique.
    for duplicate in &again.duplicates {
        let id = duplicate.other["pk"].as_s().unwrap().trim_start_matches("USER#").to_owned();
        db.delete(User::key(id)).execute().await.unwrap();
    }
    let stored = db.scan::<Raw>().consistent_read().all().await.unwrap();
    check_guards(&stored, seed);
}

// Pauses between tries cost no time.
#[tokio::test(start_paused = true)]
async fn whatever_fails_no_two_items_have_one_value_and_no_guard_is_left() {
    for seed in 0..seeds() {
        simulate(seed).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_repair_mends_whatever_was_there_while_others_write() {
    for seed in 0..seeds() {
        repair(seed).await;
    }
}
