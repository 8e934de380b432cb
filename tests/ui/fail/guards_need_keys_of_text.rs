use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "users", pk = id)]
struct User {
    id: u64,
    #[dynamorm(unique)]
    email: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "UNIQUE#{id}")]
struct Guard {
    id: String,
    #[dynamorm(unique)]
    email: String,
}

fn main() {}
