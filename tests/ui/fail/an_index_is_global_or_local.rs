use dynamorm::Model;

#[derive(Model)]
struct User {
    #[dynamorm(pk)]
    id: String,
    #[dynamorm(sk, gsi("by-name", pk))]
    sk: String,
    #[dynamorm(lsi("by-name", sk))]
    name: String,
}

fn main() {}
