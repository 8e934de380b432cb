//! Shards and what else an item, a table or a handle can be told: several models, tenants, unique values, batches.

use super::*;

matrix![
    items_of_several_models_share_the_shards,
    a_collection_may_be_one_partition_for_all,
    hydrate_fetches_what_the_shards_lead_to,
    batches_and_transactions_find_the_shards,
    an_index_of_a_sharded_table_is_read_as_any,
    the_shards_of_a_tenant_are_its_own,
    a_unique_value_is_of_all_shards_and_leads_to_one,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DEVICE#{device}", sk = "READING#{at}", shards = 3)]
struct Reading {
    device: String,
    at: u32,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DEVICE#{device}", sk = "ALARM#{at}", shards = 3)]
struct Alarm {
    device: String,
    at: u32,
    text: String,
}

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = Reading)]
enum OfDevice {
    Reading(Reading),
    Alarm(Alarm),
}

async fn items_of_several_models_share_the_shards(db: TestDb) -> Result<()> {
    db.create_table::<(Reading, Alarm)>().execute().await?;
    for at in 0..12 {
        db.put(&Reading { device: "d1".into(), at }).execute().await?;
        db.put(&Alarm { device: "d1".into(), at, text: "hot".into() }).execute().await?;
    }
    let readings = db.query::<Reading>().key(Reading::PRIMARY_KEY.partition("d1")).all().await?;
    assert_eq!(readings.iter().map(|reading| reading.at).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
    let all = db.query::<OfDevice>().key(Reading::PRIMARY_KEY.partition("d1")).all().await?;
    let ats: Vec<(bool, u32)> = all
        .iter()
        .map(|item| match item {
            OfDevice::Alarm(alarm) => (false, alarm.at),
            OfDevice::Reading(reading) => (true, reading.at),
        })
        .collect();
    let expected = [false, true].into_iter().flat_map(|reading| (0..12).map(move |at| (reading, at)));
    assert_eq!(ats, expected.collect::<Vec<_>>());
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "ALL", sk = "A#{at}", shards = 3)]
struct First {
    at: u32,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "ALL", sk = "B#{at}", shards = 3)]
struct Second {
    at: u32,
}

#[derive(Debug, PartialEq, ItemCollection)]
#[dynamorm(of = First)]
struct Both {
    first: Vec<First>,
    second: Vec<Second>,
}

async fn a_collection_may_be_one_partition_for_all(db: TestDb) -> Result<()> {
    db.create_table::<(First, Second)>().execute().await?;
    for at in 0..10 {
        db.put(&First { at }).execute().await?;
        db.put(&Second { at }).execute().await?;
    }
    let both = db.query::<Both>().key(First::PRIMARY_KEY.partition(())).all().await?;
    assert_eq!(both.first, (0..10).map(|at| First { at }).collect::<Vec<_>>());
    assert_eq!(both.second, (0..10).map(|at| Second { at }).collect::<Vec<_>>());
    assert_eq!(db.scan::<Second>().count().await?, 10);
    Ok(())
}

async fn hydrate_fetches_what_the_shards_lead_to(db: TestDb) -> Result<()> {
    let entries = filled(&db, 15).await?;
    assert_eq!(db.query::<Entry>().key(web()).hydrate().all().await?, entries);
    let page = db.query::<Entry>().key(web()).hydrate().take(4).await?;
    assert_eq!(ats(&page.items), [0, 1, 2, 3]);
    assert_eq!(db.query::<Entry>().key(web()).start_key(page.next).hydrate().take(1).await?.items[0].at, 4);
    Ok(())
}

async fn batches_and_transactions_find_the_shards(db: TestDb) -> Result<()> {
    let entries = filled(&db, 30).await?;
    let keys = || entries.iter().map(|entry| Entry::key("web", entry.at, entry.id.as_str()));
    let found = db.batch_get(keys()).all().await?;
    assert_eq!(found.into_iter().flatten().collect::<Vec<_>>(), entries);
    let (one, two) = (&entries[3], &entries[4]);
    db.transact_write()
        .put(Put::new(&Entry { level: "gone".into(), ..one.clone() }))
        .update(Update::new(two).add(Entry::HITS, 1))
        .check(Check::new(&entries[5], Entry::LEVEL.eq("error")))
        .execute()
        .await?;
    let (one, two) = db.transact_get((one, two)).one().await?;
    assert_eq!((one.level.as_str(), two.hits), ("gone", Some(1)));
    db.batch_write().delete(&entries[0]).execute().await?;
    assert_eq!(db.query::<Entry>().key(web()).count().await?, 29);
    Ok(())
}

