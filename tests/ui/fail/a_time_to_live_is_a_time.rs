use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(ttl)]
    expires: String,
}

fn main() {}
