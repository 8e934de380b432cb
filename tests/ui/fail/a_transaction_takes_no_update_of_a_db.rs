use dynamorm::Db;
use dynamorm_ui::User;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.transact_write()
        .update(db.update(User::key("u1")).add(User::CREDITS, 1))
        .execute()
        .await?;
    Ok(())
}

fn main() {}
