use dynamorm::Update;
use dynamorm_ui::User;

async fn case() -> dynamorm::Result<()> {
    Update::new(User::key("u1")).add(User::CREDITS, 1).execute().await?;
    Ok(())
}

fn main() {}
