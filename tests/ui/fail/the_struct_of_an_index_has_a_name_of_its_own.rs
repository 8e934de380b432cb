use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = id)]
#[dynamorm(index = "key", pk = status, projection = keys_only)]
#[dynamorm(index = "by-status", pk = status, projection = keys_only)]
#[dynamorm(index = "by-total", pk = total, projection = keys_only, projection_type = OrderByStatus)]
struct Order {
    id: String,
    status: String,
    total: i64,
}

fn status(order: &OrderByStatus) -> String {
    let order = order.clone();
    format!("{:?} {}", order.item_key(), order.status)
}

fn main() {}
