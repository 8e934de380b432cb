use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(sk)]
    sk: String,
}

fn main() {}
