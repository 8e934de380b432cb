use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    #[dynamorm(table = "app")]
    id: String,
}

fn main() {}
