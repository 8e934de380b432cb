use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "ab", pk = id)]
struct User {
    id: String,
}

fn main() {}
