use dynamorm::Document;

#[derive(Document)]
enum Payment {
    Card { number_last4: String },
    CardNumber { last4: String },
}

fn main() {}
