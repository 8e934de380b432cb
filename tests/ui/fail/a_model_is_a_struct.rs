use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
enum User {
    Active,
    Gone,
}

fn main() {}
