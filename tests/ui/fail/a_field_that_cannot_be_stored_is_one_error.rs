use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    price: Price,
}

struct Price {
    cents: i64,
}

fn main() {}
