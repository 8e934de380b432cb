//! A scan in several segments at once: every item once, one start key for all, so many requests at a time.

use crate::models::{Order, order, shop, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{Result, StartKeys};
use futures_util::TryStreamExt;

matrix![
    every_terminal_of_a_parallel_scan_gives_each_item_once,
    take_of_a_parallel_scan_is_of_all_segments_together_and_resumes_exactly,
    a_page_of_a_parallel_scan_is_one_request_for_each_segment_that_has_not_ended,
    a_stream_of_a_parallel_scan_reads_no_further_than_it_must,
    a_parallel_scan_stops_at_its_maximum_of_read_units,
    a_start_key_of_a_parallel_scan_is_of_no_other_scan,
    a_signed_start_key_of_a_parallel_scan_cannot_be_altered,
    a_parallel_scan_that_fails_is_resumed_without_loss,
];

/// Five orders of each of ten customers, and their profiles.
async fn fifty(db: &TestDb) -> Result<Vec<Order>> {
    shop(db).await?;
    let users: Vec<_> = (0..10).map(|nr| user(&format!("u{nr}"))).collect();
    let orders: Vec<Order> =
        users.iter().flat_map(|user| (1..=5).map(|second| order(&user.id, second))).collect();
    db.batch_write().put_all(&users).put_all(&orders).execute().await?;
    Ok(orders)
}

fn sorted(mut orders: Vec<Order>) -> Vec<Order> {
    orders.sort_by(|a, b| (&a.customer, a.placed_at).cmp(&(&b.customer, b.placed_at)));
    orders
}

async fn every_terminal_of_a_parallel_scan_gives_each_item_once(db: TestDb) -> Result<()> {
    let orders = fifty(&db).await?;
    for small_page in [2, 100] {
        let pages = db.faulty(|faults| faults.small_pages(small_page));
        for (segments, concurrency) in [(1, 8), (4, 1), (4, 3), (30, 8)] {
            let scan = || pages.scan::<Order>().parallel(segments).concurrency(concurrency);
            assert_eq!(sorted(scan().all().await?), orders);
            assert_eq!(sorted(scan().stream().try_collect().await?), orders);
            assert_eq!(scan().count().await?, 50);
            assert_eq!(sorted(scan().take(1_000).await?.items), orders);
            let filtered = pages.scan::<Order>().filter(Order::TOTAL.gt(30)).parallel(segments);
            assert_eq!(filtered.count().await?, 20);
        }
    }
    Ok(())
}

/// The number is of the whole, and not of each segment.
async fn take_of_a_parallel_scan_is_of_all_segments_together_and_resumes_exactly(db: TestDb) -> Result<()> {
    let orders = fifty(&db).await?;
    for small_page in [1, 7, 100] {
        let pages = db.faulty(|faults| faults.small_pages(small_page));
        for (segments, concurrency) in [(1, 1), (4, 4), (9, 2)] {
            for n in [1, 2, 7, 49, 50, 51] {
                let case = format!("take {n} of {segments} segments, pages of {small_page}");
                let (mut taken, mut next): (_, Option<StartKeys>) = (Vec::new(), None);
                loop {
                    let scan = pages.scan::<Order>().parallel(segments).concurrency(concurrency);
                    let page = scan.start_key(next).take(n).await?;
                    assert!(page.items.len() == n || page.next.is_none(), "{case}");
                    assert!(page.items.len() <= n, "{case}");
                    taken.extend(page.items);
                    let Some(keys) = page.next else { break };
                    next = Some(keys.to_string().parse()?);
                }
                assert_eq!(sorted(taken), orders, "{case}");
            }
        }
    }
    Ok(())
}

async fn a_page_of_a_parallel_scan_is_one_request_for_each_segment_that_has_not_ended(
    db: TestDb,
) -> Result<()> {
    let orders = fifty(&db).await?;
    let (mut found, mut next, mut before) = (Vec::new(), None, 4);
    loop {
        let calls = db.calls_of(Operation::Scan);
        let page = db.scan::<Order>().limit(6).parallel(4).start_key(next).page().await?;
        let requests = db.calls_of(Operation::Scan) - calls;
        // Segments that have ended are not asked again.
        assert!((1..=before).contains(&requests));
        assert!(page.scanned_count <= 6 * requests as u64);
        assert!(page.consumed_capacity.is_some_and(|units| units <= 0.5 * requests as f64));
        before = requests;
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(sorted(found), orders);
    Ok(())
}

async fn a_stream_of_a_parallel_scan_reads_no_further_than_it_must(db: TestDb) -> Result<()> {
    fifty(&db).await?;
    let calls = db.calls();
    let mut stream = Box::pin(db.scan::<Order>().limit(20).parallel(2).concurrency(2).stream());
    assert_eq!(db.calls(), calls);
    assert!(stream.try_next().await?.is_some());
    // One if the first segment answered before the second was asked.
    assert!((1..=2).contains(&(db.calls() - calls)));
    Ok(())
}

async fn a_parallel_scan_stops_at_its_maximum_of_read_units(db: TestDb) -> Result<()> {
    let orders = fifty(&db).await?;
    let pages = db.faulty(|faults| faults.small_pages(2));
    let scan = || pages.scan::<Order>().max_read_units(2).parallel(8).concurrency(2);
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = scan().start_key(next).take(1_000).await?;
        // Two requests are under way at once, so the last may pass the number by one.
        assert!(page.consumed_capacity.is_some_and(|units| units <= 2.5));
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(sorted(found), orders);
    let calls = db.calls();
    let page = scan().page().await?;
    // DynamoDB Local charges nothing for a segment without items.
    assert!(page.consumed_capacity.is_some_and(|units| units <= 2.5) && db.calls() - calls < 8);
    let rest = pages.scan::<Order>().parallel(8).start_key(page.next).take(1_000).await?;
    assert_eq!(page.items.len() + rest.items.len(), 50);
    assert!(scan().all().await.unwrap_err().is_invalid_request());
    Ok(())
}

async fn a_start_key_of_a_parallel_scan_is_of_no_other_scan(db: TestDb) -> Result<()> {
    fifty(&db).await?;
    let next = db.scan::<Order>().parallel(4).take(3).await?.next;
    let elsewhere = (*db).clone().rename_table(db.table_name(), "another");
    let calls = db.calls();
    for error in [
        db.scan::<Order>().parallel(5).start_key(next.clone()).page().await.unwrap_err(),
        elsewhere.scan::<Order>().parallel(4).start_key(next.clone()).take(1).await.unwrap_err(),
        db.scan::<crate::models::User>()
            .index(crate::models::User::EMAIL_INDEX)
            .parallel(4)
            .start_key(next)
            .all()
            .await
            .unwrap_err(),
    ] {
        assert!(error.is_invalid_start_key(), "{error}");
    }
    assert_eq!(db.calls(), calls);
    Ok(())
}

async fn a_signed_start_key_of_a_parallel_scan_cannot_be_altered(db: TestDb) -> Result<()> {
    let orders = fifty(&db).await?;
    let signed = (*db).clone().cursor_secret("secret");
    let first = signed.scan::<Order>().parallel(4).take(7).await?;
    let next = first.next.unwrap();
    let (_, signature) = next.to_string().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let other = db.scan::<Order>().parallel(4).take(9).await?.next.unwrap();
    for forged in [other.clone(), format!("{other}.{signature}").parse()?] {
        let error = signed.scan::<Order>().parallel(4).start_key(forged).take(1).await.unwrap_err();
        assert!(error.is_invalid_start_key(), "{error}");
    }
    let rest = signed.scan::<Order>().parallel(4).start_key(next).all().await?;
    assert_eq!(sorted([first.items, rest].concat()), orders);
    Ok(())
}

/// Throttled in one call of four: whoever goes on from the last start key gets each item once.
async fn a_parallel_scan_that_fails_is_resumed_without_loss(db: TestDb) -> Result<()> {
    let orders = fifty(&db).await?;
    for seed in 0..5 {
        let faulty = db.faulty(|faults| faults.seed(seed).throttle(0.25).small_pages(5));
        let (mut found, mut next, mut failures): (_, Option<StartKeys>, _) = (Vec::new(), None, 0);
        loop {
            match faulty.scan::<Order>().parallel(3).start_key(next.clone()).take(6).await {
                Ok(page) => {
                    found.extend(page.items);
                    next = page.next;
                    if next.is_none() {
                        break;
                    }
                }
                Err(error) if error.is_throttled() => failures += 1,
                Err(error) => return Err(error),
            }
        }
        assert_eq!(sorted(found), orders, "seed {seed}");
        assert!(failures > 0);
    }
    Ok(())
}
