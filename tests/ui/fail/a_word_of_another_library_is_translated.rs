use dynamorm::Model;

#[derive(Model)]
struct User {
    #[dynamorm(hash_key)]
    id: String,
}

fn main() {}
