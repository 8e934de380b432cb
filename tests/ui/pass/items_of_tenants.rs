//! The tenant in the keys, or as an attribute only; of one's own type; in collections and transactions.

use dynamorm::{Db, Document, ItemCollection, Model, ReachedByTenantDb, TenantDb, Update};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
struct TenantId(String);

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}#USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "by-tenant", pk = tenant, sk = id)]
#[dynamorm(index = "by-region", pk = (tenant, region), sk = (credits, id))]
struct User {
    #[dynamorm(tenant)]
    tenant: TenantId,
    id: String,
    region: String,
    credits: i64,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}#USER#{user}", sk = "ORDER#{number}")]
struct Order {
    #[dynamorm(tenant)]
    tenant: TenantId,
    user: String,
    number: u32,
}

#[derive(Model)]
struct Doc {
    #[dynamorm(pk)]
    id: String,
    #[dynamorm(tenant, gsi("tenant-index", pk))]
    tenant_id: String,
}

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum OfUser {
    User(User),
    Order(Order),
}

async fn all(db: &TenantDb) -> dynamorm::Result<()> {
    let _: Vec<OfUser> = db.query::<OfUser>().key(User::PRIMARY_KEY.partition("u1")).all().await?;
    let _: Vec<User> = db.query::<User>().key(User::BY_TENANT_INDEX.partition(()).begins_with("u")).all().await?;
    let _: Vec<User> = db.query::<User>().key(User::BY_REGION_INDEX.partition("eu").eq(7)).all().await?;
    let _: Vec<Doc> = db.query::<Doc>().key(Doc::TENANT_INDEX.partition(())).all().await?;
    let (_, _) = db.transact_get((User::key("u1"), Doc::key("d1"))).one().await?;
    let debit = Update::new(User::key("u1")).add(User::CREDITS, -7);
    db.transact_write().update(debit).delete(Order::key("u1", 7_u32)).execute().await
}

async fn put<M: Model<Scope = ReachedByTenantDb>>(db: &Db, item: &M) -> dynamorm::Result<()> {
    db.tenant("acme").put(item).execute().await
}

fn main() {
    let _ = (all, put::<User>, put::<Doc>);
}
