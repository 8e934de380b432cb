//! TransactGetItems: tuples and lists, and reads that conflict.

use crate::models::{Order, User, order, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{CancelCode, Get, Model, Project, Result};

matrix![
    a_tuple_gives_each_item_as_its_model,
    one_to_eight_gets_are_a_tuple,
    a_list_gives_its_items_in_order_and_missing_ones_as_none,
    a_projection_reads_its_attributes_alone,
    a_hundred_items_of_two_tables_are_read,
    an_item_that_must_be_there_is_named_by_its_position,
    a_conflict_is_tried_again_and_then_told_with_its_operation,
    gets_that_cannot_be_right_are_refused_before_the_network,
];

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct Name {
    name: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other")]
struct Receipt {
    #[dynamorm(pk)]
    nr: u32,
}

async fn a_tuple_gives_each_item_as_its_model(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.put(&order("u1", 7)).execute().await?;
    let at = order("u1", 7).placed_at;
    let read = db.transact_get((User::key("u1"), Order::key("u1", at))).one().await?;
    assert_eq!(read, (user("u1"), order("u1", 7)));
    let read = db.transact_get((User::key("u2"), Order::key("u1", at))).optional().await?;
    assert_eq!(read, (None, Some(order("u1", 7))));
    Ok(())
}

async fn one_to_eight_gets_are_a_tuple(db: TestDb) -> Result<()> {
    let ids = ["1", "2", "3", "4", "5", "6", "7", "8"];
    shop_with(&db, &ids).await?;
    let u = User::key;
    assert_eq!(db.transact_get((u("1"),)).one().await?, (user("1"),));
    let (a, b, c, d, e, f, g, h) = db
        .transact_get((u("1"), u("2"), &user("3"), u("4"), Get::new(u("5")), u("6"), u("7"), u("8")))
        .one()
        .await?;
    assert_eq!([a, b, c, d, e, f, g, h], ids.map(user));
    Ok(())
}

async fn a_list_gives_its_items_in_order_and_missing_ones_as_none(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let found = db.transact_get(["u2", "u0", "u1"].map(User::key)).optional().await?;
    assert_eq!(found, [Some(user("u2")), None, Some(user("u1"))]);
    let keys: Vec<_> = ["u2", "u1"].map(User::key).into();
    assert_eq!(db.transact_get(keys).one().await?, [user("u2"), user("u1")]);
    Ok(())
}

async fn a_projection_reads_its_attributes_alone(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let name = |id| Get::new(User::key(id)).project::<Name>();
    let (whole, part) = db.transact_get((User::key("u1"), name("u2"))).one().await?;
    assert_eq!((whole, part), (user("u1"), Name { name: "User u2".to_owned() }));
    let names = db.transact_get(vec![name("u2"), name("u0")]).optional().await?;
    assert_eq!(names, [Some(Name { name: "User u2".to_owned() }), None]);
    Ok(())
}

async fn a_hundred_items_of_two_tables_are_read(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.create_table::<Receipt>().execute().await?;
    let receipts: Vec<Receipt> = (0..100).map(|nr| Receipt { nr }).collect();
    db.batch_write().put_all(&receipts).execute().await?;
    let read = db.transact_get(receipts.iter().map(|receipt| Receipt::key(receipt.nr)).collect::<Vec<_>>());
    assert_eq!(read.one().await?, receipts);
    assert_eq!(db.transact_get((Receipt::key(1), User::key("u1"))).one().await?.1, user("u1"));
    Ok(())
}

async fn an_item_that_must_be_there_is_named_by_its_position(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let error = db.transact_get((User::key("u1"), User::key("u2"))).one().await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("operation 1"), "{error}");
    let error = db.transact_get(["u3", "u1"].map(User::key)).one().await.unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("operation 0"), "{error}");
    Ok(())
}

async fn a_conflict_is_tried_again_and_then_told_with_its_operation(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let conflicts = |count: usize| {
        db.faulty(|faults| {
            (1..=count).fold(faults, |faults, nth| {
                faults.on(Operation::TransactGetItems, nth, Fault::Conflict { operation: 1 })
            })
        })
    };
    let keys = || ["u1", "u2"].map(User::key);
    assert_eq!(conflicts(3).transact_get(keys()).one().await?, [user("u1"), user("u2")]);
    for error in [
        conflicts(100).transact_get(keys()).one().await.unwrap_err(),
        conflicts(1).transact_get(keys()).no_retries().one().await.unwrap_err(),
    ] {
        assert!(error.is_conflict(), "{error}");
        let found: Vec<_> = error.cancellations().iter().map(|c| (c.operation, c.code)).collect();
        assert_eq!(found, [(1, CancelCode::Conflict)]);
    }
    Ok(())
}

async fn gets_that_cannot_be_right_are_refused_before_the_network(db: TestDb) -> Result<()> {
    let keys = |count: u32| (0..count).map(Receipt::key).collect::<Vec<_>>();
    for (keys, says) in [(keys(0), "0 operations"), (keys(101), "101 operations")] {
        let error = db.transact_get(keys).one().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains(says), "{error}");
    }
    let error = db.transact_get((User::key("u1"), User::key("u1"))).one().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("same item"), "{error}");
    assert_eq!(db.calls(), 0);
    shop(&db).await
}
