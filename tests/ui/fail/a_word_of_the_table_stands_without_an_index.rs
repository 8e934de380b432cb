use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-name", pk = name, table = "app")]
struct User {
    id: String,
    name: String,
}

fn main() {}
