use dynamorm::Db;
use dynamorm_ui::Address;

async fn case(db: &Db, address: &Address) -> dynamorm::Result<()> {
    db.put(address).execute().await?;
    Ok(())
}

fn main() {}
