use dynamorm::{Document, Model, Ttl};

#[derive(Document)]
struct Kept {
    #[dynamorm(ttl = "30d")]
    expires: Option<Ttl>,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "SESSION#{id}")]
struct Session {
    id: String,
    #[dynamorm(unique)]
    token: String,
    #[dynamorm(flatten)]
    kept: Kept,
}

fn main() {}
