use dynamorm::{Db, Document, Model, Project, Result};

#[derive(Debug, Clone, Model)]
#[dynamorm(pk = "{pk}", sk = "{sk}", pk_attribute = "PK", sk_attribute = "SK")]
struct Entity {
    pk: String,
    sk: String,
    kind: String,
}

#[derive(Debug, Clone, Document)]
struct Address {
    city: String,
    zip: Option<String>,
}

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "shop")]
#[dynamorm(index = "by-total", pk = "TOTALS", sk = total)]
struct Order {
    #[dynamorm(flatten)]
    entity: Entity,
    total: i64,
    address: Address,
}

#[derive(Debug, Clone, Model)]
#[dynamorm(pk = "USER#{id}")]
struct User {
    id: String,
    #[dynamorm(flatten)]
    address: Address,
}

#[derive(Debug, Project)]
#[dynamorm(of = Order)]
struct OrderSummary {
    #[dynamorm(flatten)]
    entity: EntitySummary,
    total: Option<i64>,
}

#[derive(Debug, Project)]
#[dynamorm(of = Entity)]
struct EntitySummary {
    kind: String,
}

async fn reads(db: &Db) -> Result<()> {
    let key = Order::key(Entity::key("a", "b"));
    let _: OrderSummary = db.get(key).project().one().await?;
    let _: User = db.get(User::key("u1")).one().await?;
    let _: Vec<Order> = db.query::<Order>().key(Order::BY_TOTAL_INDEX.partition(()).ge(100)).all().await?;
    Ok(())
}

fn main() {}
