use dynamorm_ui::{User, Order};

fn case() {
    let _ = User::ACTIVE.eq(true).and(Order::TOTAL.ge(5));
}

fn main() {}
