use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{id}")]
#[dynamorm(index = "by-level", pk = "LEVEL#{level}", sk = "{at}", shards = 16)]
struct Entry {
    id: String,
    level: String,
    at: u64,
}

fn main() {}
