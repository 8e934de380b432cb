use dynamorm::Model;

#[derive(Model)]
struct User {
    #[dynamorm(pk)]
    id: String,
    #[dynamorm(gsi("email-index"))]
    email: String,
}

fn main() {}
