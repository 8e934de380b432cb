use dynamorm::Db;
use dynamorm_ui::{Address, User};

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.update(User::key("u1")).remove(User::PAST.at(0).dot(Address::CITY)).execute().await?;
    Ok(())
}

fn main() {}
