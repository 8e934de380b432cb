use dynamorm_ui::Order;

fn case() {
    let _ = Order::PRIMARY_KEY.partition("u1").begins_with(1);
}

fn main() {}
