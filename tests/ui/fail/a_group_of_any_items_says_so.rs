use dynamorm::{Item, ItemCollection};
use dynamorm_ui::User;

#[derive(ItemCollection)]
#[dynamorm(of = User)]
struct Customer {
    user: Option<User>,
    rest: Vec<Item>,
}

fn main() {}
