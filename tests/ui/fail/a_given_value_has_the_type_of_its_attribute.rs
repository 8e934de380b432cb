use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(User::key("u1")).set(User::ACTIVE, true).given(User::NAME, 7).execute().await?;
    Ok(())
}

fn main() {}
