use dynamorm::Db;
use dynamorm_ui::{User, Order};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.query::<User>().key(User::EMAIL_INDEX.partition("a@b.c")).filter(Order::TOTAL.ge(5)).page().await?;
    Ok(())
}

fn main() {}
