//! The tour of the README: one program that touches each operation.

use dynamorm::{Check, Db, Model, Project, Put, Result, StartKey, Timestamp, Update};

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = email)]
struct User {
    id: String,
    email: String,
    name: String,
    credits: i64,
    active: bool,
    nickname: Option<String>,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(created_at)]
    created_at: Timestamp,
}

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{placed_at}")]
struct Order {
    customer: String,
    placed_at: Timestamp,
    total: i64,
}

#[derive(Debug, Project)]
#[dynamorm(of = Order)]
struct OrderSummary {
    placed_at: Timestamp,
    total: i64,
}

async fn writes(db: &Db, user: &User) -> Result<()> {
    match db.put(user).if_not_exists().execute().await {
        Ok(()) => println!("created"),
        Err(err) if err.is_condition_failed() => println!("already there"),
        Err(err) => return Err(err),
    }
    db.update(User::key("u1"))
        .set(User::NAME, "Ada Lovelace")
        .set(User::NICKNAME, "ada")
        .add(User::CREDITS, -7)
        .condition(User::CREDITS.ge(7))
        .execute()
        .await?;
    db.update(user).remove(User::NICKNAME).execute().await?;
    let _: Option<User> = db.delete(user).returning_old().await?;
    db.delete(User::key("u1")).condition(User::ACTIVE.eq(false)).execute().await
}

async fn reads(db: &Db, cursor: Option<StartKey>, monday: Timestamp, friday: Timestamp) -> Result<()> {
    let _: Option<User> = db.get(User::key("u1")).optional().await?;
    let _: User = db.get(User::key("u1")).consistent_read().one().await?;
    let page = db
        .query::<User>()
        .key(User::EMAIL_INDEX.partition("ada@example.com"))
        .filter(User::ACTIVE.eq(true).and(User::CREDITS.ge(5)))
        .limit(20)
        .start_key(cursor)
        .page()
        .await?;
    let _: Option<StartKey> = page.next;
    let summaries: Vec<OrderSummary> = db
        .query::<Order>()
        .project::<OrderSummary>()
        .key(Order::PRIMARY_KEY.partition("u1").between(monday, friday))
        .all()
        .await?;
    for summary in summaries {
        println!("{}: {}", summary.placed_at, summary.total);
    }
    Ok(())
}

async fn many_at_once(db: &Db, order: &Order, orders: &[Order]) -> Result<()> {
    db.transact_write()
        .put(Put::new(order).if_not_exists())
        .update(debit("u1", order.total))
        .check(Check::new(User::key("u2"), User::ACTIVE.eq(true)))
        .token("order-42")
        .execute()
        .await?;
    db.batch_write().put_all(orders).delete(User::key("u9")).execute().await
}

/// Takes `n` credits from a user, or fails the transaction it is part of.
fn debit(id: &str, n: i64) -> Update<User> {
    Update::new(User::key(id)).add(User::CREDITS, -n).condition(User::CREDITS.ge(n))
}

fn main() {}
