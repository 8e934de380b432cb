use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "app", pk = "ORDER#{id}", projection_type = NoIndex)]
#[dynamorm(index = "by-status", pk = status, projection_type = OrderStatus)]
#[dynamorm(index = "by-total", pk = "TOTAL#{total}", projection = keys_only, projection_type = OrderTotal)]
#[dynamorm(index = "by-place", pk = place, projection = keys_only, projection_type = "OrderPlace")]
struct Order {
    id: String,
    status: String,
    total: i64,
    place: String,
}

fn main() {}
