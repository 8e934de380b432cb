use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, keys = "plain")]
struct User {
    id: String,
}

fn main() {}
