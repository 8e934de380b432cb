use dynamorm::{Document, Model, Update};

#[derive(Document)]
enum Payment {
    Card { last4: String },
    Cash,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "ORDER#{id}")]
struct Order {
    id: String,
    payment: Payment,
}

fn main() {
    let _ = Update::new(Order::key("o1")).set(Order::PAYMENT.dot(Payment::CARD_LAST4), "4242");
}
