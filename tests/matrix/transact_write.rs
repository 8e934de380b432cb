//! TransactWriteItems: all or none, and once for each token.

use crate::models::{Order, User, order, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{CancelCode, Check, Delete, ErrorKind, Model, Put, Result, Update};

matrix![
    a_transaction_writes_all_of_its_operations,
    a_failed_condition_on_the_second_operation_writes_nothing,
    every_failed_operation_is_told_with_its_item,
    a_check_fails_a_transaction_without_writing,
    a_check_of_an_absent_item_can_hold,
    a_hundred_operations_are_carried_out_and_one_more_is_refused,
    an_empty_transaction_is_refused_before_the_network,
    two_operations_on_one_item_are_refused_before_the_network,
    a_token_makes_a_repeated_transaction_one,
    a_token_used_for_another_transaction_is_refused,
    a_lost_answer_and_the_same_token_write_once,
    a_token_that_is_too_long_or_empty_is_refused_before_the_network,
    a_conflict_is_told_with_its_operation,
    a_conflict_is_tried_again_with_the_same_token_until_it_passes,
    all_reasons_are_told_with_their_operations_and_old_items,
    a_throttled_transaction_is_told,
    a_transaction_over_two_tables,
    a_bad_operation_is_named_before_the_network,
];

/// Takes credits from a user, or fails the transaction it is part of.
fn debit(id: &str, n: i64) -> Update<User> {
    Update::new(User::key(id)).add(User::CREDITS, -n).condition(User::CREDITS.ge(n))
}

async fn a_transaction_writes_all_of_its_operations(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2", "u3"]).await?;
    db.transact_write()
        .put(&order("u1", 1))
        .put(Put::new(&user("u4")).if_not_exists())
        .update(debit("u1", 7))
        .delete(User::key("u2"))
        .check(Check::new(User::key("u3"), User::ACTIVE.eq(true)))
        .execute()
        .await?;
    assert_eq!(db.get(&order("u1", 1)).one().await?, order("u1", 1));
    assert_eq!(db.get(User::key("u4")).one().await?, user("u4"));
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    assert_eq!(db.get(User::key("u2")).optional().await?, None);
    assert_eq!(db.get(User::key("u3")).one().await?, user("u3"));
    Ok(())
}

async fn a_failed_condition_on_the_second_operation_writes_nothing(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let error = db
        .transact_write()
        .put(Put::new(&user("u3")).if_not_exists())
        .update(debit("u1", 70).returning_old_on_failure())
        .delete(User::key("u2"))
        .execute()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransactionCanceled);
    assert!(error.is_condition_failed() && !error.is_conflict() && !error.is_throttled(), "{error}");
    let [cancellation] = error.cancellations() else { panic!("{error}") };
    assert_eq!((cancellation.operation, cancellation.code), (1, CancelCode::ConditionFailed));
    assert_eq!(cancellation.item::<User>()?, Some(user("u1")));
    assert!(error.to_string().contains("operation 1 condition failed"), "{error}");
    for id in ["u1", "u2"] {
        assert_eq!(db.get(User::key(id)).one().await?, user(id));
    }
    assert_eq!(db.get(User::key("u3")).optional().await?, None);
    Ok(())
}

async fn every_failed_operation_is_told_with_its_item(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2", "u3"]).await?;
    let error = db
        .transact_write()
        .put(Put::new(&user("u1")).if_not_exists().returning_old_on_failure())
        .put(&user("u9"))
        .delete(Delete::new(User::key("u2")).condition(User::CREDITS.eq(0)).returning_old_on_failure())
        .check(Check::new(User::key("u3"), User::ACTIVE.eq(false)).returning_old_on_failure())
        .update(debit("u4", 1))
        .execute()
        .await
        .unwrap_err();
    let told = error.cancellations().iter().map(|cancellation| {
        let id = cancellation.item::<User>().unwrap().map(|user| user.id);
        (cancellation.operation, cancellation.code, id)
    });
    let failed =
        |operation, id: Option<&str>| (operation, CancelCode::ConditionFailed, id.map(str::to_owned));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [failed(0, Some("u1")), failed(2, Some("u2")), failed(3, Some("u3")), failed(4, None)]
    );
    Ok(())
}

