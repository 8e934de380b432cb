use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "{tenant}-users", sk = "USER#{id}")]
struct User {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
}

fn main() {}
