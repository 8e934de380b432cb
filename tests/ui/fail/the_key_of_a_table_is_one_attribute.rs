use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = (tenant, region))]
struct Sale {
    id: String,
    tenant: String,
    region: String,
}

fn main() {}
