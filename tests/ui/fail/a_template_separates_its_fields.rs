use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "{tenant}{id}")]
struct User {
    tenant: String,
    id: String,
}

fn main() {}
