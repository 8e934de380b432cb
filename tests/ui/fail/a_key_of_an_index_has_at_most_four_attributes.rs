use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
#[dynamorm(index = "by-place", pk = (a, b, c, d, e))]
struct Sale {
    id: String,
    a: String,
    b: String,
    c: String,
    d: String,
    e: String,
}

fn main() {}
