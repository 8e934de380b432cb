use dynamorm::{Model, Timestamp};

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(ttl = "30")]
    expires: Option<Timestamp>,
}

fn main() {}
