use dynamorm::Db;
use dynamorm_ui::Order;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(Order::key("u1", 7)).add(Order::NUMBER, 1).execute().await?;
    Ok(())
}

fn main() {}
