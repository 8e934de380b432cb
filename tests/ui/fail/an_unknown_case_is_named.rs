use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, rename_all = "camel")]
struct User {
    id: String,
}

fn main() {}
