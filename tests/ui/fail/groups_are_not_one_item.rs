use dynamorm::{Db, ItemCollection, Result};
use dynamorm_ui::{Order, User};

#[derive(ItemCollection)]
#[dynamorm(of = User)]
struct Customer {
    user: Option<User>,
    orders: Vec<Order>,
}

async fn one(db: &Db) -> Result<Customer> {
    db.query::<Customer>().key(User::PRIMARY_KEY.partition("u1")).one().await
}

fn main() {}
