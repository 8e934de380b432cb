//! Scan: terminals, filters and indexes, start keys. Several segments at once have a file of their own.

use crate::models::{Order, User, order, shop, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{Condition, ErrorKind, KeyCondition, Model, Project, Result};
use futures_util::TryStreamExt;

matrix![
    a_scan_gives_the_items_of_its_model_and_no_others,
    a_page_of_a_scan_is_one_request_and_its_limit_counts_before_the_filter,
    every_terminal_of_a_scan_reads_every_page,
    take_of_a_scan_gives_the_exact_resume_key,
    take_of_a_scan_without_a_filter_reads_no_item_in_vain,
    a_projection_of_a_scan_resumes_too,
    a_filter_of_a_scan_may_use_the_key,
    a_scan_of_an_index_gives_what_is_in_it,
    segments_are_the_table_in_parts,
    a_start_key_of_a_scan_is_of_no_other_read,
    a_signed_start_key_of_a_scan_cannot_be_altered,
    a_scan_stops_at_its_maximum_of_read_units,
    items_of_another_model_with_the_same_keys_are_errors_and_not_skipped,
    nothing_but_a_scan_scans,
    a_filter_with_one_match_is_read_by_whole_pages,
];

/// Three users, two of them with an address, and four orders of each.
async fn three(db: &TestDb) -> Result<(Vec<User>, Vec<Order>)> {
    shop(db).await?;
    let users: Vec<User> = ["u1", "u2", "u3"].map(user).into();
    let users: Vec<User> = users
        .into_iter()
        .map(|user| if user.id == "u2" { User { email: String::new(), ..user } } else { user })
        .collect();
    let orders: Vec<Order> =
        users.iter().flat_map(|user| (1..=4).map(|second| order(&user.id, second))).collect();
    db.batch_write().put_all(&users).put_all(&orders).execute().await?;
    Ok((users, orders))
}

fn sorted(mut orders: Vec<Order>) -> Vec<Order> {
    orders.sort_by(|a, b| (&a.customer, a.placed_at).cmp(&(&b.customer, b.placed_at)));
    orders
}

fn by_id(mut users: Vec<User>) -> Vec<User> {
    users.sort_by(|a, b| a.id.cmp(&b.id));
    users
}

async fn a_scan_gives_the_items_of_its_model_and_no_others(db: TestDb) -> Result<()> {
    let (users, orders) = three(&db).await?;
    assert_eq!(by_id(db.scan::<User>().all().await?), users);
    assert_eq!(sorted(db.scan::<Order>().all().await?), orders);
    assert_eq!(db.scan::<Order>().filter(Order::TOTAL.gt(20)).count().await?, 6);
    Ok(())
}

async fn a_page_of_a_scan_is_one_request_and_its_limit_counts_before_the_filter(db: TestDb) -> Result<()> {
    three(&db).await?;
    let calls = db.calls();
    let page = db.scan::<User>().limit(5).page().await?;
    assert_eq!((db.calls() - calls, page.scanned_count), (1, 5));
    assert_eq!(page.consumed_capacity, Some(0.5));
    let rest = db.scan::<User>().start_key(page.next).page().await?;
    assert_eq!((page.items.len() + rest.items.len(), rest.scanned_count), (3, 10));
    assert!(rest.next.is_none());
    Ok(())
}

async fn every_terminal_of_a_scan_reads_every_page(db: TestDb) -> Result<()> {
    let (_, orders) = three(&db).await?;
    let pages = db.faulty(|faults| faults.small_pages(2));
    let scan = || pages.scan::<Order>();
    let calls = db.calls();
    assert_eq!(sorted(scan().all().await?), orders);
    assert!(db.calls_of(Operation::Scan) >= 7 && db.calls() - calls >= 7);
    assert_eq!(sorted(scan().stream().try_collect().await?), orders);
    assert_eq!(scan().count().await?, 12);
    assert_eq!(sorted(scan().take(100).await?.items), orders);
    assert_eq!(sorted(scan().limit(1).all().await?), orders);
    let calls = db.calls();
    let mut stream = Box::pin(db.scan::<Order>().limit(15).stream());
    assert_eq!(db.calls(), calls);
    assert!(stream.try_next().await?.is_some());
    assert_eq!(db.calls(), calls + 1);
    Ok(())
}

/// For every number of items, every filter and every size of page: the pages of `take`, one after the other, are exactly what
/// `all` gives, and each but the last is full.
async fn take_of_a_scan_gives_the_exact_resume_key(db: TestDb) -> Result<()> {
    three(&db).await?;
    type Filter = fn() -> Condition<Order>;
    let filters: [Option<Filter>; 3] =
        [None, Some(|| Order::TOTAL.ne(20)), Some(|| Order::CUSTOMER.eq("u2"))];
    for small_page in [1, 4, 100] {
        let pages = db.faulty(|faults| faults.small_pages(small_page));
        for (nth, filter) in filters.iter().enumerate() {
            let scan = || match filter {
                Some(filter) => pages.scan::<Order>().filter(filter()),
                None => pages.scan::<Order>(),
            };
            let all = scan().all().await?;
            for n in [1, 2, 5, 12, 13] {
                let case = format!("take {n}, filter {nth}, pages of {small_page}");
                let (mut taken, mut next) = (Vec::new(), None);
                loop {
                    let page = scan().start_key(next).take(n).await?;
                    assert!(page.items.len() == n || page.next.is_none(), "{case}");
                    taken.extend(page.items);
                    next = page.next;
                    if next.is_none() {
                        break;
                    }
                }
                assert_eq!(taken, all, "{case}");
            }
        }
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
struct Bare {
    #[dynamorm(pk)]
    id: u32,
}

async fn take_of_a_scan_without_a_filter_reads_no_item_in_vain(db: TestDb) -> Result<()> {
    db.create_table::<Bare>().execute().await?;
    let items: Vec<Bare> = (1..=9).map(|id| Bare { id }).collect();
    db.batch_write().put_all(&items).execute().await?;
    let page = db.scan::<Bare>().take(4).await?;
    assert_eq!((page.items.len(), page.scanned_count), (4, 4));
    let calls = db.calls();
    assert!(db.scan::<Bare>().take(0).await.unwrap_err().is_invalid_request());
    assert!(db.scan::<Bare>().limit(0).all().await.unwrap_err().is_invalid_request());
    assert_eq!(db.calls(), calls);
    Ok(())
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Order)]
struct Total {
    total: i64,
}

async fn a_projection_of_a_scan_resumes_too(db: TestDb) -> Result<()> {
    let (_, orders) = three(&db).await?;
    let scan = || db.scan::<Order>().project::<Total>().filter(Order::TOTAL.ne(20));
    let first = scan().take(5).await?;
    let second = scan().start_key(first.next).take(5).await?;
    let mut totals: Vec<i64> = first.items.iter().chain(&second.items).map(|item| item.total).collect();
    totals.sort_unstable();
    let mut expected: Vec<i64> =
        orders.iter().map(|order| order.total).filter(|total| *total != 20).collect();
    expected.sort_unstable();
    assert_eq!(totals, expected);
    Ok(())
}

async fn a_filter_of_a_scan_may_use_the_key(db: TestDb) -> Result<()> {
    three(&db).await?;
    let raw = Condition::raw("pk = :p", [(":p", "USER#u2")]);
    assert_eq!(db.scan::<Order>().filter(raw).count().await?, 4);
    // An `or` does not let the items of other models in.
    let any = Order::TOTAL.lt(0).or(Condition::raw("attribute_exists(pk)", [("", 0); 0]));
    assert_eq!(db.scan::<Order>().filter(any).all().await?.len(), 12);
    Ok(())
}

async fn a_scan_of_an_index_gives_what_is_in_it(db: TestDb) -> Result<()> {
    let (users, _) = three(&db).await?;
    let scan = || db.scan::<User>().index(User::EMAIL_INDEX);
    assert_eq!(by_id(scan().all().await?), [users[0].clone(), users[2].clone()]);
    let first = scan().take(1).await?;
    let second = scan().start_key(first.next.clone()).take(2).await?;
    assert_eq!(by_id([first.items, second.items].concat()).len(), 2);
    let error = scan().consistent_read().all().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("\"email-index\""), "{error}");
    let error = db.scan::<User>().start_key(first.next).page().await.unwrap_err();
    assert!(error.is_invalid_start_key(), "{error}");
    Ok(())
}

async fn segments_are_the_table_in_parts(db: TestDb) -> Result<()> {
    let (_, orders) = three(&db).await?;
    let mut found = Vec::new();
    for number in 0..3 {
        found.extend(db.scan::<Order>().segment(number, 3).all().await?);
    }
    assert_eq!(sorted(found), orders);
    let calls = db.calls();
    assert!(db.scan::<Order>().segment(3, 3).page().await.unwrap_err().is_invalid_request());
    assert!(db.scan::<Order>().segment(0, 1_000_001).page().await.unwrap_err().is_invalid_request());
    assert_eq!(db.calls(), calls);
    Ok(())
}

async fn a_start_key_of_a_scan_is_of_no_other_read(db: TestDb) -> Result<()> {
    three(&db).await?;
    let of_scan = db.scan::<Order>().take(1).await?.next;
    let of_query = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).take(1).await?.next;
    let of_segment = db.scan::<Order>().segment(0, 1).take(1).await?.next;
    let elsewhere = (*db).clone().rename_table(db.table_name(), "another");
    let calls = db.calls();
    for error in [
        db.scan::<Order>().start_key(of_query).page().await.unwrap_err(),
        db.scan::<Order>().start_key(of_segment).page().await.unwrap_err(),
        db.scan::<Order>().segment(0, 1).start_key(of_scan.clone()).page().await.unwrap_err(),
        elsewhere.scan::<Order>().start_key(of_scan.clone()).page().await.unwrap_err(),
        db.query::<Order>()
            .key(Order::PRIMARY_KEY.partition("u1"))
            .start_key(of_scan.clone())
            .page()
            .await
            .unwrap_err(),
    ] {
        assert!(error.is_invalid_start_key(), "{error}");
    }
    assert_eq!(db.calls(), calls);
    assert_eq!(db.scan::<Order>().start_key(of_scan).all().await?.len(), 11);
    Ok(())
}

