//! Partitions whose items are spread over shards: by key as any, by query as one.

use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{
    Check, Db, ErrorKind, Item, ItemCollection, KeyCondition, Model, Project, Put, Result, StartKey,
    Timestamp, Ttl, Update,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

matrix![
    items_are_spread_and_each_is_found_by_its_key_with_one_request,
    a_query_reads_all_shards_in_order_both_ways,
    conditions_on_the_sort_key_hold_in_each_shard,
    pages_of_any_size_lead_on_without_a_gap_or_a_double,
    a_filter_is_applied_in_each_shard_and_pages_lead_on,
    a_page_holds_no_more_than_its_limit,
    take_one_optional_and_count_are_of_all_shards,
    a_start_key_stands_in_one_shard_and_is_signed,
    numbers_and_bytes_sort_across_shards,
    a_partition_grows_from_a_sort_key_on,
    an_item_in_the_wrong_shard_is_an_error,
    models_of_one_partition_have_different_numbers_of_shards,
    a_page_ends_at_a_megabyte,
    a_raw_key_condition_is_refused,
    a_scan_finds_the_items_of_all_shards,
    the_capacity_of_all_shards_is_added_up,
    a_maximum_of_read_units_stops_between_shards,
    what_has_expired_is_hidden_in_each_shard,
    items_of_several_models_share_the_shards,
    a_collection_may_be_one_partition_for_all,
    hydrate_fetches_what_the_shards_lead_to,
    batches_and_transactions_find_the_shards,
    an_index_of_a_sharded_table_is_read_as_any,
    the_shards_of_a_tenant_are_its_own,
    a_unique_value_is_of_all_shards_and_leads_to_one,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{topic}", sk = "{at}#{id}", shards = 4)]
#[dynamorm(index = "by-level", pk = level, sk = "{at}")]
struct Entry {
    topic: String,
    at: u32,
    id: String,
    level: String,
    hits: Option<i64>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Entry)]
struct Level {
    level: String,
}

/// One partition for all, which is what shards are for.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = "SEQ", sk = seq, shards = 3)]
struct Step {
    seq: i64,
    text: String,
}

fn entry(at: u32) -> Entry {
    let level = if at.is_multiple_of(5) { "error" } else { "info" };
    Entry { topic: "web".into(), at, id: format!("e{at}"), level: level.into(), hits: None }
}

async fn filled(db: &TestDb, count: u32) -> Result<Vec<Entry>> {
    db.create_table::<Entry>().execute().await?;
    let entries: Vec<Entry> = (0..count).map(entry).collect();
    db.batch_write().put_all(&entries).execute().await?;
    Ok(entries)
}

fn ats(entries: &[Entry]) -> Vec<u32> {
    entries.iter().map(|entry| entry.at).collect()
}

fn web() -> KeyCondition<Entry, (u32, String)> {
    Entry::PRIMARY_KEY.partition("web")
}

/// What a table holds, as it is stored.
async fn stored(db: &TestDb) -> Result<Vec<Item>> {
    let items =
        db.statement("SELECT * FROM \"{}\"".replace("{}", db.table_name()), [""; 0]).all::<Item>().await?;
    Ok(items)
}

async fn items_are_spread_and_each_is_found_by_its_key_with_one_request(db: TestDb) -> Result<()> {
    let entries = filled(&db, 40).await?;
    let shards: BTreeSet<String> =
        stored(&db).await?.iter().filter_map(|item| item["pk"].as_s().map(str::to_owned)).collect();
    let all = ["LOG#web#000", "LOG#web#001", "LOG#web#002", "LOG#web#003"].map(str::to_owned);
    assert_eq!(shards, BTreeSet::from(all));
    let before = db.calls();
    for entry in entries.iter().take(8) {
        assert_eq!(db.get(entry).one().await?, *entry);
        let one = db.query::<Entry>().key(web().eq((entry.at, entry.id.as_str())));
        assert_eq!(one.one().await?, *entry);
    }
    assert_eq!(db.calls() - before, 16);
    let key = || Entry::key("web", 7, "e7");
    db.update(key()).set(Entry::LEVEL, "warn").add(Entry::HITS, 2).execute().await?;
    assert_eq!(db.get(key()).one().await?.hits, Some(2));
    db.delete(key()).execute().await?;
    assert!(db.get(key()).optional().await?.is_none());
    assert_eq!(db.query::<Entry>().key(web()).count().await?, 39);
    Ok(())
}

async fn a_query_reads_all_shards_in_order_both_ways(db: TestDb) -> Result<()> {
    let entries = filled(&db, 50).await?;
    assert_eq!(db.query::<Entry>().key(web()).all().await?, entries);
    let mut reversed = ats(&entries);
    reversed.reverse();
    assert_eq!(ats(&db.query::<Entry>().key(web()).descending().all().await?), reversed);
    assert_eq!(db.query::<Entry>().key(web()).consistent_read().all().await?, entries);
    let levels = db.query::<Entry>().project::<Level>().key(web()).all().await?;
    assert_eq!(levels.len(), 50);
    assert_eq!(levels[5].level, "error");
    let none = db.query::<Entry>().key(Entry::PRIMARY_KEY.partition("none"));
    assert_eq!(none.all().await?, []);
    Ok(())
}

async fn conditions_on_the_sort_key_hold_in_each_shard(db: TestDb) -> Result<()> {
    filled(&db, 30).await?;
    let read = async |key| Ok::<_, dynamorm::Error>(ats(&db.query::<Entry>().key(key).all().await?));
    assert_eq!(read(web().ge((25, "e25"))).await?, [25, 26, 27, 28, 29]);
    assert_eq!(read(web().gt((25, "e25"))).await?, [26, 27, 28, 29]);
    assert_eq!(read(web().lt((3, "e3"))).await?, [0, 1, 2]);
    assert_eq!(read(web().le((3, "e3"))).await?, [0, 1, 2, 3]);
    assert_eq!(read(web().between((10, "e10"), (12, "e12"))).await?, [10, 11, 12]);
    assert_eq!(read(web().begins_with((17_u32,))).await?, [17]);
    // Pages resume within the condition.
    let range = || db.query::<Entry>().key(web().between((10, "e10"), (20, "e20"))).limit(3);
    let page = range().page().await?;
    assert_eq!(ats(&page.items), [10, 11, 12]);
    assert_eq!(ats(&range().start_key(page.next).all().await?), (13..=20).collect::<Vec<_>>());
    Ok(())
}

async fn pages_of_any_size_lead_on_without_a_gap_or_a_double(db: TestDb) -> Result<()> {
    let entries = filled(&db, 37).await?;
    for size in [1_u32, 2, 7, 36, 37, 100] {
        for descending in [false, true] {
            let mut read = Vec::new();
            let mut next: Option<StartKey> = None;
            loop {
                let query = db.query::<Entry>().key(web()).start_key(next);
                let query = if descending { query.descending() } else { query };
                let page = if size.is_multiple_of(2) {
                    query.take(size as usize).await?
                } else {
                    query.limit(size).page().await?
                };
                read.extend(page.items);
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
            if descending {
                read.reverse();
            }
            assert_eq!(ats(&read), ats(&entries), "{size} {descending}");
        }
    }
    Ok(())
}

async fn a_filter_is_applied_in_each_shard_and_pages_lead_on(db: TestDb) -> Result<()> {
    filled(&db, 40).await?;
    let errors = || db.query::<Entry>().key(web()).filter(Entry::LEVEL.eq("error"));
    let expected: Vec<u32> = (0..40).step_by(5).collect();
    assert_eq!(ats(&errors().all().await?), expected);
    let (mut read, mut next) = (Vec::new(), None);
    loop {
        let page = errors().limit(6).start_key(next).page().await?;
        read.extend(ats(&page.items));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(read, expected);
    let page = errors().take(3).await?;
    assert_eq!(ats(&page.items), [0, 5, 10]);
    assert_eq!(ats(&errors().start_key(page.next).take(2).await?.items), [15, 20]);
    Ok(())
}

async fn a_page_holds_no_more_than_its_limit(db: TestDb) -> Result<()> {
    filled(&db, 40).await?;
    let page = db.query::<Entry>().key(web()).limit(10).page().await?;
    assert_eq!(ats(&page.items), (0..10).collect::<Vec<_>>());
    assert!(page.next.is_some());
    // The shards are asked for their share and a little more, and not for the whole page each.
    assert!(page.scanned_count < 40, "{}", page.scanned_count);
    assert_eq!(db.query::<Entry>().key(web()).limit(1).page().await?.items.len(), 1);
    let refused = db.query::<Entry>().key(web()).limit(0).page().await.unwrap_err();
    assert!(refused.is_invalid_request());
    Ok(())
}

async fn take_one_optional_and_count_are_of_all_shards(db: TestDb) -> Result<()> {
    filled(&db, 40).await?;
    let all = || db.query::<Entry>().key(web());
    assert_eq!(all().count().await?, 40);
    assert_eq!(all().filter(Entry::LEVEL.eq("error")).count().await?, 8);
    assert_eq!(ats(&all().take(15).await?.items), (0..15).collect::<Vec<_>>());
    assert!(all().one().await.is_err_and(|err| err.is_not_unique()));
    assert_eq!(db.query::<Entry>().key(web().ge((39, "e39"))).one().await?.at, 39);
    assert!(db.query::<Entry>().key(web().gt((39, "e39"))).optional().await?.is_none());
    Ok(())
}

async fn a_start_key_stands_in_one_shard_and_is_signed(db: TestDb) -> Result<()> {
    filled(&db, 20).await?;
    let page = db.query::<Entry>().key(web()).take(7).await?;
    let next = page.next.unwrap();
    let text = next.to_string();
    assert_eq!(ats(&db.query::<Entry>().key(web()).start_key(text.parse::<StartKey>()?).all().await?)[0], 7);
    let other = db.query::<Entry>().key(Entry::PRIMARY_KEY.partition("other")).start_key(next.clone());
    assert!(other.page().await.unwrap_err().is_invalid_start_key());
    let backwards = db.query::<Entry>().key(web()).descending().start_key(next.clone());
    assert!(backwards.all().await.unwrap_err().is_invalid_start_key());
    let signed: Db = (*db).clone().cursor_secret("secret");
    let unsigned = signed.query::<Entry>().key(web()).start_key(next);
    assert!(unsigned.page().await.unwrap_err().is_invalid_start_key());
    let next = signed.query::<Entry>().key(web()).take(7).await?.next;
    assert_eq!(ats(&signed.query::<Entry>().key(web()).start_key(next).take(3).await?.items), [7, 8, 9]);
    Ok(())
}

async fn numbers_and_bytes_sort_across_shards(db: TestDb) -> Result<()> {
    db.create_table::<Step>().execute().await?;
    for seq in [100, -7, 20, 3, 0, -1000, 9] {
        db.put(&Step { seq, text: "x".into() }).execute().await?;
    }
    let seqs = async |key| -> Result<Vec<i64>> {
        Ok(db.query::<Step>().key(key).all().await?.into_iter().map(|step| step.seq).collect())
    };
    assert_eq!(seqs(Step::PRIMARY_KEY.partition(())).await?, [-1000, -7, 0, 3, 9, 20, 100]);
    assert_eq!(seqs(Step::PRIMARY_KEY.partition(()).between(0, 20)).await?, [0, 3, 9, 20]);
    assert_eq!(db.get(Step::key(100)).one().await?.seq, 100);
    let page = db.query::<Step>().key(Step::PRIMARY_KEY.partition(())).take(3).await?;
    let rest = db.query::<Step>().key(Step::PRIMARY_KEY.partition(())).start_key(page.next).all().await?;
    assert_eq!(rest.iter().map(|step| step.seq).collect::<Vec<_>>(), [3, 9, 20, 100]);

    #[derive(Debug, Model)]
    #[dynamorm(table = "bytes", pk = "BLOB", sk = hash, shards = 5)]
    struct Blob {
        hash: Vec<u8>,
    }
    let named = (*db).clone().rename_table("bytes", format!("{}-bytes", db.table_name()));
    named.create_table::<Blob>().execute().await?;
    for byte in [200_u8, 3, 255, 0, 17] {
        named.put(&Blob { hash: vec![byte, 1] }).execute().await?;
    }
    let blobs = named.query::<Blob>().key(Blob::PRIMARY_KEY.partition(())).all().await?;
    assert_eq!(blobs.iter().map(|blob| blob.hash[0]).collect::<Vec<_>>(), [0, 3, 17, 200, 255]);
    assert_eq!(named.get(Blob::key(vec![17, 1])).one().await?.hash, [17, 1]);
    Ok(())
}

/// The same log before it grew, and after.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 2)]
struct Before {
    topic: String,
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 2, shards_from("2027-01-01", 5))]
struct After {
    topic: String,
    at: Timestamp,
}

async fn a_partition_grows_from_a_sort_key_on(db: TestDb) -> Result<()> {
    db.create_table::<Before>().execute().await?;
    // 2026-12-31T23:59:40Z and on.
    let at = |second: i64| Timestamp::from_epoch_seconds(1_798_761_580 + second);
    for second in 0..20 {
        db.put(&Before { topic: "web".into(), at: at(second) }).execute().await?;
    }
    for second in 20..60 {
        db.put(&After { topic: "web".into(), at: at(second) }).execute().await?;
    }
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for item in stored(&db).await? {
        *of.entry(item["pk"].as_s().unwrap_or_default().to_owned()).or_default() += 1;
    }
    assert_eq!(of.len(), 5, "{of:?}");
    let all = db.query::<After>().key(After::PRIMARY_KEY.partition("web")).all().await?;
    assert_eq!(all.iter().map(|item| item.at).collect::<Vec<_>>(), (0..60).map(at).collect::<Vec<_>>());
    // Each is where its key says, with one request, and a put replaces it.
    let before = db.calls();
    for second in 0..60 {
        assert!(db.get(After::key("web", at(second))).optional().await?.is_some());
    }
    assert_eq!(db.calls() - before, 60);
    // A start key from before it grew leads on.
    let page = db.query::<Before>().key(Before::PRIMARY_KEY.partition("web").lt(at(20))).take(7).await?;
    let key = After::PRIMARY_KEY.partition("web");
    assert_eq!(db.query::<After>().key(key).start_key(page.next).take(1).await?.items[0].at, at(7));
    for second in [3, 19, 20, 50] {
        db.put(&After { topic: "web".into(), at: at(second) }).execute().await?;
    }
    assert_eq!(db.query::<After>().key(After::PRIMARY_KEY.partition("web")).count().await?, 60);
    Ok(())
}

async fn an_item_in_the_wrong_shard_is_an_error(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    #[dynamorm(pk = "LOG#{topic}", sk = "{at}", shards = 7)]
    struct Careless {
        topic: String,
        at: Timestamp,
    }
    db.create_table::<Before>().execute().await?;
    for second in 0..10 {
        let at = Timestamp::from_epoch_seconds(second);
        db.put(&Before { topic: "web".into(), at }).execute().await?;
    }
    let error = db.query::<Careless>().key(Careless::PRIMARY_KEY.partition("web")).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert!(error.to_string().contains("not in the shard of its sort key"), "{error}");
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "OF#{topic}", sk = "{at}", shards = 4, type = "Few")]
struct Few {
    topic: String,
    at: u32,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "OF#{topic}", sk = "{at}", shards = 11, type = "Many")]
