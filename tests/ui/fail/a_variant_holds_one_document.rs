use dynamorm::Document;

#[derive(Document)]
enum Payment {
    Card(String, u8),
    Cash,
}

fn main() {}
