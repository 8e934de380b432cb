use dynamorm::{ItemCollection, Model};

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
struct User {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{owner}", sk = "PRODUCT#{id}")]
struct Product {
    owner: String,
    id: String,
}

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum OfUser {
    User(User),
    Product(Product),
}

#[derive(ItemCollection)]
#[dynamorm(of = Product)]
enum OfProduct {
    Product(Product),
    User(User),
}

fn main() {}
