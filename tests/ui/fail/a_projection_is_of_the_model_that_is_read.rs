use dynamorm::Db;
use dynamorm_ui::{User, OrderSummary};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.query::<User>().key(User::EMAIL_INDEX.partition("a@b.c")).project::<OrderSummary>().all().await?;
    Ok(())
}

fn main() {}
