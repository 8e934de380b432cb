use dynamorm::{Db, ItemCollection, Result};
use dynamorm_ui::{Order, User};

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Order(Order),
}

async fn all(db: &Db) -> Result<Vec<CustomerItem>> {
    db.query::<CustomerItem>().key(Order::PRIMARY_KEY.partition("u1")).all().await
}

fn main() {}
