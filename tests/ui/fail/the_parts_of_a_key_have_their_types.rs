use dynamorm::Db;
use dynamorm_ui::Order;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.get(Order::key("u1", "7")).one().await?;
    Ok(())
}

fn main() {}