async fn a_check_fails_a_transaction_without_writing(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let refused = db
        .transact_write()
        .check(Check::new(User::key("u1"), User::ACTIVE.eq(false)))
        .put(&user("u2"))
        .execute()
        .await;
    assert_eq!(refused.unwrap_err().cancellations()[0].operation, 0);
    assert_eq!(db.get(User::key("u2")).optional().await?, None);
    Ok(())
}

async fn a_check_of_an_absent_item_can_hold(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.transact_write()
        .check(Check::new(User::key("u1"), User::NAME.not_exists()))
        .put(&user("u2"))
        .execute()
        .await?;
    assert!(db.get(User::key("u2")).optional().await?.is_some());
    Ok(())
}

async fn a_hundred_operations_are_carried_out_and_one_more_is_refused(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let of = |count: i64| (0..count).fold(db.transact_write(), |all, nth| all.put(&order("u1", nth)));
    let calls = db.calls();
    let error = of(101).execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(
        error.to_string(),
        "TransactWriteItems: the transaction has 101 operations, it takes 1 to 100"
    );
    assert_eq!(db.calls(), calls);
    of(100).execute().await?;
    let count = db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).count().await?;
    assert_eq!(count, 100);
    Ok(())
}

async fn an_empty_transaction_is_refused_before_the_network(db: TestDb) -> Result<()> {
    assert!(db.transact_write().execute().await.unwrap_err().is_invalid_request());
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn two_operations_on_one_item_are_refused_before_the_network(db: TestDb) -> Result<()> {
    for twice in [
        db.transact_write().put(&user("u1")).put(&user("u1")),
        db.transact_write().put(&user("u1")).update(debit("u1", 1)),
        db.transact_write().delete(User::key("u1")).check(Check::new(User::key("u1"), User::ACTIVE.eq(true))),
    ] {
        let error = twice.execute().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(error.to_string().contains("operations 0 and 1 are on the same item"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_token_makes_a_repeated_transaction_one(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    // DynamoDB knows tokens by account and not by table: one that no other behaviour has.
    for _ in 0..3 {
        db.transact_write().update(debit("u1", 2)).token(db.table_name()).execute().await?;
    }
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 8);
    // Without a token of one's own each call is a transaction of its own.
    for _ in 0..2 {
        db.transact_write().update(debit("u1", 2)).execute().await?;
    }
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 4);
    Ok(())
}

async fn a_token_used_for_another_transaction_is_refused(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.transact_write().update(debit("u1", 2)).token(db.table_name()).execute().await?;
    let other = db.transact_write().update(debit("u1", 3)).token(db.table_name()).execute().await;
    let error = other.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(error.service_code(), Some("IdempotentParameterMismatchException"));
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 8);
    Ok(())
}

async fn a_lost_answer_and_the_same_token_write_once(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let faulty = db.faulty(|faults| faults.on(Operation::TransactWriteItems, 1, Fault::LostResponse));
    let debit = || faulty.transact_write().update(debit("u1", 7)).token(db.table_name()).no_retries();
    assert_eq!(debit().execute().await.unwrap_err().kind(), ErrorKind::Transport);
    debit().execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    Ok(())
}

async fn a_token_that_is_too_long_or_empty_is_refused_before_the_network(db: TestDb) -> Result<()> {
    for token in [String::new(), "x".repeat(37)] {
        let error = db.transact_write().put(&user("u1")).token(token).execute().await.unwrap_err();
        assert!(error.is_invalid_request() && error.to_string().contains("1 to 36"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_conflict_is_told_with_its_operation(db: TestDb) -> Result<()> {
    shop(&db).await?;
    let conflict = Fault::Conflict { operation: 1 };
    let faulty = db.faulty(|faults| {
        faults.on(Operation::TransactWriteItems, 1, conflict).on(Operation::PutItem, 1, conflict)
    });
    let error =
        faulty.transact_write().put(&user("u1")).put(&user("u2")).no_retries().execute().await.unwrap_err();
    assert!(error.is_conflict() && !error.is_condition_failed(), "{error}");
    assert_eq!(error.cancellations()[0].operation, 1);
    assert_eq!(error.cancellations()[0].code, CancelCode::Conflict);
    let error = faulty.put(&user("u1")).execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(db.get(User::key("u1")).optional().await?, None);
    Ok(())
}

async fn a_conflict_is_tried_again_with_the_same_token_until_it_passes(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let faulty = db.faulty(|faults| {
        let faults = faults.on(Operation::TransactWriteItems, 1, Fault::Conflict { operation: 0 });
        let faults = faults.on(Operation::TransactWriteItems, 2, Fault::Throttled);
        // Carried out, but nobody knows: the try after it writes nothing more.
        faults.on(Operation::TransactWriteItems, 3, Fault::LostResponse)
    });
    faulty.transact_write().update(debit("u1", 7)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    assert_eq!(db.calls_of(Operation::TransactWriteItems), 2);
    Ok(())
}

async fn all_reasons_are_told_with_their_operations_and_old_items(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2", "u3"]).await?;
    // Bit n: operation n is at fault.
    for at_fault in 1..8_usize {
        let is_at_fault = |operation: usize| at_fault & (1 << operation) != 0;
        let name = |operation| if is_at_fault(operation) { "nobody" } else { "User u3" };
        let new = user(if is_at_fault(0) { "u1" } else { "new" });
        let error = db
            .transact_write()
            .put(Put::new(&new).if_not_exists().returning_old_on_failure())
            .update(debit("u2", if is_at_fault(1) { 70 } else { 7 }).returning_old_on_failure())
            .check(Check::new(User::key("u3"), User::NAME.eq(name(2))).returning_old_on_failure())
            .put(Put::new(&user("u9")).condition(User::NAME.eq("absent")).returning_old_on_failure())
            .execute()
            .await
            .unwrap_err();
        assert!(error.is_condition_failed() && !error.is_conflict(), "{error}");
        let expected: Vec<usize> = (0..3).filter(|operation| is_at_fault(*operation)).chain([3]).collect();
        let found: Vec<usize> = error.cancellations().iter().map(|c| c.operation).collect();
        assert_eq!(found, expected);
        for cancellation in error.cancellations() {
            let old = ["u1", "u2", "u3"].get(cancellation.operation).map(|id| user(id));
            assert_eq!(cancellation.code, CancelCode::ConditionFailed);
            assert_eq!(cancellation.item::<User>()?, old, "{at_fault:b}");
        }
        assert_eq!(db.get(User::key("u2")).one().await?.credits, 10);
        assert_eq!(db.get(User::key("new")).optional().await?, None);
    }
    Ok(())
}

async fn a_throttled_transaction_is_told(db: TestDb) -> Result<()> {
    let faulty = db.faulty(|faults| faults.throttle(1.0));
    let error = faulty.transact_write().put(&user("u1")).execute().await.unwrap_err();
    assert!(error.is_throttled() && error.kind() == ErrorKind::Throttled, "{error}");
    assert!(faulty.get(User::key("u1")).optional().await.unwrap_err().is_throttled());
    assert!(faulty.put(&user("u1")).execute().await.unwrap_err().is_throttled());
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other")]
struct Receipt {
    #[dynamorm(pk)]
    id: String,
    amount: f64,
}

async fn a_transaction_over_two_tables(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    db.create_table::<Receipt>().execute().await?;
    let receipt = Receipt { id: "r".to_owned(), amount: 7.25 };
    let both = |n: i64| db.transact_write().put(Put::new(&receipt).if_not_exists()).update(debit("u1", n));
    assert!(both(70).execute().await.unwrap_err().is_condition_failed());
    assert_eq!(db.get(Receipt::key("r")).optional().await?, None);
    both(7).execute().await?;
    assert_eq!(db.get(Receipt::key("r")).one().await?, receipt);
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    Ok(())
}

async fn a_bad_operation_is_named_before_the_network(db: TestDb) -> Result<()> {
    let bad = Receipt { id: "r".to_owned(), amount: f64::INFINITY };
    let error = db.transact_write().put(&user("u1")).put(&bad).execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("operation 1") && error.to_string().contains("`amount`"), "{error}");
    let empty = Receipt { id: String::new(), amount: 1.0 };
    let error = db.transact_write().put(&user("u1")).put(&empty).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("operation 1"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}
