use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.transact_write().delete(db.delete(User::key("u1"))).execute().await?;
    Ok(())
}

fn main() {}
