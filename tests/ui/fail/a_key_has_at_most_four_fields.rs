use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = "{a}#{b}#{c}#{d}#{e}")]
struct User {
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
}

fn main() {}
