//! Reads that are remembered, and writes that make them forgotten.

use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{Db, Model, Put, Result, Update};
use std::time::Duration;

matrix![
    a_cached_item_is_asked_for_once_until_it_is_written,
    cached_pages_are_forgotten_by_a_write_in_their_partition_and_by_no_other,
    a_write_by_another_database_shows_when_the_answer_is_too_old,
    a_failed_write_costs_a_question_and_no_more,
    no_tenant_is_given_anothers_answer,
    of_a_spread_partition_the_shard_that_was_written_is_asked_again,
];

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "USER#{customer}", sk = "ORDER#{number}")]
struct Order {
    customer: String,
    number: u32,
    total: i64,
}

/// The tenant is not in the key, so that two tenants ask the same of the database.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
struct Doc {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
}

/// Spread over shards.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{topic}", sk = "{n}", shards = 4)]
struct Line {
    topic: String,
    n: u32,
}

fn order(customer: &str, number: u32) -> Order {
    Order { customer: customer.into(), number, total: 10 }
}

async fn table(db: &TestDb) -> Result<Db> {
    db.create_table::<(Order, Doc, Line)>().execute().await?;
    Ok(Db::clone(db).cache(1 << 20))
}

async fn a_cached_item_is_asked_for_once_until_it_is_written(db: TestDb) -> Result<()> {
    let cached = table(&db).await?;
    cached.put(&order("c1", 1)).execute().await?;
    let get = || cached.get(Order::key("c1", 1_u32)).cached(HOUR).one();
    for _ in 0..3 {
        assert_eq!(get().await?.total, 10);
    }
    assert_eq!(db.calls_of(Operation::GetItem), 1);
    cached.update(Order::key("c1", 1_u32)).add(Order::TOTAL, 5).execute().await?;
    assert_eq!(get().await?.total, 15);
    cached
        .transact_write()
        .update(Update::new(Order::key("c1", 1_u32)).add(Order::TOTAL, 5))
        .execute()
        .await?;
    assert_eq!(get().await?.total, 20);
    cached.batch_write().put(&order("c1", 1)).execute().await?;
    assert_eq!(get().await?.total, 10);
    cached.delete(Order::key("c1", 1_u32)).execute().await?;
    assert!(get().await.unwrap_err().is_not_found());
    assert_eq!(db.calls_of(Operation::GetItem), 5);
    Ok(())
}

async fn cached_pages_are_forgotten_by_a_write_in_their_partition_and_by_no_other(db: TestDb) -> Result<()> {
    let cached = table(&db).await?;
    cached.batch_write().put_all(&[order("c1", 1), order("c1", 2), order("c2", 1)]).execute().await?;
    let of = |customer| cached.query::<Order>().key(Order::PRIMARY_KEY.partition(customer)).cached(HOUR);
    for _ in 0..3 {
        assert_eq!(of("c1").limit(1).all().await?, [order("c1", 1), order("c1", 2)]);
        assert_eq!(of("c2").count().await?, 1);
    }
    let pages = db.calls_of(Operation::Query);
    assert!(pages <= 4, "{pages} requests");
    cached.transact_write().put(Put::new(&order("c1", 3))).execute().await?;
    assert_eq!(of("c2").count().await?, 1);
    assert_eq!(db.calls_of(Operation::Query), pages, "another partition");
    assert_eq!(of("c1").limit(1).all().await?.len(), 3);
    assert!(db.calls_of(Operation::Query) > pages);
    Ok(())
}

async fn a_write_by_another_database_shows_when_the_answer_is_too_old(db: TestDb) -> Result<()> {
    let cached = table(&db).await?;
    db.put(&order("c1", 1)).execute().await?;
    let total = |ttl| {
        let get = cached.get(Order::key("c1", 1_u32)).cached(ttl);
        async { Ok::<_, dynamorm::Error>(get.one().await?.total) }
    };
    assert_eq!(total(HOUR).await?, 10);
    db.update(Order::key("c1", 1_u32)).add(Order::TOTAL, 5).execute().await?;
    assert_eq!(total(HOUR).await?, 10, "it cannot know");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(total(Duration::from_millis(10)).await?, 15);
    assert_eq!(total(HOUR).await?, 15, "and the newer answer is given from then on");
    Ok(())
}

async fn a_failed_write_costs_a_question_and_no_more(db: TestDb) -> Result<()> {
    let cached = table(&db).await?;
    cached.put(&order("c1", 1)).execute().await?;
    let get = || cached.get(Order::key("c1", 1_u32)).cached(HOUR).one();
    assert_eq!(get().await?.total, 10);
    assert!(cached.put(&order("c1", 1)).if_not_exists().execute().await.unwrap_err().is_condition_failed());
    assert_eq!(get().await?.total, 10);
    assert_eq!(get().await?.total, 10);
    assert_eq!(db.calls_of(Operation::GetItem), 2);
    Ok(())
}

async fn no_tenant_is_given_anothers_answer(db: TestDb) -> Result<()> {
    let cached = table(&db).await?;
    let (acme, umbrella) = (cached.tenant("acme"), cached.tenant("umbrella"));
    acme.put(&Doc { id: "d1".into(), tenant: String::new() }).execute().await?;
    for _ in 0..2 {
        assert_eq!(acme.get(Doc::key("d1")).cached(HOUR).one().await?.tenant, "acme");
        let others = umbrella.get(Doc::key("d1")).cached(HOUR).cache_absent();
        assert_eq!(others.optional().await?, None);
    }
    assert_eq!(db.calls_of(Operation::GetItem), 2, "one for each");
    acme.delete(Doc::key("d1")).execute().await?;
    umbrella.put(&Doc { id: "d1".into(), tenant: String::new() }).execute().await?;
    assert_eq!(acme.get(Doc::key("d1")).cached(HOUR).optional().await?, None);
    assert_eq!(umbrella.get(Doc::key("d1")).cached(HOUR).one().await?.tenant, "umbrella");
    Ok(())
}

async fn of_a_spread_partition_the_shard_that_was_written_is_asked_again(db: TestDb) -> Result<()> {
    let cached = table(&db).await?;
    let line = |n| Line { topic: "t".into(), n };
    for n in 1..=3 {
        cached.put(&line(n)).execute().await?;
    }
    let lines = || cached.query::<Line>().key(Line::PRIMARY_KEY.partition("t")).cached(HOUR).all();
    for _ in 0..3 {
        assert_eq!(lines().await?, [line(1), line(2), line(3)]);
    }
    assert_eq!(db.calls_of(Operation::Query), 4, "each shard once");
    cached.put(&line(4)).execute().await?;
    assert_eq!(lines().await?, [line(1), line(2), line(3), line(4)]);
    assert_eq!(db.calls_of(Operation::Query), 5, "one shard was written");
    Ok(())
}