async fn a_signed_start_key_of_a_scan_cannot_be_altered(db: TestDb) -> Result<()> {
    three(&db).await?;
    let signed = (*db).clone().cursor_secret("secret");
    let next = signed.scan::<Order>().take(1).await?.next.unwrap();
    let unsigned = db.scan::<Order>().take(1).await?.next.unwrap();
    let read = next.to_string().parse().unwrap();
    assert_eq!(signed.scan::<Order>().start_key(Some(read)).all().await?.len(), 11);
    let (_, signature) = next.to_string().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let other = db.scan::<Order>().take(2).await?.next.unwrap();
    for forged in [unsigned, format!("{other}.{signature}").parse().unwrap()] {
        let error = signed.scan::<Order>().start_key(forged).page().await.unwrap_err();
        assert!(error.is_invalid_start_key(), "{error}");
    }
    Ok(())
}

async fn a_scan_stops_at_its_maximum_of_read_units(db: TestDb) -> Result<()> {
    let (_, orders) = three(&db).await?;
    let pages = db.faulty(|faults| faults.small_pages(1));
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = pages.scan::<Order>().start_key(next).max_read_units(2).take(100).await?;
        assert!(page.consumed_capacity.is_some_and(|units| units <= 2.0) && page.scanned_count <= 4);
        found.extend(page.items);
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(sorted(found), orders);
    assert!(db.scan::<Order>().max_read_units(2).all().await.unwrap_err().is_invalid_request());
    Ok(())
}

