//! The type attribute: whose an item is, where keys do not say it.

use crate::support::{TestDb, matrix};
use dynamorm::{Model, Project, Put, Result, Update};
use futures_util::TryStreamExt as _;

matrix![
    a_query_leaves_out_items_of_another_type,
    a_scan_leaves_out_items_of_another_type,
    an_item_of_another_type_is_no_item_of_ours,
    an_update_changes_no_item_of_another_type,
    every_write_stores_the_type,
    an_item_without_a_type_is_refused_where_its_key_is_ours,
    a_query_gives_its_own_items_where_sort_keys_begin_alike,
];

/// Two models whose keys say nothing of whose they are.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = tenant, sk = id, type = "Cat")]
struct Cat {
    tenant: String,
    id: String,
    lives: u8,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = tenant, sk = id, type = "Dog")]
struct Dog {
    tenant: String,
    id: String,
    lives: Option<u8>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Dog)]
struct DogLives {
    lives: Option<u8>,
}

/// Its keys begin with a word of its own.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(table = "other", pk = "ZOO#{zoo}", sk = "LION#{id}", type = "Lion")]
struct Lion {
    zoo: String,
    id: u8,
}

/// As lions were before they had a type.
#[derive(Debug, PartialEq, Model)]
#[dynamorm(table = "other", pk = "ZOO#{zoo}", sk = "LION#{id}")]
struct OldLion {
    zoo: String,
    id: u8,
}

fn cat(id: &str) -> Cat {
    Cat { tenant: "t1".into(), id: id.into(), lives: 9 }
}

fn dog(id: &str) -> Dog {
    Dog { tenant: "t1".into(), id: id.into(), lives: Some(1) }
}

async fn home(db: &TestDb) -> Result<()> {
    db.create_table::<(Cat, Dog)>().execute().await?;
    for id in ["a", "c", "e"] {
        db.put(&cat(id)).execute().await?;
    }
    for id in ["b", "d"] {
        db.put(&dog(id)).execute().await?;
    }
    Ok(())
}

async fn a_query_leaves_out_items_of_another_type(db: TestDb) -> Result<()> {
    home(&db).await?;
    let dogs = || db.query::<Dog>().key(Dog::PRIMARY_KEY.partition("t1"));
    assert_eq!(dogs().all().await?, [dog("b"), dog("d")]);
    assert_eq!(dogs().count().await?, 2);
    let first = dogs().take(1).await?;
    assert_eq!(first.items, [dog("b")]);
    assert_eq!(dogs().start_key(first.next).take(5).await?.items, [dog("d")]);
    assert_eq!(dogs().project::<DogLives>().all().await?.len(), 2);
    assert_eq!(dogs().filter(Dog::LIVES.eq(2)).count().await?, 0);
    Ok(())
}

async fn a_scan_leaves_out_items_of_another_type(db: TestDb) -> Result<()> {
    home(&db).await?;
    assert_eq!(db.scan::<Cat>().all().await?.len(), 3);
    assert_eq!(db.scan::<Dog>().count().await?, 2);
    assert_eq!(db.scan::<Dog>().take(1).await?.items.len(), 1);
    Ok(())
}

async fn an_item_of_another_type_is_no_item_of_ours(db: TestDb) -> Result<()> {
    home(&db).await?;
    let error = db.get(Dog::key("t1", "a")).one().await.unwrap_err();
    assert!(error.to_string().ends_with("attribute `type` says that the item is no `Dog`"), "{error}");
    let error = db.get(Dog::key("t1", "a")).project::<DogLives>().one().await.unwrap_err();
    assert!(error.to_string().ends_with("attribute `type` says that the item is no `Dog`"), "{error}");
    assert!(db.get(Dog::key("t1", "z")).optional().await?.is_none());
    Ok(())
}

