use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, sk_attribute = "SK")]
struct User {
    id: String,
}

fn main() {}
