use dynamorm::{Document, Model};

#[derive(Model)]
#[dynamorm(pk = id)]
struct User {
    id: String,
    #[dynamorm(flatten, rename = "x")]
    entity: Entity,
}

#[derive(Document)]
struct Entity {
    kind: String,
}

fn main() {}
