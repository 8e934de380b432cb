//! What an item says of itself, in attributes of any name, and with errors of any type.

use dynamorm::{Item, Model, Project};

#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(type = "User", type_attribute = "_et")]
#[dynamorm(schema = 4, schema_attribute = "_v", upcast(as_it_is, fails::in_words, Self::in_full))]
struct User {
    id: String,
    r#type: Option<String>,
}

impl User {
    fn in_full(item: Item) -> Result<Item, Box<dyn std::error::Error + Send + Sync>> {
        Ok(item)
    }
}

fn as_it_is(item: Item) -> Result<Item, std::fmt::Error> {
    Ok(item)
}

mod fails {
    pub fn in_words(_: dynamorm::Item) -> Result<dynamorm::Item, String> {
        Err("never".to_owned())
    }
}

#[derive(Debug, Project)]
#[dynamorm(of = User)]
struct UserType {
    r#type: Option<String>,
}

fn main() {
    let _ = (User::TYPE, User::key("u1"));
}
