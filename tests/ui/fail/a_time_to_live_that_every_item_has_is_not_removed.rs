use dynamorm::{Model, Ttl, Update};

#[derive(Model)]
#[dynamorm(table = "app", pk = "SESSION#{id}")]
struct Session {
    id: String,
    #[dynamorm(ttl)]
    expires: Ttl,
}

fn main() {
    let _ = Update::new(Session::key("s1")).remove(Session::EXPIRES);
}
