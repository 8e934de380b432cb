use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, sk = name)]
#[dynamorm(local_index = "by-name", pk = name, sk = id)]
struct User {
    id: String,
    name: String,
}

fn main() {}
