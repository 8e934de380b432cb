use dynamorm::ItemCollection;
use dynamorm_ui::{Order, User};

#[derive(ItemCollection)]
#[dynamorm(of = User)]
struct Customer {
    user: User,
    orders: Vec<Order>,
}

fn main() {}
