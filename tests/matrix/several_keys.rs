//! Index keys of several attributes: all of the partition key, the sort key from left to right.

use crate::support::{TestDb, matrix};
use dynamorm::{Model, Result, Timestamp};

matrix![
    parts_are_compared_from_left_to_right,
    a_range_stands_on_the_part_after_those_that_are_equal,
    an_item_that_lacks_a_part_is_not_in_the_index,
    pages_of_such_an_index_go_on_exactly,
    a_start_key_of_another_partition_of_such_an_index_is_refused,
    a_raw_key_condition_names_all_partition_attributes,
    an_update_of_a_part_moves_the_item_in_the_index,
    a_table_that_exists_is_compared_part_by_part,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-place", pk = (tenant, region), sk = (status, number, placed))]
struct Order {
    id: String,
    tenant: String,
    region: Option<String>,
    status: String,
    number: i64,
    placed: Timestamp,
}

fn order(id: &str, region: Option<&str>, status: &str, number: i64) -> Order {
    Order {
        id: id.into(),
        tenant: "t1".into(),
        region: region.map(str::to_owned),
        status: status.into(),
        number,
        placed: Timestamp::from_epoch_seconds(1_700_000_000 + number),
    }
}

async fn filled(db: &TestDb) -> Result<()> {
    db.create_table::<Order>().execute().await?;
    let mut orders: Vec<Order> =
        (-2..4).map(|number| order(&format!("open{number}"), Some("eu"), "open", number)).collect();
    orders.extend((0..3).map(|number| order(&format!("paid{number}"), Some("eu"), "paid", number)));
    orders.push(order("us", Some("us"), "open", 9));
    orders.push(order("nowhere", None, "open", 9));
    db.batch_write().put_all(&orders).execute().await
}

fn ids(orders: &[Order]) -> Vec<&str> {
    orders.iter().map(|order| order.id.as_str()).collect()
}

async fn parts_are_compared_from_left_to_right(db: TestDb) -> Result<()> {
    filled(&db).await?;
    let eu = || Order::BY_PLACE_INDEX.partition(("t1", "eu"));
    assert_eq!(db.query::<Order>().key(eu()).count().await?, 9);
    assert_eq!(db.query::<Order>().key(eu().eq("paid")).count().await?, 3);
    let one = db.query::<Order>().key(eu().eq("paid").eq(2)).one().await?;
    assert_eq!(one.id, "paid2");
    let exact = eu().eq("paid").eq(2).eq(one.placed);
    assert_eq!(db.query::<Order>().key(exact).one().await?, one);
    let other = Order::BY_PLACE_INDEX.partition(("t2", "eu"));
    assert_eq!(db.query::<Order>().key(other).count().await?, 0);
    Ok(())
}

async fn a_range_stands_on_the_part_after_those_that_are_equal(db: TestDb) -> Result<()> {
    filled(&db).await?;
    let eu = || Order::BY_PLACE_INDEX.partition(("t1", "eu"));
    let found = db.query::<Order>().key(eu().eq("open").between(-1, 1)).all().await?;
    assert_eq!(ids(&found), ["open-1", "open0", "open1"], "numbers sort by value");
    let found = db.query::<Order>().key(eu().eq("open").lt(0)).descending().all().await?;
    assert_eq!(ids(&found), ["open-1", "open-2"]);
    let found = db.query::<Order>().key(eu().begins_with("pa")).all().await?;
    assert_eq!(ids(&found), ["paid0", "paid1", "paid2"]);
    let found = db.query::<Order>().key(eu().gt("open")).all().await?;
    assert_eq!(ids(&found), ["paid0", "paid1", "paid2"]);
    Ok(())
}

async fn an_item_that_lacks_a_part_is_not_in_the_index(db: TestDb) -> Result<()> {
    filled(&db).await?;
    let empty = order("empty", Some(""), "open", 1);
    db.put(&empty).execute().await?;
    assert_eq!(db.get(Order::key("empty")).one().await?.region, None, "an empty part is left out");
    for region in ["eu", "us"] {
        let found = db.query::<Order>().key(Order::BY_PLACE_INDEX.partition(("t1", region))).all().await?;
        assert!(!ids(&found).contains(&"nowhere") && !ids(&found).contains(&"empty"));
    }
    Ok(())
}

async fn pages_of_such_an_index_go_on_exactly(db: TestDb) -> Result<()> {
    filled(&db).await?;
    let query = || db.query::<Order>().key(Order::BY_PLACE_INDEX.partition(("t1", "eu")));
    let all = query().all().await?;
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = query().start_key(next).take(2).await?;
        found.extend(page.items);
        // Through text, as a client would send it back.
        next = page.next.map(|next| next.to_string().parse()).transpose()?;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
    Ok(())
}

async fn a_start_key_of_another_partition_of_such_an_index_is_refused(db: TestDb) -> Result<()> {
    filled(&db).await?;
    let in_region = |region| db.query::<Order>().key(Order::BY_PLACE_INDEX.partition(("t1", region)));
    let next = in_region("eu").limit(1).page().await?.next;
    let refused = in_region("us").start_key(next).page().await.unwrap_err();
    assert!(refused.is_invalid_start_key(), "{refused}");
    Ok(())
}

async fn a_raw_key_condition_names_all_partition_attributes(db: TestDb) -> Result<()> {
    use dynamorm::KeyCondition;
    filled(&db).await?;
    let whole: KeyCondition<Order> = KeyCondition::raw(
        "tenant = :t AND region = :r AND status = :s",
        [(":t", "t1"), (":r", "eu"), (":s", "paid")],
    );
    assert_eq!(db.query::<Order>().key(whole).count().await?, 3);
    let half: KeyCondition<Order> = KeyCondition::raw("tenant = :t", [(":t", "t1")]);
    let refused = db.query::<Order>().key(half).count().await.unwrap_err();
    assert!(refused.is_invalid_request());
    assert!(refused.to_string().contains("`tenant` and `region` (index \"by-place\")"), "{refused}");
    Ok(())
}

async fn an_update_of_a_part_moves_the_item_in_the_index(db: TestDb) -> Result<()> {
    filled(&db).await?;
    db.update(Order::key("open1")).set(Order::STATUS, "paid").execute().await?;
    db.update(Order::key("us")).remove(Order::REGION).execute().await?;
    let of = |region| db.query::<Order>().key(Order::BY_PLACE_INDEX.partition(("t1", region)));
    let paid = db.query::<Order>().key(Order::BY_PLACE_INDEX.partition(("t1", "eu")).eq("paid"));
    assert_eq!(paid.count().await?, 4);
    assert_eq!(of("us").count().await?, 0);
    Ok(())
}

async fn a_table_that_exists_is_compared_part_by_part(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    #[dynamorm(pk = id)]
    #[dynamorm(index = "by-place", pk = (tenant, region, status), sk = (number, placed))]
    #[allow(dead_code, reason = "it is never made: its table is compared")]
    struct Other {
        id: String,
        tenant: String,
        region: String,
        status: String,
        number: i64,
        placed: Timestamp,
    }
    db.create_table::<Order>().execute().await?;
    db.create_table::<Order>().if_not_exists().execute().await?;
    let refused = db.create_table::<Other>().if_not_exists().execute().await.unwrap_err();
    let text = "it has `tenant` and `region`, sorted by `status` and `number` and `placed`";
    assert!(refused.to_string().contains(text), "{refused}");
    Ok(())
}
