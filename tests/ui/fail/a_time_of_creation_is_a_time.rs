use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(created_at)]
    created_at: String,
}

fn main() {}
