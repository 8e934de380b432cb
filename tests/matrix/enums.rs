//! Enums that hold data: stored, found by their tag and their members, and replaced whole.

use crate::support::{TestDb, matrix};
use dynamorm::{Condition, Document, Model, Result, cond};
use std::collections::BTreeMap;

matrix![
    each_variant_comes_back_from_every_read,
    conditions_tell_variants_and_their_members,
    an_update_replaces_an_enum_whole,
];

#[derive(Debug, Clone, PartialEq, Document)]
struct Invoice {
    number: u32,
    note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Document)]
#[dynamorm(rename_all = "snake_case")]
enum Payment {
    Card { last4: String, fee: Option<i64> },
    Invoice(Invoice),
    Cash,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "SHOP", sk = "ORDER#{id}")]
struct Order {
    id: u8,
    payment: Payment,
    refund: Option<Payment>,
    tries: Vec<Payment>,
    by_day: BTreeMap<String, Payment>,
}

fn card(last4: &str) -> Payment {
    Payment::Card { last4: last4.to_owned(), fee: Some(3) }
}

fn bill(number: u32) -> Payment {
    Payment::Invoice(Invoice { number, note: None })
}

fn order(id: u8, payment: Payment) -> Order {
    let (tries, by_day) = (vec![Payment::Cash, payment.clone()], BTreeMap::from([("mon".into(), bill(1))]));
    Order { id, payment, refund: (id == 2).then_some(Payment::Cash), tries, by_day }
}

async fn three(db: &TestDb) -> Result<[Order; 3]> {
    db.create_table::<Order>().execute().await?;
    let orders = [order(1, card("4242")), order(2, bill(7)), order(3, Payment::Cash)];
    db.batch_write().put_all(&orders).execute().await?;
    Ok(orders)
}

async fn each_variant_comes_back_from_every_read(db: TestDb) -> Result<()> {
    let orders = three(&db).await?;
    assert_eq!(db.query::<Order>().key(Order::PRIMARY_KEY.partition(())).all().await?, orders);
    assert_eq!(db.batch_get(&orders).all().await?, orders.clone().map(Some));
    assert_eq!(db.transact_get(orders.iter().collect::<Vec<_>>()).one().await?, orders);
    Ok(())
}

async fn conditions_tell_variants_and_their_members(db: TestDb) -> Result<()> {
    three(&db).await?;
    let found = async |filter: Condition<Order>| -> Result<Vec<u8>> {
        let query = db.query::<Order>().key(Order::PRIMARY_KEY.partition(())).filter(filter);
        Ok(query.all().await?.iter().map(|order| order.id).collect())
    };
    assert_eq!(found(Order::PAYMENT.dot(Payment::TAG).eq("card")).await?, [1]);
    assert_eq!(found(Order::PAYMENT.dot(Payment::CARD_LAST4).begins_with("42")).await?, [1]);
    assert_eq!(found(Order::PAYMENT.dot(Payment::CARD_FEE).not_exists()).await?, [2, 3]);
    assert_eq!(found(Order::REFUND.dot(Payment::TAG).eq("cash")).await?, [2]);
    assert_eq!(found(Order::TRIES.at(1).dot(Payment::TAG).ne("cash")).await?, [1, 2]);
    assert_eq!(found(Order::PAYMENT.eq(bill(7))).await?, [2]);
    assert_eq!(found(cond!(Order: payment.tag = "cash" OR payment.card_last4 = {"4242"})).await?, [1, 3]);
    Ok(())
}

async fn an_update_replaces_an_enum_whole(db: TestDb) -> Result<()> {
    let [first, ..] = three(&db).await?;
    let update = db.update(&first).set(Order::PAYMENT, Payment::Cash).append(Order::TRIES, [card("1")]);
    let paid = update.returning_new().await?;
    assert_eq!((&paid.payment, paid.tries.last()), (&Payment::Cash, Some(&card("1"))));
    // Nothing is left of the card.
    let none = Order::PAYMENT.dot(Payment::CARD_LAST4).not_exists();
    db.put(&paid).condition(none).execute().await?;
    let mut billed = paid.clone();
    billed.payment = bill(9);
    billed.changes_from(&paid).on(&db).execute().await?;
    assert_eq!(db.get(&billed).one().await?, billed);
    Ok(())
}