async fn an_index_of_a_sharded_table_is_read_as_any(db: TestDb) -> Result<()> {
    filled(&db, 20).await?;
    let errors = || db.query::<Entry>().key(Entry::BY_LEVEL_INDEX.partition("error"));
    let before = db.calls_of(Operation::Query);
    assert_eq!(ats(&errors().all().await?), [0, 5, 10, 15]);
    assert_eq!(db.calls_of(Operation::Query) - before, 1);
    let page = errors().take(2).await?;
    assert_eq!(ats(&errors().start_key(page.next).all().await?), [10, 15]);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TENANT#{tenant}", sk = "EVENT#{at}", shards = 4)]
struct Event {
    #[dynamorm(tenant)]
    tenant: String,
    at: u32,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "FEED", sk = "POST#{at}", shards = 4)]
struct Post {
    at: u32,
    #[dynamorm(unique)]
    slug: String,
}

async fn a_unique_value_is_of_all_shards_and_leads_to_one(db: TestDb) -> Result<()> {
    db.create_table::<Post>().execute().await?;
    let post = |at: u32, slug: &str| Post { at, slug: slug.into() };
    for at in 0..12 {
        db.put(&post(at, &format!("s{at}"))).execute().await?;
    }
    assert_eq!(db.get_by(Post::SLUG, "s7").one().await?.at, 7);
    for at in 20..28 {
        let taken = db.put(&post(at, "s7")).execute().await.unwrap_err();
        assert_eq!(taken.unique_attribute(), Some("slug"));
    }
    db.update(Post::key(7)).set(Post::SLUG, "new").execute().await?;
    db.put(&post(20, "s7")).execute().await?;
    db.delete(Post::key(3)).execute().await?;
    assert_eq!(db.get_by(Post::SLUG, "s7").one().await?.at, 20);
    assert!(db.get_by(Post::SLUG, "s3").optional().await?.is_none());
    let slugs = db.query::<Post>().key(Post::PRIMARY_KEY.partition(())).all().await?;
    let slugs: Vec<&str> = slugs.iter().map(|post| post.slug.as_str()).collect();
    assert_eq!(slugs, ["s0", "s1", "s2", "s4", "s5", "s6", "new", "s8", "s9", "s10", "s11", "s7"]);
    Ok(())
}

async fn the_shards_of_a_tenant_are_its_own(db: TestDb) -> Result<()> {
    db.create_table::<Event>().execute().await?;
    // The second one's name is what the first one's partition would look like.
    let (acme, other) = (db.tenant("acme"), db.tenant("acme#001"));
    for at in 0..20 {
        acme.put(&Event { tenant: String::new(), at }).execute().await?;
        other.put(&Event { tenant: String::new(), at: at + 100 }).execute().await?;
    }
    let key = || Event::PRIMARY_KEY.partition(());
    let of = async |handle: &dynamorm::TenantDb| -> Result<Vec<u32>> {
        let events = handle.query::<Event>().key(key()).all().await?;
        assert!(events.iter().all(|event| event.tenant == handle.tenant()));
        Ok(events.into_iter().map(|event| event.at).collect())
    };
    assert_eq!(of(&acme).await?, (0..20).collect::<Vec<_>>());
    assert_eq!(of(&other).await?, (100..120).collect::<Vec<_>>());
    assert_eq!(acme.get(Event::key(3)).one().await?.tenant, "acme");
    assert!(acme.get(Event::key(103)).optional().await?.is_none());
    let next = acme.query::<Event>().key(key()).take(5).await?.next;
    let anothers = other.query::<Event>().key(key()).start_key(next.clone());
    assert!(anothers.page().await.unwrap_err().is_invalid_start_key());
    assert_eq!(acme.query::<Event>().key(key()).start_key(next).take(1).await?.items[0].at, 5);
    let raw = KeyCondition::raw("pk = :p", [(":p", "TENANT#acme#001")]);
    assert!(other.query::<Event>().key(raw).all().await.unwrap_err().is_invalid_request());
    assert_eq!(acme.query::<Event>().key(key()).count().await?, 20);
    Ok(())
}
