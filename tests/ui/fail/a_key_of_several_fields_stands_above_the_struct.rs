use dynamorm::Model;

#[derive(Model)]

struct Sale {
    #[dynamorm(pk)]
    id: String,
    #[dynamorm(gsi("by-place", pk))]
    tenant: String,
    #[dynamorm(gsi("by-place", pk))]
    region: String,
}

fn main() {}
