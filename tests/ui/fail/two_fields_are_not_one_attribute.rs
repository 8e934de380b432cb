use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    name: String,
    #[dynamorm(rename = "name")]
    title: String,
}

fn main() {}
