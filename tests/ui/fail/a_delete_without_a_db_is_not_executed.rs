use dynamorm::Delete;
use dynamorm_ui::User;

async fn case() -> dynamorm::Result<()> {
    Delete::new(User::key("u1")).execute().await?;
    Ok(())
}

fn main() {}
