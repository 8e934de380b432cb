use dynamorm::Db;
use dynamorm_ui::{Order, User};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.scan::<Order>().index(User::EMAIL_INDEX).page().await?;
    Ok(())
}

fn main() {}
