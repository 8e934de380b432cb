//! Partitions whose items are spread over shards: by key as any, by query as one.

pub(crate) mod growth;
pub(crate) mod together;

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
    a_page_ends_at_a_megabyte,
    a_raw_key_condition_is_refused,
    a_scan_finds_the_items_of_all_shards,
    the_capacity_of_all_shards_is_added_up,
    a_maximum_of_read_units_stops_between_shards,
    what_has_expired_is_hidden_in_each_shard,
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
