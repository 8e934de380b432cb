use dynamorm::Put;
use dynamorm_ui::User;

async fn case(user: &User) -> dynamorm::Result<()> {
    Put::new(user).if_not_exists().execute().await?;
    Ok(())
}

fn main() {}
