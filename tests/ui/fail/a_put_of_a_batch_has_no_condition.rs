use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db, user: &User) -> dynamorm::Result<()> {
    db.batch_write().put(user).if_not_exists().execute().await?;
    Ok(())
}

fn main() {}