struct Many {
    topic: String,
    at: u32,
}

async fn models_of_one_partition_have_different_numbers_of_shards(db: TestDb) -> Result<()> {
    db.create_table::<(Few, Many)>().execute().await?;
    for at in 0..40 {
        db.put(&Few { topic: "a".into(), at: 2 * at }).execute().await?;
        db.put(&Many { topic: "a".into(), at: 2 * at + 1 }).execute().await?;
    }
    let few = db.query::<Few>().key(Few::PRIMARY_KEY.partition("a")).limit(3).all().await?;
    assert_eq!(
        few.iter().map(|few| few.at).collect::<Vec<_>>(),
        (0..40).map(|at| 2 * at).collect::<Vec<_>>()
    );
    let many = db.query::<Many>().key(Many::PRIMARY_KEY.partition("a")).limit(5).descending().all().await?;
    let expected: Vec<u32> = (0..40).rev().map(|at| 2 * at + 1).collect();
    assert_eq!(many.iter().map(|many| many.at).collect::<Vec<_>>(), expected);
    Ok(())
}

async fn a_page_ends_at_a_megabyte(db: TestDb) -> Result<()> {
    db.create_table::<Step>().execute().await?;
    for seq in 0..40 {
        db.put(&Step { seq, text: "x".repeat(100_000) }).execute().await?;
    }
    let steps = || db.query::<Step>().key(Step::PRIMARY_KEY.partition(()));
    // Each of three shards answers with a megabyte at most.
    let page = steps().limit(1_000).page().await?;
    assert!((10..=36).contains(&page.items.len()), "{}", page.items.len());
    let rest = steps().start_key(page.next).all().await?;
    let seqs: Vec<i64> = page.items.iter().chain(&rest).map(|step| step.seq).collect();
    assert_eq!(seqs, (0..40).collect::<Vec<_>>());
    Ok(())
}

