use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = seq, shards = 16, shards_from("1000", 64))]
struct Numbered {
    topic: String,
    seq: u64,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "{seq}", shards = 16, shards_from(1000, 64))]
struct Padded {
    topic: String,
    seq: u64,
}

fn main() {}
