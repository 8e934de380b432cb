use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    #[dynamorm(skip)]
    id: String,
}

fn main() {}
