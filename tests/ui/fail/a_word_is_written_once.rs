use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, pk = name)]
struct User {
    id: String,
    name: String,
}

fn main() {}
