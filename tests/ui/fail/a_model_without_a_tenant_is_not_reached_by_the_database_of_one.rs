use dynamorm::{Db, Model};

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
struct User {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    credits: i64,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "PRODUCT#{id}", sk = "PRODUCT")]
struct Product {
    id: String,
}

fn get(db: &Db) {
    let _ = db.tenant("acme").get(Product::key("p1"));
}

fn main() {}
