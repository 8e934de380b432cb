use dynamorm::Model;

#[derive(Model)]
#[dynamorm(pk = id)]
struct User<T> {
    id: String,
    extra: T,
}

fn main() {}
