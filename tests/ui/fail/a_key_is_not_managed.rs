use dynamorm::{Model, Timestamp};

#[derive(Model)]
#[dynamorm(pk = id, sk = created_at)]
struct User {
    id: String,
    #[dynamorm(created_at)]
    created_at: Timestamp,
}

fn main() {}
