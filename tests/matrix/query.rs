//! Query: terminals, key conditions, filters and indexes. Start keys have a file of their own.

pub(crate) mod conditions;

use crate::models::{Order, User, order, shop, user};
use crate::support::{TestDb, matrix};
use dynamorm::{
    AttributeValue, Condition, ErrorKind, KeyCondition, Model, Number, Project, Result, Timestamp,
};
use futures_util::TryStreamExt;

matrix![
    a_query_reads_one_partition_in_order,
    a_query_can_read_from_the_highest_sort_key_down,
    one_and_optional_say_how_many_there_are,
    one_and_optional_read_past_empty_pages,
    a_page_is_one_request,
    a_filtered_page_may_be_empty_and_have_a_next_one,
    all_stream_and_count_read_every_page,
    a_stream_reads_no_page_before_it_is_needed,
    take_gives_the_exact_resume_key,
    take_without_a_filter_reads_no_item_in_vain,
    a_projection_of_a_query_resumes_too,
    a_constant_sort_key_is_one_item,
    every_filter,
    filters_combine,
    a_filter_on_the_key_is_refused_before_the_network,
    a_local_index_sorts_by_another_attribute,
    a_consistent_read_works_on_a_table_and_a_local_index,
    a_consistent_read_of_a_global_index_is_refused_before_the_network,
    a_limit_of_0_is_refused_before_the_network,
    an_index_on_a_number_is_queried_by_it,
];

/// Ten orders of one customer among orders of others, with a profile in the same partition.
async fn orders(db: &TestDb) -> Result<Vec<Order>> {
    shop(db).await?;
    let orders: Vec<Order> = (1..=10).map(|second| order("u1", second)).collect();
    // Not in order.
    db.batch_write()
        .put(&user("u1"))
        .put_all(orders.iter().rev())
        .put_all(&[order("u", 1), order("u10", 2), order("u2", 3)])
        .execute()
        .await?;
    Ok(orders)
}

fn of_u1() -> KeyCondition<Order, Timestamp> {
    Order::PRIMARY_KEY.partition("u1")
}

async fn a_query_reads_one_partition_in_order(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    assert_eq!(db.query::<Order>().key(of_u1()).all().await?, orders);
    let none = db.query::<Order>().key(Order::PRIMARY_KEY.partition("nobody")).all().await?;
    assert_eq!(none, []);
    Ok(())
}

async fn a_query_can_read_from_the_highest_sort_key_down(db: TestDb) -> Result<()> {
    let mut orders = orders(&db).await?;
    orders.reverse();
    assert_eq!(db.query::<Order>().key(of_u1()).descending().all().await?, orders);
    let pages = db.faulty(|faults| faults.small_pages(3));
    assert_eq!(pages.query::<Order>().key(of_u1()).descending().all().await?, orders);
    Ok(())
}

async fn one_and_optional_say_how_many_there_are(db: TestDb) -> Result<()> {
    shop(&db).await?;
    for id in ["u1", "u2", "u3"] {
        let email = if id == "u1" { "one" } else { "two" };
        db.put(&User { email: email.to_owned(), ..user(id) }).execute().await?;
    }
    let by = |email: &str| db.query::<User>().key(User::EMAIL_INDEX.partition(email));
    assert_eq!(by("one").one().await?.id, "u1");
    assert_eq!(by("one").optional().await?.unwrap().id, "u1");
    assert_eq!(by("none").optional().await?, None);
    assert!(by("none").one().await.unwrap_err().is_not_found());
    assert!(by("two").one().await.unwrap_err().is_not_unique());
    assert_eq!(by("two").optional().await.unwrap_err().kind(), ErrorKind::NotUnique);
    Ok(())
}

async fn one_and_optional_read_past_empty_pages(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let pages = db.faulty(|faults| faults.small_pages(1));
    let with = |total: i64| pages.query::<Order>().key(of_u1()).filter(Order::TOTAL.ge(total));
    assert_eq!(with(100).one().await?, order("u1", 10));
    assert!(with(90).one().await.unwrap_err().is_not_unique());
    assert_eq!(with(101).optional().await?, None);
    Ok(())
}

async fn a_page_is_one_request(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let calls = db.calls();
    let page = db.query::<Order>().key(of_u1()).limit(4).page().await?;
    assert_eq!(db.calls(), calls + 1);
    assert_eq!((page.items.as_slice(), page.scanned_count), (&orders[..4], 4));
    let next = page.next.unwrap();
    let page = db.query::<Order>().key(of_u1()).limit(100).start_key(next).page().await?;
    assert_eq!(page.items, orders[4..]);
    assert!(page.next.is_none());
    Ok(())
}

