use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(local_index = "by-name", sk = name)]
struct User {
    id: String,
    name: String,
}

fn main() {}
