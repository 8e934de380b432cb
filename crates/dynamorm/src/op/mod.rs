//! One DynamoDB operation per file, each with the same parts: the builder, `impl Db`, `to_request`, the terminals, tests.
//!
//! To write the next one, copy `get.rs`. What they share: `body.rs`, the JSON of one operation, and `item_key.rs`, by which
//! operations on the same item are told. Reads that go page by page share `read.rs`, batches and
//! transactions that are sent again `retry.rs`.

mod batch_get;
mod batch_write;
mod body;
mod borrowed_read;
mod carried;
mod check;
mod delete;
mod encoded_item;
mod get;
mod get_by;
mod guarded;
mod hidden;
mod hydrate;
pub(crate) mod index_limit;
mod item_key;
mod live;
mod parallel_scan;
mod put;
mod query;
mod read;
mod repair_unique;
mod retry;
mod scan;
mod search_vectors;
mod sink;
mod statement;
pub(crate) mod stream;
mod table;
#[cfg(test)]
pub(crate) mod test_models;
mod transact_get;
mod transact_write;
mod update;
mod warm;

pub use batch_get::BatchGet;
pub use batch_write::BatchWrite;
pub use borrowed_read::{BorrowedPage, BorrowedRead};
pub use check::Check;
pub use delete::{Delete, IntoDelete};
pub(crate) use encoded_item::EncodedItem;
pub use get::Get;
pub use get_by::GetBy;
pub use hydrate::Hydrate;
#[cfg(feature = "cache")]
pub(crate) use item_key::identity;
pub use parallel_scan::ParallelScan;
pub use put::{IntoPut, Put};
pub use query::{Keyed, MissingKeyCondition, Query};
pub use repair_unique::{Duplicate, RepairUnique, UniqueRepair};
pub(crate) use retry::retried;
pub use scan::Scan;
pub use search_vectors::{SearchVectors, VectorMatch};
pub use statement::{BatchStatement, NextToken, Statement, StatementPage, TransactStatement};
pub(crate) use table::describe;
pub use table::{
    CreateTable, DeleteTable, DescribeTable, IndexDescription, Models, StreamDescription, StreamViewType,
    TableDescription, TableStatus, VectorIndexDescription, WaitForTable,
};
pub use transact_get::{Gets, IntoGet, TransactGet};
pub use transact_write::TransactWrite;
pub use update::Update;

/// The place of a [`Db`](crate::Db) in an operation that no `Db` runs yet: an argument for a transaction.
#[derive(Debug, Clone, Copy)]
pub struct Detached;

#[cfg(test)]
mod tests {
    use super::test_models::*;
    use super::*;

    fn assert_send<T: Send>(_: T) {}

    #[tokio::test]
    async fn every_terminal_may_move_between_threads() {
        let db = &db();
        assert_send(db.get(User::key("u1")).one());
        assert_send(db.get(User::key("u1")).project::<UserName>().optional());
        assert_send(db.put(&user()).execute());
        assert_send(db.put(&user()).returning_old());
        assert_send(db.put(&user()).returning_new());
        assert_send(db.update(&user()).execute());
        assert_send(db.update(&user()).returning_old());
        assert_send(db.update(&user()).returning_new());
        assert_send(db.delete(&user()).execute());
        assert_send(db.delete(&user()).returning_old());
        let query = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).project::<OrderTotal>();
        assert_send(query().page());
        assert_send(query().take(1));
        assert_send(query().all());
        assert_send(query().stream());
        assert_send(query().count());
        assert_send(query().optional());
        assert_send(query().one());
        let hydrate = || db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).hydrate();
        assert_send(hydrate().page());
        assert_send(hydrate().take(1));
        assert_send(hydrate().all());
        assert_send(hydrate().stream());
        assert_send(hydrate().count());
        assert_send(hydrate().optional());
        assert_send(hydrate().one());
        assert_send(db.scan::<Order>().page());
        assert_send(db.scan::<Order>().take(1));
        assert_send(db.scan::<Order>().all());
        assert_send(db.scan::<Order>().stream());
        assert_send(db.scan::<Order>().count());
        assert_send(db.scan::<Order>().parallel(2).page());
        assert_send(db.scan::<Order>().parallel(2).take(1));
        assert_send(db.scan::<Order>().parallel(2).all());
        assert_send(db.scan::<Order>().parallel(2).stream());
        assert_send(db.scan::<Order>().parallel(2).count());
        assert_send(db.transact_write().put(&user()).execute());
        assert_send(db.transact_get((User::key("u1"), Order::key("u1", 7_u16))).one());
        assert_send(db.transact_get(vec![User::key("u1")]).optional());
        assert_send(db.repair_unique::<User>().execute());
        assert_send(db.statement("", [""]).all::<User>());
        assert_send(db.batch_statement().statement("", [""]).all::<User>());
        assert_send(db.transact_statement().statement("", [""]).execute());
        assert_send(db.batch_write().put(&user()).execute());
        assert_send(db.batch_get([User::key("u1")]).all());
        assert_send(db.batch_get([User::key("u1")]).project::<UserName>().stream());
        assert_send(db.create_table::<(User, Order)>().execute());
        assert_send(db.describe_table::<User>().one());
        assert_send(db.describe_table::<User>().optional());
        assert_send(db.wait_for_table::<User>().execute());
        assert_send(db.delete_table::<User>().execute());
        assert_send((Update::new(User::key("u1")), Put::new(&user()), Delete::new(&user())));

        let db = db.clone();
        let spawned = tokio::spawn(async move {
            db.create_table::<User>().execute().await?;
            db.put(&user()).execute().await?;
            db.get(&user()).one().await
        });
        assert_eq!(spawned.await.unwrap().unwrap(), user());
    }

    #[tokio::test]
    async fn an_item_that_an_update_makes_is_found_by_its_indexes() {
        let db = db();
        db.create_table::<Account>().execute().await.unwrap();
        db.update(Account::key("a1")).set(Account::BALANCE, 5).execute().await.unwrap();
        let query = db.query::<Account>().key(Account::ALL_ACCOUNTS_INDEX.partition(()));
        let found = query.one().await.unwrap();
        assert_eq!((found.id.as_str(), found.balance, found.kept.version), ("a1", 5, 1));
        db.update(&found).add(Account::BALANCE, 1).execute().await.unwrap();
        let late = db.update(&found).add(Account::BALANCE, 1).execute().await;
        assert!(late.unwrap_err().is_condition_failed());
    }

    #[tokio::test]
    async fn an_item_that_is_gone_is_neither_changed_nor_deleted() {
        let db = db();
        db.create_table::<(User, Account)>().execute().await.unwrap();
        assert!(db.update(&user()).add(User::CREDITS, 1).execute().await.unwrap_err().is_condition_failed());
        assert!(
            db.update(&account(0))
                .add(Account::BALANCE, 1)
                .execute()
                .await
                .unwrap_err()
                .is_condition_failed()
        );
        assert!(db.delete(&account(0)).execute().await.unwrap_err().is_condition_failed());
        assert!(db.delete(&account(7)).execute().await.unwrap_err().is_condition_failed());
    }
}
