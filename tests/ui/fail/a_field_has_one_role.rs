use dynamorm::{Model, Timestamp};

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(created_at, updated_at)]
    changed: Timestamp,
}

fn main() {}
