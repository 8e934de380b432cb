use dynamorm::Db;
use dynamorm_ui::{User, Order};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(User::key("u1")).set(User::CREDITS, Order::TOTAL.plus(1)).execute().await?;
    Ok(())
}

fn main() {}
