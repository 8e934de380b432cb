//! Each line of the table "from the guide's words to ours" compiles.

use dynamorm::{Db, KeyCondition, Model, Project, Put, Result, StartKey, Update};

#[derive(Debug, Clone, Model)]
struct User {
    #[dynamorm(pk)]
    id: String,
    #[dynamorm(sk)]
    sk: String,
    #[dynamorm(gsi("email-index", pk))]
    email_gsi: String,
    #[dynamorm(rename = "tenant_id")]
    tenant: String,
    name: String,
    credits: i64,
}

#[derive(Debug, Project)]
#[dynamorm(of = User)]
struct UserSummary {
    id: String,
    name: String,
}

async fn lines(user: &User, id: &str, email: &str, cursor: Option<StartKey>) -> Result<()> {
    // NewClient(Config{Session, TableName})
    let db = Db::from_env().await?.table("app");
    // db.Put(u).Execute()
    db.put(user).execute().await?;
    // db.Get(&u).Key("id", id).Key("sk", s).ConsistentRead(true).Execute()
    let _: User = db.get(User::key(id, "PROFILE")).consistent_read().one().await?;
    // .Index("email-index") on a Get
    let _: User = db.query::<User>().key(User::EMAIL_INDEX.partition(email)).one().await?;
    // .KeyCondition("email_gsi = :e", …), .StartKey(c), LastEvaluatedKey
    let condition = KeyCondition::raw("email_gsi = :e", [(":e", email)]);
    let page = db.query::<User>().key(condition).start_key(cursor).page().await?;
    let _: Option<StartKey> = page.next;
    // .Project("id", "name")
    let summary = db.get(User::key(id, "PROFILE")).project::<UserSummary>().one().await?;
    println!("{} {}", summary.id, summary.name);
    // db.BatchWrite().Put(u).Execute()
    db.batch_write().put(user).execute().await?;
    // db.TransactWrite().Update(..).Set("credits", Subtract("credits", x)).Condition(..).Values(..)
    db.transact_write()
        .put(Put::new(user))
        .update(
            Update::new(User::key(id, "PROFILE"))
                .set(User::CREDITS, User::CREDITS.minus(7))
                .condition(User::TENANT.eq("t1")),
        )
        .execute()
        .await?;
    let added = db.update(user).add(User::CREDITS, -7).execute().await;
    // ErrNotFound, IsConditionFailed, IsThrottled
    added.or_else(|err| {
        let known = err.is_not_found() || err.is_condition_failed() || err.is_throttled();
        if known { Ok(()) } else { Err(err) }
    })
}

fn main() {}
