use dynamorm::{Item, Model};

#[derive(Model)]
#[dynamorm(pk = id, schema = 3, upcast(v1_to_v2))]
struct User {
    id: String,
}

fn v1_to_v2(item: Item) -> Result<Item, std::fmt::Error> {
    Ok(item)
}

fn main() {}
