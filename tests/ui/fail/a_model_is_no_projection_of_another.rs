use dynamorm::Db;
use dynamorm_ui::{User, Order};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.get(User::key("u1")).project::<Order>().one().await?;
    Ok(())
}

fn main() {}
