use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "id")]
struct User {
    id: String,
}

fn main() {}
