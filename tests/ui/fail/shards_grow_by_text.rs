use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = seq, shards = 16, shards_from("1000", 64))]
struct Entry {
    topic: String,
    seq: u64,
}

fn main() {}
