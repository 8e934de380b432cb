use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "USER#{id")]
struct User {
    id: String,
}

fn main() {}
