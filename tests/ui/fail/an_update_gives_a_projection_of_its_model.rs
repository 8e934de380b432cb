use dynamorm::Db;
use dynamorm_ui::{Order, User};

async fn case(db: &Db) -> dynamorm::Result<()> {
    let _: Order = db.update(User::key("u1")).add(User::CREDITS, 1).returning_updated().await?;
    Ok(())
}

fn main() {}
