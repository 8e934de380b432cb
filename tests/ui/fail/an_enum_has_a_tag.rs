use dynamorm::Document;

#[derive(Document)]
#[dynamorm(type = "kind")]
enum Payment {
    Card { last4: String },
    Cash,
}

fn main() {}
