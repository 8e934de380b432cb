use dynamorm::Document;

#[derive(Document)]
struct Point(i64, i64);

fn main() {}
