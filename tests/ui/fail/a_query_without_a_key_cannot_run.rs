use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.query::<User>().filter(User::ACTIVE.eq(true)).page().await?;
    Ok(())
}

fn main() {}
