use dynamorm::Document;

#[derive(Document)]
struct Nothing;

fn main() {}
