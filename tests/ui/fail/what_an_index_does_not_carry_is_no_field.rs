use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = id)]
#[dynamorm(index = "by-status", pk = status, projection = include(total))]
struct Order {
    id: String,
    status: String,
    total: i64,
    note: String,
}

fn note(order: OrderByStatus) -> String {
    order.note
}

fn main() {}
