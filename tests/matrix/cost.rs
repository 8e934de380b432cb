//! What reads cost: pages that say it, and reads that stop at it.

use crate::models::{Order, order, shop};
use crate::support::{TestDb, matrix};
use dynamorm::{KeyCondition, Result, Timestamp};

matrix![
    a_page_tells_the_read_units_it_consumed,
    a_take_adds_up_the_read_units_of_its_requests,
    a_read_stops_at_its_maximum_with_what_it_has_and_a_start_key,
    a_maximum_on_a_terminal_without_a_start_key_is_refused_before_the_network,
];

/// Ten orders of one customer.
async fn orders(db: &TestDb) -> Result<Vec<Order>> {
    shop(db).await?;
    let orders: Vec<Order> = (1..=10).map(|second| order("u1", second)).collect();
    db.batch_write().put_all(&orders).execute().await?;
    Ok(orders)
}

fn of_u1() -> KeyCondition<Order, Timestamp> {
    Order::PRIMARY_KEY.partition("u1")
}

async fn a_page_tells_the_read_units_it_consumed(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let query = || db.query::<Order>().key(of_u1());
    assert_eq!(query().page().await?.consumed_capacity, Some(0.5));
    assert_eq!(query().consistent_read().page().await?.consumed_capacity, Some(1.0));
    // What the filter hides is charged for as well.
    let none = query().filter(Order::TOTAL.lt(0)).page().await?;
    assert_eq!((none.items.len(), none.consumed_capacity), (0, Some(0.5)));
    Ok(())
}

async fn a_take_adds_up_the_read_units_of_its_requests(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let pages = db.faulty(|faults| faults.small_pages(3));
    let calls = db.calls();
    let page = pages.query::<Order>().key(of_u1()).take(7).await?;
    let requests = db.calls() - calls;
    assert_eq!((page.items.len(), requests), (7, 3));
    assert_eq!(page.consumed_capacity, Some(1.5));
    Ok(())
}

async fn a_read_stops_at_its_maximum_with_what_it_has_and_a_start_key(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    // Each request looks at one item, and is charged for half a unit.
    let pages = db.faulty(|faults| faults.small_pages(1));
    let query = || pages.query::<Order>().key(of_u1()).filter(Order::TOTAL.ne(30));
    let first = query().max_read_units(2).take(100).await?;
    assert_eq!(first.items, [&orders[..2], &orders[3..4]].concat());
    assert_eq!((first.consumed_capacity, first.scanned_count), (Some(2.0), 4));
    let second = query().start_key(first.next).max_read_units(1).take(100).await?;
    assert_eq!(second.items, orders[4..6]);
    let rest = query().start_key(second.next).max_read_units(100).take(100).await?;
    assert_eq!((rest.items.as_slice(), rest.next), (&orders[6..], None));
    Ok(())
}

async fn a_maximum_on_a_terminal_without_a_start_key_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let query = || db.query::<Order>().key(of_u1()).max_read_units(5);
    for error in [
        query().all().await.unwrap_err(),
        query().count().await.unwrap_err(),
        query().one().await.unwrap_err(),
        query().optional().await.unwrap_err(),
    ] {
        assert!(error.is_invalid_request() && error.to_string().contains("use `take`"), "{error}");
    }
    assert!(query().max_read_units(0).take(1).await.unwrap_err().is_invalid_request());
    assert_eq!(db.calls(), 0);
    Ok(())
}
