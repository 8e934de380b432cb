use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    let key = User::EMAIL_INDEX.partition("a@b.c");
    db.query::<User>().key(key.clone()).key(key).page().await?;
    Ok(())
}

fn main() {}
