use dynamorm::Db;
use dynamorm_ui::Address;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.create_table::<Address>().execute().await?;
    Ok(())
}

fn main() {}
