//! PartiQL: statements alone, in batches and in transactions.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::transport::{Fault, Operation};
use dynamorm::{AttributeValue, CancelCode, Item, NextToken, Project, Result};

matrix![
    a_statement_reads_models_projections_and_items,
    pages_go_on_where_the_one_before_ended,
    a_statement_writes_and_a_failed_condition_gives_the_old_item,
    an_item_that_exists_is_not_inserted_again,
    statements_of_a_batch_succeed_and_fail_each_on_its_own,
    a_transaction_of_statements_writes_all_or_none,
    a_transaction_of_statements_reads_in_order,
    a_conflict_and_a_lost_answer_of_a_transaction_of_statements_are_tried_again,
    a_wrong_number_of_parameters_is_refused_before_the_network,
];

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = User)]
struct Name {
    name: String,
}

fn select(db: &TestDb) -> String {
    format!("SELECT * FROM \"{}\" WHERE pk = ? AND sk = 'PROFILE'", db.table_name())
}

fn credit(db: &TestDb) -> String {
    let table = db.table_name();
    format!("UPDATE \"{table}\" SET credits = credits + ? WHERE pk = ? AND sk = 'PROFILE' AND credits >= ?")
}

fn parameters(by: i64, id: &str, least: i64) -> [AttributeValue; 3] {
    [by.into(), format!("USER#{id}").into(), least.into()]
}

async fn a_statement_reads_models_projections_and_items(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let one = || db.statement(select(&db), ["USER#u1"]).consistent_read();
    assert_eq!(one().all::<User>().await?, [user("u1")]);
    assert_eq!(one().all::<Name>().await?, [Name { name: "User u1".to_owned() }]);
    assert_eq!(one().page::<Item>().await?.items[0]["id"], "u1".into());
    assert!(db.statement(select(&db), ["USER#u9"]).all::<User>().await?.is_empty());
    Ok(())
}

async fn pages_go_on_where_the_one_before_ended(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2", "u3"]).await?;
    let all = format!("SELECT * FROM \"{}\"", db.table_name());
    let all = || db.statement(all.clone(), [] as [AttributeValue; 0]).limit(1);
    let (mut next, mut found) = (None, Vec::new());
    loop {
        let page = all().next(next).page::<User>().await?;
        assert!(page.items.len() <= 1);
        found.extend(page.items);
        // Its text may travel.
        next = page.next.map(|next| next.to_string().parse::<NextToken>().unwrap());
        if next.is_none() {
            break;
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, ["u1", "u2", "u3"].map(user));
    assert_eq!(all().all::<User>().await?.len(), 3);
    Ok(())
}

async fn a_statement_writes_and_a_failed_condition_gives_the_old_item(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let update =
        |by, least| db.statement(credit(&db), parameters(by, "u1", least)).returning_old_on_failure();
    update(-7, 7).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 3);
    let error = update(-7, 7).execute().await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    assert_eq!(error.item::<User>()?.map(|user| user.credits), Some(3));
    Ok(())
}

async fn an_item_that_exists_is_not_inserted_again(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let insert = format!("INSERT INTO \"{}\" VALUE {{'pk': ?, 'sk': 'PROFILE'}}", db.table_name());
    db.statement(insert.clone(), ["USER#u2"]).execute().await?;
    let error = db.statement(insert, ["USER#u1"]).execute().await.unwrap_err();
    assert!(error.is_condition_failed(), "{error:?}");
    assert_eq!(db.get(User::key("u1")).one().await?, user("u1"));
    Ok(())
}

async fn statements_of_a_batch_succeed_and_fail_each_on_its_own(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let written = db
        .batch_statement()
        .statement(credit(&db), parameters(5, "u1", 0))
        .statement(credit(&db), parameters(5, "u2", 70))
        .execute()
        .await?;
    assert!(written[0].is_ok());
    let error = written[1].as_ref().unwrap_err();
    assert!(error.is_condition_failed() && error.to_string().contains("operation 1"), "{error}");
    let read = ["USER#u2", "USER#u9", "USER#u1"]
        .iter()
        .fold(db.batch_statement(), |batch, pk| batch.statement(select(&db), [*pk]))
        .all::<User>()
        .await?;
    let read: Vec<Option<i64>> =
        read.into_iter().map(|read| Ok(read?.map(|user| user.credits))).collect::<Result<_>>()?;
    assert_eq!(read, [Some(10), None, Some(15)]);
    Ok(())
}

async fn a_transaction_of_statements_writes_all_or_none(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let transfer = |amount: i64| {
        db.transact_statement()
            .statement(credit(&db), parameters(amount, "u1", 0))
            .statement(credit(&db), parameters(-amount, "u2", amount))
    };
    transfer(4).execute().await?;
    let error = transfer(40).execute().await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    let [cancellation] = error.cancellations() else { panic!("{error}") };
    assert_eq!((cancellation.operation, cancellation.code), (1, CancelCode::ConditionFailed));
    let credits = async |id| Ok::<_, dynamorm::Error>(db.get(User::key(id)).one().await?.credits);
    assert_eq!((credits("u1").await?, credits("u2").await?), (14, 6));
    // The same token is the same transaction.
    for _ in 0..2 {
        transfer(1).token(db.table_name()).execute().await?;
    }
    assert_eq!((credits("u1").await?, credits("u2").await?), (15, 5));
    Ok(())
}

async fn a_transaction_of_statements_reads_in_order(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    let read = ["USER#u2", "USER#u9", "USER#u1"]
        .iter()
        .fold(db.transact_statement(), |all, pk| all.statement(select(&db), [*pk]))
        .all::<User>()
        .await?;
    assert_eq!(read, [Some(user("u2")), None, Some(user("u1"))]);
    Ok(())
}

async fn a_conflict_and_a_lost_answer_of_a_transaction_of_statements_are_tried_again(
    db: TestDb,
) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let faulty = db.faulty(|faults| {
        faults.on(Operation::ExecuteTransaction, 1, Fault::Conflict { operation: 0 }).on(
            Operation::ExecuteTransaction,
            2,
            Fault::LostResponse,
        )
    });
    faulty.transact_statement().statement(credit(&db), parameters(5, "u1", 0)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?.credits, 15);
    Ok(())
}

async fn a_wrong_number_of_parameters_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let error =
        db.statement("SELECT * FROM t WHERE pk = ? AND sk = '?'", ["a", "b"]).execute().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("1 `?`"), "{error}");
    assert!(error.to_string().contains("2 parameters"), "{error}");
    assert_eq!(db.calls(), 0);
    shop(&db).await
}
