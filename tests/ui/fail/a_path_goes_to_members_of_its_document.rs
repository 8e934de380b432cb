use dynamorm_ui::{Order, User};

fn case() {
    let _ = User::ADDRESS.dot(Order::TOTAL);
}

fn main() {}
