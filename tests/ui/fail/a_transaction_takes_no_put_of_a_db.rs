use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db, user: &User) -> dynamorm::Result<()> {
    db.transact_write().put(db.put(user)).execute().await?;
    Ok(())
}

fn main() {}
