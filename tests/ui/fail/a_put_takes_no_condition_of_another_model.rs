use dynamorm::Db;
use dynamorm_ui::{User, Order};

async fn case(db: &Db, user: &User) -> dynamorm::Result<()> {
    db.put(user).condition(Order::TOTAL.ge(5)).execute().await?;
    Ok(())
}

fn main() {}
