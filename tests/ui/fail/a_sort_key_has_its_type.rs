use dynamorm_ui::Order;

fn case() {
    let _ = Order::PRIMARY_KEY.partition("u1").ge("7");
}

fn main() {}
