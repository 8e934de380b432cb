use dynamorm::Db;
use dynamorm_ui::{Order, User};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.scan::<User>().filter(Order::TOTAL.ge(5)).page().await?;
    Ok(())
}

fn main() {}