async fn a_raw_key_condition_is_refused(db: TestDb) -> Result<()> {
    filled(&db, 3).await?;
    let raw = KeyCondition::raw("pk = :p", [(":p", "LOG#web")]);
    let error = db.query::<Entry>().key(raw).all().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("spread over shards"), "{error}");
    let raw = KeyCondition::raw("level = :l", [(":l", "error")]);
    assert_eq!(db.query::<Entry>().key(raw).count().await?, 1);
    Ok(())
}

async fn a_scan_finds_the_items_of_all_shards(db: TestDb) -> Result<()> {
    filled(&db, 30).await?;
    let mut found = ats(&db.scan::<Entry>().all().await?);
    found.sort_unstable();
    assert_eq!(found, (0..30).collect::<Vec<_>>());
    db.create_table::<Step>().execute().await?;
    for seq in 0..10 {
        db.put(&Step { seq, text: "x".into() }).execute().await?;
    }
    assert_eq!(db.scan::<Step>().count().await?, 10);
    Ok(())
}

async fn the_capacity_of_all_shards_is_added_up(db: TestDb) -> Result<()> {
    filled(&db, 20).await?;
    let before = db.calls_of(Operation::Query);
    let page = db.query::<Entry>().key(web()).page().await?;
    assert_eq!(page.items.len(), 20);
    assert_eq!(page.scanned_count, 20);
    assert_eq!(page.consumed_capacity, Some(2.0));
    assert_eq!(db.calls_of(Operation::Query) - before, 4);
    Ok(())
}

