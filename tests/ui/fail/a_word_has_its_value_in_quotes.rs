use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = app, pk = id)]
struct User {
    id: String,
}

fn main() {}