async fn items_of_another_model_with_the_same_keys_are_errors_and_not_skipped(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    #[dynamorm(pk = "USER#{customer}", sk = "ORDER#{placed_at}")]
    struct Stranger {
        customer: String,
        placed_at: dynamorm::Timestamp,
    }
    shop(&db).await?;
    db.put(&Stranger { customer: "u1".to_owned(), placed_at: order("u1", 1).placed_at }).execute().await?;
    let error = db.scan::<Order>().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("`total`"), "{error}");
    Ok(())
}

/// Where other libraries turn a query without a fitting key into a scan, this one has nothing to write, or refuses.
async fn nothing_but_a_scan_scans(db: TestDb) -> Result<()> {
    three(&db).await?;
    let calls = db.calls();
    // A type without a key has no terminals: see `tests/ui/fail/a_query_without_a_key_cannot_run.rs`. Raw text is checked.
    for text in ["total = :v", "pk > :v", "begins_with(pk, :v)", "name = :v"] {
        let query = db.query::<Order>().key(KeyCondition::raw(text, [(":v", "USER#u1")]));
        let error = query.all().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
    }
    assert_eq!(db.calls(), calls);
    let first_in_order = Order::TOTAL.eq(10);
    db.query::<Order>().filter(first_in_order).key(Order::PRIMARY_KEY.partition("u1")).all().await?;
    db.query::<User>().key(User::EMAIL_INDEX.partition("u1@example.com")).all().await?;
    assert_eq!((db.calls_of(Operation::Scan), db.calls_of(Operation::Query)), (0, 2));
    Ok(())
}

/// Asking for one item does not read one item at a time.
async fn a_filter_with_one_match_is_read_by_whole_pages(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let orders: Vec<Order> = (1..=34).map(|second| order("u1", second)).collect();
    db.batch_write().put_all(&orders).execute().await?;
    let calls = db.calls();
    let query = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).filter(Order::TOTAL.eq(340));
    assert_eq!(query.one().await?, orders[33]);
    let scan = db.scan::<Order>().filter(Order::TOTAL.eq(10)).take(1).await?;
    assert_eq!((scan.items.as_slice(), db.calls() - calls), (&orders[..1], 2));
    Ok(())
}
