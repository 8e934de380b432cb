use dynamorm::Document;

#[derive(Document)]
enum Payment {
    Card(String),
    Cash,
}

fn main() {}
