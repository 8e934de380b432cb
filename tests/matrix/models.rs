//! The models that several files use: a user and its orders in one table, in the library's own form.

use crate::support::TestDb;
use dynamorm::{Model, Result, Timestamp};
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = email)]
pub(crate) struct User {
    pub(crate) id: String,
    /// Empty: not in the index.
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) credits: i64,
    pub(crate) active: bool,
    pub(crate) nickname: Option<String>,
    pub(crate) tags: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "USER#{customer}", sk = "ORDER#{placed_at}")]
pub(crate) struct Order {
    pub(crate) customer: String,
    pub(crate) placed_at: Timestamp,
    pub(crate) total: i64,
}

pub(crate) fn user(id: &str) -> User {
    User {
        id: id.to_owned(),
        email: format!("{id}@example.com"),
        name: format!("User {id}"),
        credits: 10,
        active: true,
        nickname: None,
        tags: BTreeSet::new(),
    }
}

pub(crate) fn order(customer: &str, second: i64) -> Order {
    Order {
        customer: customer.to_owned(),
        placed_at: Timestamp::from_epoch_seconds(1_700_000_000 + second),
        total: 10 * second,
    }
}

/// Makes their table.
pub(crate) async fn shop(db: &TestDb) -> Result<()> {
    db.create_table::<(User, Order)>().execute().await
}

/// Makes their table, with some users in it.
pub(crate) async fn shop_with(db: &TestDb, users: &[&str]) -> Result<()> {
    shop(db).await?;
    for id in users {
        db.put(&user(id)).execute().await?;
    }
    Ok(())
}