async fn a_maximum_of_read_units_stops_between_shards(db: TestDb) -> Result<()> {
    filled(&db, 40).await?;
    let rare = || db.query::<Entry>().key(web()).filter(Entry::LEVEL.eq("error"));
    let (mut read, mut next) = (Vec::new(), None);
    let mut rounds = 0;
    loop {
        let page = rare().max_read_units(2).limit(8).start_key(next).take(100).await?;
        assert!(page.consumed_capacity.is_some_and(|units| units <= 4.0), "{:?}", page.consumed_capacity);
        read.extend(ats(&page.items));
        rounds += 1;
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert!(rounds > 1);
    assert_eq!(read, (0..40).step_by(5).collect::<Vec<_>>());
    Ok(())
}

async fn what_has_expired_is_hidden_in_each_shard(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    #[dynamorm(pk = "SESSIONS", sk = "SESSION#{id}", shards = 4)]
    struct Session {
        id: u32,
        #[dynamorm(ttl)]
        expires: Option<Ttl>,
    }
    db.create_table::<Session>().execute().await?;
    let now = Timestamp::from_epoch_seconds(4_000_000_000);
    for id in 0..20 {
        let expires = if u32::is_multiple_of(id, 2) { now } else { now + Duration::from_secs(60) };
        db.put(&Session { id, expires: Some(Ttl::at(expires)) }).execute().await?;
    }
    let db = (*db).clone().clock(move || now);
    let sessions = || db.query::<Session>().key(Session::PRIMARY_KEY.partition(()));
    assert_eq!(sessions().count().await?, 20);
    let live: Vec<u32> = sessions().live().all().await?.iter().map(|session| session.id).collect();
    assert_eq!(live, (0..20).filter(|id| id % 2 == 1).collect::<Vec<_>>());
    Ok(())
}

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
