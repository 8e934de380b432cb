use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(User::key("u1")).append(User::NAME, ["x"]).execute().await?;
    Ok(())
}

fn main() {}
