use dynamorm::Db;
use dynamorm_ui::{User, Order};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(User::key("u1")).set(Order::TOTAL, 5).execute().await?;
    Ok(())
}

fn main() {}
