//! Values that no two items have: of every type that a key takes, alone or within a scope, of tenants too.

use dynamorm::{Db, Document, Model, Number, Result, TenantDb, Timestamp, Unique, UniqueWithin, Update};

#[derive(Debug, Clone, Document)]
struct Email(String);

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "by-email", pk = email, sk = org)]
struct User {
    id: String,
    #[dynamorm(unique)]
    email: String,
    #[dynamorm(unique)]
    other: Option<Email>,
    #[dynamorm(unique)]
    number: Number,
    #[dynamorm(unique)]
    born: Timestamp,
    #[dynamorm(unique, rename = "k")]
    key: Option<Vec<u8>>,
    #[dynamorm(unique(scope = org))]
    badge: Option<u32>,
    org: String,
}

#[derive(Model)]
#[dynamorm(table = "docs", pk = "T#{tenant}", sk = "DOC#{id}")]
struct Doc {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    #[dynamorm(unique(scope = tenant))]
    slug: String,
    #[dynamorm(unique(scope = id))]
    title: String,
}

async fn lines(db: &Db, tenant: &TenantDb, user: &User) -> Result<()> {
    let _: dynamorm::Attr<User, String, Unique> = User::EMAIL;
    let _: dynamorm::Attr<User, Option<u32>, UniqueWithin<String>> = User::BADGE;
    let _: User = db.get_by(User::EMAIL, "ada@example.com").one().await?;
    let _: Option<User> = db.get_by(User::OTHER, Email("ada@example.com".into())).optional().await?;
    let _: Option<User> = db.get_by(User::BADGE, ("o1", 7_u32)).optional().await?;
    let _: Doc = tenant.get_by(Doc::SLUG, "home").one().await?;
    let _: Doc = tenant.get_by(Doc::TITLE, ("d1", "Home")).one().await?;
    db.put(user).if_not_exists().execute().await?;
    db.update(User::key("u1")).set(User::EMAIL, "b@example.com").remove(User::BADGE).execute().await?;
    let told = Update::new(User::key("u1")).set(User::EMAIL, "c@example.com").given(User::EMAIL, "b@example.com");
    db.transact_write().update(told.condition(User::NUMBER.gt(Number::from(7)))).execute().await?;
    db.delete(user).execute().await
}

fn main() {}
