use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{tenant}#{id}")]
struct User {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
}

fn main() {}
