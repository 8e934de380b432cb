use dynamorm::{Db, Model};

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE", sort = 1)]
#[dynamorm(index = "email-index", pk = email)]
struct User {
    id: String,
    email: String,
    credits: i64,
}

async fn case(db: &Db, user: &User) -> dynamorm::Result<()> {
    db.put(user).if_not_exists().execute().await?;
    db.update(User::key("u1")).add(User::CREDITS, 1).execute().await?;
    let found = db.query::<User>().key(User::EMAIL_INDEX.partition("a@b.c")).all().await?;
    found.iter().for_each(|user: &User| drop(user.email.clone()));
    Ok(())
}

fn main() {}
