use dynamorm::{Item, ItemCollection};
use dynamorm_ui::User;

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum Inner {
    User(User),
}

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    Inner(Inner),
    Other(Item),
}

fn main() {}
