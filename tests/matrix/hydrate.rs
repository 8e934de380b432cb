//! Queries that read keys from an index, and the items from the table.

use crate::support::{TestDb, matrix};
use dynamorm::transport::{Call, Fault, Operation, Request, Transport};
use dynamorm::{Db, Hydrate, Meter, Model, Project, Result, StartKey};
use futures_util::TryStreamExt;
use std::sync::{Arc, Mutex};

matrix![
    whole_items_come_in_the_order_of_the_index,
    a_projection_is_fetched_alone,
    each_page_is_one_query_and_as_many_batches_as_it_needs,
    start_keys_lead_on_exactly,
    items_that_are_gone_are_left_out,
    taking_reads_on_for_items_that_are_gone,
    filters_are_those_of_the_index,
    the_only_item_is_fetched_and_a_second_one_told,
    a_consistent_fetch_follows_any_index,
    what_an_item_costs_cannot_be_limited,
    errors_count_positions_over_all_pages,
];

/// Of two indexes one is sorted unlike the table, the other sorts by number.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "JOB#{id}", sk = "JOB")]
#[dynamorm(index = "by-queue", pk = queue, sk = rank, projection = keys_only)]
#[dynamorm(index = "by-owner", pk = owner, projection = include(state))]
struct Job {
    id: u32,
    queue: String,
    rank: u32,
    owner: String,
    state: String,
    note: String,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Job)]
struct JobNote {
    note: String,
}

fn job(id: u32) -> Job {
    Job {
        id,
        queue: "q1".into(),
        rank: 1_000 - id,
        owner: "ada".into(),
        state: if id.is_multiple_of(2) { "done" } else { "open" }.into(),
        note: format!("note {id}"),
    }
}

fn jobs(ids: impl IntoIterator<Item = u32>) -> Vec<Job> {
    ids.into_iter().map(job).collect()
}

async fn store(db: &TestDb, count: u32) -> Result<()> {
    db.create_table::<Job>().execute().await?;
    db.batch_write().put_all(&jobs(1..=count)).execute().await
}

fn of_queue(db: &Db) -> Hydrate<'_, Job> {
    db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1")).hydrate()
}

/// Deletes items before the first BatchGetItem, as someone else may at any time.
#[derive(Debug)]
struct Meanwhile {
    below: Arc<dyn Transport>,
    first: Mutex<Vec<Request>>,
}

impl Transport for Meanwhile {
    fn call(&self, request: Request) -> Call<'_> {
        let first = match request.operation {
            Operation::BatchGetItem => std::mem::take(&mut *self.first.lock().unwrap()),
            _ => Vec::new(),
        };
        Box::pin(async move {
            for request in first {
                self.below.call(request).await?;
            }
            self.below.call(request).await
        })
    }
}

/// The same tables, of which these jobs are gone when the first items are fetched.
fn without(db: &TestDb, ids: &[u32]) -> Result<Db> {
    let first = ids.iter().map(|id| db.delete(Job::key(*id)).to_request()).collect::<Result<Vec<_>>>()?;
    Ok(db.through(|below| Meanwhile { below, first: Mutex::new(first) }))
}

async fn whole_items_come_in_the_order_of_the_index(db: TestDb) -> Result<()> {
    store(&db, 5).await?;
    assert_eq!(of_queue(&db).all().await?, jobs([5, 4, 3, 2, 1]));
    let query = db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1").ge(997)).descending();
    assert_eq!(query.hydrate().all().await?, jobs([1, 2, 3]));
    assert_eq!(of_queue(&db).stream().try_collect::<Vec<_>>().await?, jobs([5, 4, 3, 2, 1]));
    // By the table's own key it is a detour, and nothing else.
    let query = db.query::<Job>().key(Job::PRIMARY_KEY.partition(3_u32));
    assert_eq!(query.hydrate().one().await?, job(3));
    Ok(())
}

