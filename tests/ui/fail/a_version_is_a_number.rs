use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(version)]
    version: String,
}

fn main() {}
