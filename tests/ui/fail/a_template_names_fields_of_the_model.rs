use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "USER#{idd}")]
struct User {
    id: String,
}

fn main() {}
