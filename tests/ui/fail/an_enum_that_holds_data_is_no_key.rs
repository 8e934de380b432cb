use dynamorm::{Document, Model};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
enum Id {
    Number { number: u64 },
    None,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = id)]
struct User {
    id: Id,
}

fn main() {}
