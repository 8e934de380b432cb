use dynamorm::Model;

pub struct OrderByStatus {
    late: bool,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = id)]
#[dynamorm(index = "by-status", pk = status, projection = keys_only)]
pub struct Order {
    id: String,
    status: String,
}

fn main() {
    let _ = OrderByStatus { late: true }.late;
}
