use dynamorm::{Item, ItemCollection};
use dynamorm_ui::User;

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Other(Item),
    Rest(Item),
}

fn main() {}
