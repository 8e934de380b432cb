use dynamorm::Model;

#[derive(Model)]
#[dynamorm(tabel = "app", pk = id)]
struct User {
    id: String,
}

fn main() {}
