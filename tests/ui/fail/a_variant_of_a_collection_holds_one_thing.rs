use dynamorm::ItemCollection;
use dynamorm_ui::{Order, User};

#[derive(ItemCollection)]
#[dynamorm(of = User)]
enum CustomerItem {
    User(User),
    Orders(Order, Order),
    Nothing,
}

fn main() {}