async fn a_filtered_page_may_be_empty_and_have_a_next_one(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let query = || db.query::<Order>().key(of_u1()).filter(Order::TOTAL.gt(50)).limit(5);
    let page = query().page().await?;
    assert_eq!((page.items.len(), page.scanned_count), (0, 5));
    let page = query().start_key(page.next).page().await?;
    assert_eq!(page.items, orders[5..]);
    Ok(())
}

async fn all_stream_and_count_read_every_page(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let pages = db.faulty(|faults| faults.small_pages(3));
    let query = || pages.query::<Order>().key(of_u1());
    let calls = db.calls();
    assert_eq!(query().all().await?, orders);
    assert!(db.calls() - calls >= 4);
    assert_eq!(query().stream().try_collect::<Vec<_>>().await?, orders);
    assert_eq!(query().count().await?, 10);
    assert_eq!(query().filter(Order::TOTAL.gt(50)).count().await?, 5);
    // The user's limit is one request's, and not that of the whole.
    assert_eq!(query().limit(2).all().await?, orders);
    assert_eq!(query().limit(2).count().await?, 10);
    assert_eq!(query().limit(2).stream().try_collect::<Vec<_>>().await?, orders);
    Ok(())
}

async fn a_stream_reads_no_page_before_it_is_needed(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let calls = db.calls();
    let mut stream = Box::pin(db.query::<Order>().key(of_u1()).limit(4).stream());
    assert_eq!(db.calls(), calls);
    for order in &orders[..4] {
        assert_eq!(stream.try_next().await?.as_ref(), Some(order));
    }
    assert_eq!(db.calls(), calls + 1);
    assert_eq!(stream.try_next().await?.as_ref(), Some(&orders[4]));
    assert_eq!(db.calls(), calls + 2);
    Ok(())
}

