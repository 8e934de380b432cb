use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = topic, sk = at, shards = 16)]
struct Entry {
    topic: String,
    at: u64,
}

fn main() {}
