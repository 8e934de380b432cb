use dynamorm::Document;
use dynamorm_ui::Address;

#[derive(Document)]
#[dynamorm(tag = "city")]
enum Delivery {
    Post(Address),
    Collected,
}

fn main() {}
