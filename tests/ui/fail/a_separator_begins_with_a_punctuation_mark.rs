use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "{tenant}x{id}")]
struct User {
    tenant: String,
    id: String,
}

fn main() {}
