use dynamorm::Check;
use dynamorm_ui::{User, Order};

fn case() {
    let _ = Check::new(User::key("u1"), Order::TOTAL.ge(5));
}

fn main() {}