/// For every number of items, every filter, every limit and every size of page: the pages of `take`, one after the other, are
/// exactly what `all` gives, and each but the last is full.
async fn take_gives_the_exact_resume_key(db: TestDb) -> Result<()> {
    orders(&db).await?;
    type Filter = fn() -> Condition<Order>;
    let filters: [Option<Filter>; 5] = [
        None,
        Some(|| Order::TOTAL.is_in([10, 20, 50, 100])),
        Some(|| Order::TOTAL.between(40, 60)),
        Some(|| Order::TOTAL.ne(50)),
        Some(|| Order::TOTAL.gt(1_000)),
    ];
    for small_page in [1, 3, 4, 100] {
        let pages = db.faulty(|faults| faults.small_pages(small_page));
        for (nth, filter) in filters.iter().enumerate() {
            for (descending, limit) in [(false, None), (true, None), (false, Some(2))] {
                let query = || {
                    let query = pages.query::<Order>().key(of_u1());
                    let query = if descending { query.descending() } else { query };
                    let query = match limit {
                        Some(limit) => query.limit(limit),
                        None => query,
                    };
                    match filter {
                        Some(filter) => query.filter(filter()),
                        None => query,
                    }
                };
                let all = query().all().await?;
                for n in [1, 2, 3, 5, 10, 11] {
                    let case = format!("take {n}, filter {nth}, pages of {small_page}, limit {limit:?}");
                    let (mut taken, mut next) = (Vec::new(), None);
                    loop {
                        let page = query().start_key(next).take(n).await?;
                        assert!(page.items.len() == n || page.next.is_none(), "{case}");
                        assert!(page.items.len() <= n, "{case}");
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
    }
    Ok(())
}

async fn take_without_a_filter_reads_no_item_in_vain(db: TestDb) -> Result<()> {
    let orders = orders(&db).await?;
    let page = db.query::<Order>().key(of_u1()).take(3).await?;
    assert_eq!((page.items.as_slice(), page.scanned_count), (&orders[..3], 3));
    let calls = db.calls();
    let nothing = db.query::<Order>().key(of_u1()).take(0).await;
    assert!(nothing.is_err_and(|error| error.is_invalid_request()));
    assert_eq!(db.calls(), calls);
    Ok(())
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Order)]
struct Total {
    total: i64,
}

async fn a_projection_of_a_query_resumes_too(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let query = || db.query::<Order>().project::<Total>().key(of_u1()).filter(Order::TOTAL.ne(20));
    let totals = |items: Vec<Total>| items.into_iter().map(|item| item.total).collect::<Vec<_>>();
    // The keys are not in the projection, and are needed to resume in the middle of a page.
    let first = query().take(2).await?;
    assert_eq!(totals(first.items), [10, 30]);
    let second = query().start_key(first.next).take(2).await?;
    assert_eq!(totals(second.items), [40, 50]);
    assert_eq!(totals(query().all().await?), [10, 30, 40, 50, 60, 70, 80, 90, 100]);
    Ok(())
}

async fn a_constant_sort_key_is_one_item(db: TestDb) -> Result<()> {
    orders(&db).await?;
    // The partition holds ten orders as well.
    assert_eq!(db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).all().await?, [user("u1")]);
    Ok(())
}

async fn every_filter(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Thing {
        #[dynamorm(pk)]
        group: String,
        #[dynamorm(sk)]
        nr: u8,
        size: i64,
        text: String,
        note: Option<String>,
        tags: std::collections::BTreeSet<String>,
        marks: Vec<u32>,
    }

    db.create_table::<Thing>().execute().await?;
    let thing = |nr: u8, note: Option<&str>, tag: &str| Thing {
        group: "g".to_owned(),
        nr,
        size: i64::from(nr) * 10,
        text: format!("text {nr}"),
        note: note.map(str::to_owned),
        tags: [tag.to_owned()].into(),
        marks: vec![nr.into()],
    };
    let things = [thing(1, None, "a"), thing(2, Some("x"), "b"), thing(3, Some("y"), "a")];
    db.batch_write().put_all(&things).execute().await?;
    let filters: [(Condition<Thing>, &[u8]); 21] = [
        (Thing::SIZE.eq(20), &[2]),
        (Thing::SIZE.ne(20), &[1, 3]),
        (Thing::SIZE.lt(20), &[1]),
        (Thing::SIZE.le(20), &[1, 2]),
        (Thing::SIZE.gt(20), &[3]),
        (Thing::SIZE.ge(20), &[2, 3]),
        (Thing::SIZE.between(11, 30), &[2, 3]),
        (Thing::SIZE.is_in([10, 30, 40]), &[1, 3]),
        (Thing::NOTE.exists(), &[2, 3]),
        (Thing::NOTE.not_exists(), &[1]),
        (Thing::NOTE.eq("x"), &[2]),
        (Thing::NOTE.ne("x"), &[1, 3]),
        (Thing::TEXT.begins_with("text 1"), &[1]),
        (Thing::TEXT.contains("2"), &[2]),
        (Thing::TAGS.contains("a"), &[1, 3]),
        (Thing::MARKS.contains(3_u32), &[3]),
        (!Thing::SIZE.eq(20), &[1, 3]),
        (Thing::SIZE.eq(10) | Thing::SIZE.eq(30), &[1, 3]),
        (Thing::SIZE.gt(10) & Thing::SIZE.lt(30), &[2]),
        (Condition::raw("size(#x) > :n OR marks[0] = :n", [(":n", 1)]), &[]),
        (
            Condition::raw(
                "marks[0] = :n AND NOT contains(tags, :t)",
                [(":n", AttributeValue::from(2)), (":t", "a".into())],
            ),
            &[2],
        ),
    ];
    for (nth, (filter, expected)) in filters.into_iter().enumerate() {
        let query = db.query::<Thing>().key(Thing::PRIMARY_KEY.partition("g")).filter(filter);
        if expected.is_empty() {
            // Aliases are the library's to make.
            let error = query.all().await.unwrap_err();
            assert!(error.is_invalid_request() && error.to_string().contains("alias"), "{error}");
            continue;
        }
        let found: Vec<u8> = query.all().await?.into_iter().map(|thing| thing.nr).collect();
        assert_eq!(found, expected, "filter {nth}");
    }
    Ok(())
}

async fn filters_combine(db: TestDb) -> Result<()> {
    orders(&db).await?;
    let totals = async |filter: Condition<Order>| -> Result<Vec<i64>> {
        let orders = db.query::<Order>().key(of_u1()).filter(filter).all().await?;
        Ok(orders.into_iter().map(|order| order.total / 10).collect())
    };
    let (low, high) = (|| Order::TOTAL.lt(30), || Order::TOTAL.gt(80));
    assert_eq!(totals(low().or(high())).await?, [1, 2, 9, 10]);
    assert_eq!(totals(low().or(high()).and(Order::TOTAL.ne(10))).await?, [2, 9, 10]);
    assert_eq!(totals(Order::TOTAL.ne(10).and(low().or(high()))).await?, [2, 9, 10]);
    assert_eq!(totals(!(low().or(high()))).await?, [3, 4, 5, 6, 7, 8]);
    assert_eq!(totals(low().or(high().and(Order::TOTAL.ne(100)))).await?, [1, 2, 9]);
    Ok(())
}

async fn a_filter_on_the_key_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let key = || User::EMAIL_INDEX.partition("ada@example.com");
    let error = db.query::<User>().key(key()).filter(User::EMAIL.begins_with("a")).page().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("`email`"), "{error}");
    let raw = Condition::raw("contains(email, :x)", [(":x", "a")]);
    assert!(db.query::<User>().key(key()).filter(raw).all().await.unwrap_err().is_invalid_request());
    assert_eq!(db.calls(), 0);
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(local_index = "by-total", sk = total)]
#[dynamorm(pk = "USER#{customer}", sk = "BILL#{number}")]
struct Bill {
    customer: String,
    number: u32,
    total: Option<i64>,
}

