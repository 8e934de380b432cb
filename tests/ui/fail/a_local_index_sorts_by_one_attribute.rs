use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id, sk = "SALE")]
#[dynamorm(local_index = "by-place", sk = (tenant, region))]
struct Sale {
    id: String,
    tenant: String,
    region: String,
}

fn main() {}
