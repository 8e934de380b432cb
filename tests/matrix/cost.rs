//! What reads cost: pages that say it, and reads that stop at it.

use crate::models::{Order, User, order, shop, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{KeyCondition, Meter, Result, Timestamp};

matrix![
    a_page_tells_the_read_units_it_consumed,
    a_take_adds_up_the_read_units_of_its_requests,
    a_read_stops_at_its_maximum_with_what_it_has_and_a_start_key,
    a_maximum_on_a_terminal_without_a_start_key_is_refused_before_the_network,
    a_meter_adds_up_what_every_operation_consumes,
    a_meter_adds_up_what_reads_by_key_consume,
    a_meter_counts_a_transaction_as_dynamodb_charges_it
        lacks(Direct: "DynamoDB Local charges a write in a transaction once", Compat: "as Direct"),
    a_meter_tells_the_part_of_each_index,
    a_meter_counts_what_is_sent_again_and_what_was_left_undone,
    what_is_not_metered_is_not_counted,
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

async fn a_meter_adds_up_what_every_operation_consumes(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    metered.put(&order("u1", 1)).execute().await?;
    metered.update(Order::key("u1", order("u1", 1).placed_at)).add(Order::TOTAL, 1).execute().await?;
    metered.batch_write().put_all(&[order("u1", 2), order("u1", 3)]).execute().await?;
    metered.delete(Order::key("u1", order("u1", 9).placed_at)).execute().await?;
    let usage = meter.usage();
    assert_eq!((usage.requests, usage.write_units, usage.read_units), (4, 5.0, 0.0));
    assert_eq!((usage.items_written, usage.items_read), (5, 0));

    assert_eq!(meter.reset(), usage);
    metered.get(Order::key("u1", order("u1", 1).placed_at)).consistent_read().one().await?;
    metered.get(Order::key("u9", order("u1", 1).placed_at)).optional().await?;
    assert_eq!(metered.query::<Order>().key(of_u1()).take(3).await?.items.len(), 3);
    assert_eq!(metered.query::<Order>().key(of_u1()).count().await?, 3);
    let usage = meter.usage();
    assert_eq!((usage.requests, usage.write_units, usage.read_units), (4, 0.0, 2.5));
    assert_eq!((usage.items_written, usage.items_read), (0, 4));
    let table = &usage.tables[db.table_name()];
    assert_eq!((table.requests, table.read_units), (4, 2.5));

    metered.describe_table::<Order>().one().await?;
    assert_eq!((meter.usage().requests, meter.usage().read_units), (5, 2.5));
    Ok(())
}

async fn a_meter_adds_up_what_reads_by_key_consume(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    let key = |second| Order::key("u1", order("u1", second).placed_at);
    // Of four keys, one of no item and one twice.
    let found = metered.batch_get([1, 2, 99, 1].map(key)).all().await?;
    assert_eq!(found.iter().flatten().count(), 3);
    let usage = meter.reset();
    assert_eq!((usage.requests, usage.items_read), (1, 2));
    // DynamoDB Local charges nothing for the key without an item.
    assert!((1.0..=1.5).contains(&usage.read_units), "{usage:?}");
    let (first, second) = metered.transact_get((key(1), key(2))).one().await?;
    assert_eq!([&first, &second], [&orders[0], &orders[1]]);
    let usage = meter.usage();
    assert_eq!((usage.requests, usage.items_read, usage.read_units), (1, 2, 4.0));
    Ok(())
}

async fn a_meter_counts_a_transaction_as_dynamodb_charges_it(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let meter = Meter::default();
    db.metered(&meter).transact_write().put(&order("u1", 4)).put(&order("u1", 5)).execute().await?;
    let usage = meter.usage();
    assert_eq!((usage.requests, usage.items_written, usage.write_units), (1, 2, 4.0));
    Ok(())
}

async fn a_meter_tells_the_part_of_each_index(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    metered.put(&user("u1")).execute().await?;
    let usage = meter.reset();
    let table = &usage.tables[db.table_name()];
    assert_eq!((usage.write_units, table.write_units), (2.0, 2.0));
    assert_eq!(table.indexes["email-index"].write_units, 1.0);
    metered.query::<User>().key(User::EMAIL_INDEX.partition("u1@example.com")).one().await?;
    let usage = meter.usage();
    let table = &usage.tables[db.table_name()];
    assert_eq!((usage.read_units, table.indexes["email-index"].read_units), (0.5, 0.5));
    Ok(())
}

async fn a_meter_counts_what_is_sent_again_and_what_was_left_undone(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let meter = Meter::default();
    let faulty = db
        .faulty(|faults| {
            let faults = faults.on(Operation::BatchWriteItem, 1, Fault::Throttled);
            faults.on(Operation::BatchWriteItem, 2, Fault::Unprocessed { keep: 1 })
        })
        .metered(&meter);
    faulty.batch_write().put_all(&[order("u1", 1), order("u1", 2), order("u1", 3)]).execute().await?;
    let usage = meter.usage();
    assert_eq!((usage.requests, usage.retries, usage.throttles), (3, 2, 1));
    assert_eq!(usage.items_written, 3);
    Ok(())
}

async fn what_is_not_metered_is_not_counted(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let (first, second) = (Meter::default(), Meter::default());
    let metered = db.metered(&first);
    db.query::<Order>().key(of_u1()).all().await?;
    assert_eq!(first.usage(), Meter::default().usage());
    // Two meters of one handle count the same, and a clone of one is the same meter.
    metered.metered(&second.clone()).query::<Order>().key(of_u1()).all().await?;
    assert_eq!((first.usage().items_read, second.usage().items_read), (10, 10));
    Ok(())
}
