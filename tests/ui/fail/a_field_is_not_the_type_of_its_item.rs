use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, type = "User")]
struct User {
    id: String,
    #[dynamorm(rename = "type")]
    kind: String,
}

fn main() {}
