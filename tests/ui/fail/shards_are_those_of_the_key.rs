use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "{at}")]
struct Head {
    topic: String,
    at: u64,
}

#[derive(Model)]
#[dynamorm(shards = 16)]
struct Entry {
    #[dynamorm(flatten)]
    head: Head,
    text: String,
}

fn main() {}
