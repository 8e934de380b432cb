use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(version)]
    revision: u64,
}

fn main() {}
