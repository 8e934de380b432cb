use dynamorm::Db;

async fn case(db: &Db) -> dynamorm::Result<()> {
    db.get("u1").one().await?;
    Ok(())
}

fn main() {}
