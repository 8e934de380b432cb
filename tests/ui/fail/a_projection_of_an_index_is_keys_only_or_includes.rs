use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-tenant", pk = tenant, projection = "ALL")]
struct Sale {
    id: String,
    tenant: String,
    region: String,
}

fn main() {}