async fn a_projection_is_fetched_alone(db: TestDb) -> Result<()> {
    store(&db, 2).await?;
    let query = || db.query::<JobNote>().key(Job::BY_QUEUE_INDEX.partition("q1"));
    assert!(query().all().await.unwrap_err().to_string().contains("or call `.hydrate()`"));
    let note = |text: &str| JobNote { note: text.into() };
    assert_eq!(query().hydrate().all().await?, [note("note 2"), note("note 1")]);
    Ok(())
}

async fn each_page_is_one_query_and_as_many_batches_as_it_needs(db: TestDb) -> Result<()> {
    store(&db, 250).await?;
    let sent = || (db.calls_of(Operation::Query), db.calls_of(Operation::BatchGetItem));
    let page = of_queue(&db).page().await?;
    assert_eq!(page.items, jobs((1..=250).rev()));
    assert_eq!((page.scanned_count, page.next), (250, None));
    assert_eq!(sent(), (1, 3));
    assert_eq!(of_queue(&db).count().await?, 250);
    assert_eq!(sent(), (2, 3), "nothing is fetched to be counted");
    let query = db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1")).limit(90);
    assert_eq!(query.hydrate().stream().try_collect::<Vec<_>>().await?, jobs((1..=250).rev()));
    assert_eq!(sent(), (5, 6));
    let none = db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q9")).hydrate();
    assert_eq!(none.all().await?, []);
    assert_eq!(sent(), (6, 6), "no key, no batch");
    Ok(())
}