async fn an_update_changes_no_item_of_another_type(db: TestDb) -> Result<()> {
    home(&db).await?;
    let lives = || Update::new(Dog::key("t1", "a")).set(Dog::LIVES, 7);
    assert!(lives().on(&db).execute().await.unwrap_err().is_condition_failed());
    assert!(db.transact_write().update(lives()).execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Cat::key("t1", "a")).one().await?, cat("a"));
    db.update(Dog::key("t1", "b")).set(Dog::LIVES, 7).execute().await?;
    assert_eq!(db.get(Dog::key("t1", "b")).one().await?.lives, Some(7));
    Ok(())
}

async fn every_write_stores_the_type(db: TestDb) -> Result<()> {
    db.create_table::<(Cat, Dog)>().execute().await?;
    db.put(&dog("a")).execute().await?;
    db.batch_write().put(&dog("b")).execute().await?;
    db.transact_write().put(Put::new(&dog("c"))).execute().await?;
    db.update(Dog::key("t1", "d")).set(Dog::LIVES, 1).execute().await?;
    let all = db.query::<Dog>().key(Dog::PRIMARY_KEY.partition("t1")).all().await?;
    assert_eq!(all, ["a", "b", "c", "d"].map(dog));
    Ok(())
}

async fn an_item_without_a_type_is_refused_where_its_key_is_ours(db: TestDb) -> Result<()> {
    db.create_table::<Lion>().execute().await?;
    db.put(&Lion { zoo: "z1".into(), id: 1 }).execute().await?;
    let lions = || db.query::<Lion>().key(Lion::PRIMARY_KEY.partition("z1"));
    assert_eq!(lions().count().await?, 1);
    db.put(&OldLion { zoo: "z1".into(), id: 2 }).execute().await?;
    let error = lions().all().await.unwrap_err();
    assert!(error.to_string().ends_with("attribute `type` is missing"), "{error}");
    Ok(())
}

/// A trip of a car, and its stops, in one run of sort keys.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = "CAR#{car}", sk = "TRIP#{trip}", type = "Trip")]
struct Trip {
    car: String,
    trip: u16,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = "CAR#{car}", sk = "TRIP#{trip}#{stop}", type = "Stop")]
struct Stop {
    car: String,
    trip: u16,
    stop: u8,
}

async fn a_query_gives_its_own_items_where_sort_keys_begin_alike(db: TestDb) -> Result<()> {
    db.create_table::<(Trip, Stop)>().execute().await?;
    let trips: Vec<Trip> = (0..4).map(|trip| Trip { car: "c1".into(), trip }).collect();
    let stops: Vec<Stop> =
        (0..4).flat_map(|trip| (0..5).map(move |stop| Stop { car: "c1".into(), trip, stop })).collect();
    db.batch_write().put_all(&trips).put_all(&stops).execute().await?;

    let all = || db.query::<Trip>().key(Trip::PRIMARY_KEY.partition("c1"));
    assert_eq!(all().all().await?, trips);
    assert_eq!(all().count().await?, 4);
    let first = all().take(3).await?;
    assert_eq!(first.items, trips[..3]);
    assert_eq!(all().start_key(first.next).take(3).await?.items, trips[3..]);
    let last = all().descending().take(2).await?;
    assert_eq!(last.items, [trips[3].clone(), trips[2].clone()]);
    assert_eq!(all().limit(2).stream().try_collect::<Vec<_>>().await?, trips);
    let between = || db.query::<Trip>().key(Trip::PRIMARY_KEY.partition("c1").between(1, 2));
    assert_eq!(between().all().await?, trips[1..3]);
    assert_eq!(db.scan::<Trip>().all().await?.len(), 4);

    let all = || db.query::<Stop>().key(Stop::PRIMARY_KEY.partition("c1"));
    assert_eq!(all().all().await?, stops);
    assert_eq!(all().count().await?, 20);
    assert_eq!(all().take(7).await?.items, stops[..7]);
    assert_eq!(db.scan::<Stop>().count().await?, 20);
    let of_trip = || db.query::<Stop>().key(Stop::PRIMARY_KEY.partition("c1").begins_with((2_u16,)));
    assert_eq!(of_trip().all().await?, stops[10..15]);
    assert_eq!(db.get(Trip::key("c1", 2)).one().await?, trips[2]);
    Ok(())
}
