use dynamorm::{Db, Timestamp};
use dynamorm_ui::User;

async fn case(db: &Db, now: Timestamp) -> dynamorm::Result<()> {
    db.update(User::key("u1")).set(User::CREATED_AT, now).execute().await?;
    Ok(())
}

fn main() {}
