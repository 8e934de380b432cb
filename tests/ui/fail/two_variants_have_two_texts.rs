use dynamorm::Document;

#[derive(Document)]
enum Status {
    Active,
    #[dynamorm(rename = "Active")]
    Gone,
}

fn main() {}
