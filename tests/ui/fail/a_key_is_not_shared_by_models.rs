use dynamorm::Update;
use dynamorm_ui::{User, Order};

fn case() {
    let _: Update<User> = Update::new(Order::key("u1", 7));
}

fn main() {}
