use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "USER#{id}")]
struct User {
    id: Vec<u8>,
}

fn main() {}
