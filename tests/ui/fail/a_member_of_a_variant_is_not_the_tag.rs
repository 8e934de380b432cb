use dynamorm::Document;

#[derive(Document)]
enum Payment {
    Card {
        last4: String,
        r#type: String,
    },
    Cash,
}

fn main() {}
