use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-name", pk = name)]
#[dynamorm(index = "by-name", pk = id)]
struct User {
    id: String,
    name: String,
}

fn main() {}
