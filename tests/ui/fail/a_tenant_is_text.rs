use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
struct User {
    #[dynamorm(tenant)]
    tenant: u64,
    id: String,
}

fn main() {}
