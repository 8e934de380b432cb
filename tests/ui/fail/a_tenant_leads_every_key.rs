use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "ORG#{org}#{tenant}", sk = "USER#{id}")]
#[dynamorm(index = "by-status", pk = "STATUS#{status}")]
struct User {
    org: String,
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    status: String,
}

fn main() {}