async fn bills(db: &TestDb) -> Result<()> {
    db.create_table::<Bill>().execute().await?;
    let bills = [(1, Some(30)), (2, Some(10)), (3, None), (4, Some(20)), (5, Some(10))]
        .map(|(number, total)| Bill { customer: "u1".to_owned(), number, total });
    db.batch_write().put_all(&bills).execute().await
}

fn numbers(bills: &[Bill]) -> Vec<u32> {
    bills.iter().map(|bill| bill.number).collect()
}

async fn a_local_index_sorts_by_another_attribute(db: TestDb) -> Result<()> {
    bills(&db).await?;
    let key = || Bill::BY_TOTAL_INDEX.partition("u1");
    let all = db.query::<Bill>().key(key()).all().await?;
    assert_eq!(all.iter().map(|bill| bill.total.unwrap()).collect::<Vec<_>>(), [10, 10, 20, 30]);
    assert_eq!(numbers(&db.query::<Bill>().key(key().ge(20)).all().await?), [4, 1]);
    assert_eq!(
        numbers(&db.query::<Bill>().key(key().between(10, 20)).descending().take(1).await?.items),
        [4]
    );
    // Page by page too, over two items with the same sort key.
    let pages = db.faulty(|faults| faults.small_pages(1));
    assert_eq!(pages.query::<Bill>().key(key()).all().await?, all);
    Ok(())
}

async fn a_consistent_read_works_on_a_table_and_a_local_index(db: TestDb) -> Result<()> {
    bills(&db).await?;
    let table = db.query::<Bill>().key(Bill::PRIMARY_KEY.partition("u1")).consistent_read();
    assert_eq!(numbers(&table.all().await?), [1, 2, 3, 4, 5]);
    let index = db.query::<Bill>().key(Bill::BY_TOTAL_INDEX.partition("u1").gt(10)).consistent_read();
    assert_eq!(numbers(&index.all().await?), [4, 1]);
    Ok(())
}

async fn a_consistent_read_of_a_global_index_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let query = db.query::<User>().key(User::EMAIL_INDEX.partition("a")).consistent_read();
    let error = query.page().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("\"email-index\""), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_limit_of_0_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let refused = db.query::<Order>().key(of_u1()).limit(0).page().await.unwrap_err();
    assert!(refused.is_invalid_request());
    let refused = db.query::<Order>().key(of_u1()).limit(0).take(3).await.unwrap_err();
    assert!(refused.is_invalid_request());
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn an_index_on_a_number_is_queried_by_it(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(pk = title)]
    #[dynamorm(index = "by-year", pk = year, sk = rank)]
    struct Film {
        title: String,
        year: u16,
        rank: Option<Number>,
    }

    db.create_table::<Film>().execute().await?;
    let film = |title: &str, year: u16, rank: Option<&str>| Film {
        title: title.to_owned(),
        year,
        rank: rank.map(|rank| rank.parse().unwrap()),
    };
    let (a, b, c) = (film("a", 1_999, Some("7.5")), film("b", 1_999, Some("-0.25")), film("c", 2_000, None));
    db.batch_write().put_all([&a, &b, &c]).execute().await?;
    let of_1999 = || Film::BY_YEAR_INDEX.partition(1_999);
    assert_eq!(db.query::<Film>().key(of_1999()).all().await?, [b, a.clone()]);
    assert_eq!(db.query::<Film>().key(of_1999().gt(Number::from(7))).all().await?, [a]);
    assert_eq!(db.query::<Film>().key(Film::BY_YEAR_INDEX.partition(2_000)).all().await?, []);
    assert_eq!(db.get(Film::key("c")).one().await?, c);
    Ok(())
}
