use dynamorm_ui::{Order, User};

fn case() {
    let _ = User::CREDITS.eq(Order::TOTAL);
}

fn main() {}
