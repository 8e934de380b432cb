use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(User::key("u1")).set(User::ID, "u2").execute().await?;
    Ok(())
}

fn main() {}
