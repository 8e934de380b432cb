use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-active", pk = active)]
struct User {
    id: String,
    active: bool,
}

fn main() {}
