use dynamorm::Document;

#[derive(Document)]
enum Status {
    Active,
    Gone(String),
}

fn main() {}
