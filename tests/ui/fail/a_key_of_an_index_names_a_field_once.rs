use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-place", pk = (tenant, tenant))]
struct Sale {
    id: String,
    tenant: String,
    region: String,
}

fn main() {}
