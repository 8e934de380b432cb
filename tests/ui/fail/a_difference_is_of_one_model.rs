use dynamorm::Model;
use dynamorm_ui::{Order, User};

fn case(user: &User, order: &Order) {
    let _ = user.changes_from(order);
}

fn main() {}