async fn start_keys_lead_on_exactly(db: TestDb) -> Result<()> {
    store(&db, 7).await?;
    let query =
        |next: Option<StartKey>| db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1")).start_key(next);
    let page = query(None).limit(3).hydrate().page().await?;
    assert_eq!(page.items, jobs([7, 6, 5]));
    let page = query(page.next).hydrate().take(2).await?;
    assert_eq!(page.items, jobs([4, 3]));
    // A start key is one of the query, hydrated or not.
    assert_eq!(query(page.next.clone()).count().await?, 2);
    let page = query(page.next).hydrate().take(5).await?;
    assert_eq!((page.items, page.next), (jobs([2, 1]), None));
    // A filter lets the index give more than is taken.
    let open = |next| {
        let query = db.query::<Job>().key(Job::BY_OWNER_INDEX.partition("ada")).start_key(next);
        query.filter(Job::STATE.eq("open")).hydrate().take(1)
    };
    let (mut ids, mut next) = (Vec::new(), None);
    loop {
        let page = open(next).await?;
        ids.extend(page.items.iter().map(|job| job.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 3, 5, 7]);
    Ok(())
}

async fn items_that_are_gone_are_left_out(db: TestDb) -> Result<()> {
    store(&db, 5).await?;
    let page = of_queue(&without(&db, &[4])?).page().await?;
    assert_eq!((page.items, page.scanned_count), (jobs([5, 3, 2, 1]), 5));
    assert_eq!(of_queue(&without(&db, &[5])?).all().await?, jobs([3, 2, 1]));
    let stream_db = without(&db, &[1, 3])?;
    assert_eq!(of_queue(&stream_db).stream().try_collect::<Vec<_>>().await?, jobs([2]));
    assert!(of_queue(&without(&db, &[2])?).optional().await?.is_none());
    Ok(())
}

async fn taking_reads_on_for_items_that_are_gone(db: TestDb) -> Result<()> {
    store(&db, 7).await?;
    let before = db.calls_of(Operation::Query);
    let page = of_queue(&without(&db, &[6, 5])?).take(3).await?;
    assert_eq!(page.items, jobs([7, 4, 3]));
    assert_eq!(db.calls_of(Operation::Query) - before, 2);
    let rest = db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1")).start_key(page.next).hydrate();
    assert_eq!(rest.all().await?, jobs([2, 1]));
    // Also where the index gave more than was to be taken.
    let gone = without(&db, &[3])?;
    let open = gone.query::<Job>().key(Job::BY_OWNER_INDEX.partition("ada")).filter(Job::STATE.eq("open"));
    let mut found: Vec<u32> = open.hydrate().take(2).await?.items.iter().map(|job| job.id).collect();
    found.sort_unstable();
    assert_eq!(found, [1, 7]);
    Ok(())
}

async fn filters_are_those_of_the_index(db: TestDb) -> Result<()> {
    store(&db, 4).await?;
    let calls = db.calls();
    let query = db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1")).filter(Job::STATE.eq("open"));
    let refused = query.hydrate().all().await.unwrap_err().to_string();
    assert!(refused.contains("the filter uses attribute `state`, which index \"by-queue\""), "{refused}");
    assert_eq!(db.calls(), calls);
    let query = || db.query::<Job>().key(Job::BY_OWNER_INDEX.partition("ada")).filter(Job::STATE.eq("open"));
    assert_eq!(query().hydrate().all().await?.len(), 2);
    assert_eq!(query().hydrate().count().await?, 2);
    Ok(())
}

async fn the_only_item_is_fetched_and_a_second_one_told(db: TestDb) -> Result<()> {
    store(&db, 2).await?;
    assert!(of_queue(&db).one().await.unwrap_err().is_not_unique());
    assert_eq!(of_queue(&without(&db, &[2])?).one().await?, job(1));
    assert!(of_queue(&without(&db, &[1])?).one().await.unwrap_err().is_not_found());
    assert!(of_queue(&db).optional().await?.is_none());
    Ok(())
}

async fn a_consistent_fetch_follows_any_index(db: TestDb) -> Result<()> {
    store(&db, 2).await?;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    assert_eq!(of_queue(&metered).all().await?, jobs([2, 1]));
    let eventually = meter.reset();
    assert_eq!(of_queue(&metered).consistent_read().all().await?, jobs([2, 1]));
    let consistently = meter.usage();
    assert_eq!((eventually.requests, consistently.requests), (2, 2));
    assert_eq!(
        consistently.read_units - eventually.read_units,
        1.0,
        "half a unit more for each of two items"
    );
    Ok(())
}

async fn what_an_item_costs_cannot_be_limited(db: TestDb) -> Result<()> {
    store(&db, 1).await?;
    let calls = db.calls();
    let query = || db.query::<Job>().key(Job::BY_QUEUE_INDEX.partition("q1")).max_read_units(5).hydrate();
    for refused in [query().all().await.unwrap_err(), query().take(1).await.unwrap_err()] {
        assert!(refused.to_string().contains("use `limit`"), "{refused}");
    }
    assert_eq!(db.calls(), calls);
    Ok(())
}

/// A job as it may stand in the table without being one.
#[derive(Debug, Model)]
#[dynamorm(pk = "JOB#{id}", sk = "JOB")]
#[dynamorm(index = "by-queue", pk = queue, sk = rank)]
struct HalfAJob {
    id: u32,
    queue: String,
    rank: u32,
}

async fn errors_count_positions_over_all_pages(db: TestDb) -> Result<()> {
    store(&db, 10).await?;
    // Pages of four entries; of the second one, the first item is read, and the others never are.
    let faulty = || {
        db.faulty(|faults| {
            let faults = faults.small_pages(4).on(Operation::BatchGetItem, 2, Fault::Unprocessed { keep: 1 });
            (3..50).fold(faults, |faults, nth| faults.on(Operation::BatchGetItem, nth, Fault::Throttled))
        })
    };
    let all = of_queue(&faulty()).all().await.unwrap_err();
    let streamed = of_queue(&faulty()).stream().try_collect::<Vec<_>>().await.unwrap_err();
    for error in [all, streamed] {
        let left: Vec<usize> = error.unprocessed().iter().map(|key| key.operation).collect();
        assert_eq!(left, [5, 6, 7], "{error}");
    }
    // An item that cannot be read is named in the same way. Entry 5 is job 5.
    db.put(&HalfAJob { id: 5, queue: "q1".into(), rank: 1_000 - 5 }).execute().await?;
    let small = || db.faulty(|faults| faults.small_pages(4));
    let all = of_queue(&small()).all().await.unwrap_err();
    let streamed = of_queue(&small()).stream().try_collect::<Vec<_>>().await.unwrap_err();
    for error in [all, streamed] {
        assert!(error.to_string().contains("operation 5: attribute `"), "{error}");
    }
    Ok(())
}
