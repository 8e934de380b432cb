use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
struct User {
    #[dynamorm(tenant)]
    tenant: String,
    #[dynamorm(tenant)]
    owner: String,
    id: String,
}

fn main() {}
