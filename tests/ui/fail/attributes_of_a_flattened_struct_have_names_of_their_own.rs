use dynamorm::{Document, Model};

#[derive(Document)]
struct Named {
    name: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct User {
    id: String,
    name: String,
    #[dynamorm(flatten)]
    named: Named,
}

#[derive(Document)]
struct Keyed {
    pk: String,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "USER#{id}")]
struct Account {
    id: String,
    #[dynamorm(flatten)]
    keyed: Keyed,
}

fn main() {}
