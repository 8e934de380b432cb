use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "email", pk = email)]
struct User {
    id: String,
    email: String,
    email_index: u32,
}

fn main() {}
