use dynamorm::Db;
use dynamorm_ui::{User, Order};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.query::<User>().key(Order::PRIMARY_KEY.partition("u1")).page().await?;
    Ok(())
}

fn main() {}
