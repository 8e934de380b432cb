use dynamorm::{Document, Model, Timestamp};

#[derive(Document)]
struct Name {
    first: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "ORG#{org}", sk = "USER#{id}")]
struct User {
    org: String,
    #[dynamorm(unique)]
    id: String,
    #[dynamorm(unique, skip)]
    cached: String,
    #[dynamorm(unique, flatten)]
    name: Name,
    #[dynamorm(unique, version)]
    version: u64,
    #[dynamorm(unique = true)]
    email: String,
    #[dynamorm(unique(org))]
    phone: String,
    #[dynamorm(created_at)]
    created_at: Timestamp,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "T#{tenant}", sk = "DOC#{id}")]
struct Doc {
    #[dynamorm(tenant, unique)]
    tenant: String,
    id: String,
}

fn main() {}
