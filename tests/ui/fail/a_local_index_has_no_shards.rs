use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "{at}", shards = 16)]
#[dynamorm(local_index = "by-size", sk = size)]
struct Entry {
    topic: String,
    at: u64,
    size: u64,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "{at}", shards = 16)]
struct Head {
    topic: String,
    at: u64,
}

#[derive(Model)]
#[dynamorm(local_index = "by-size", sk = size)]
struct Sized {
    #[dynamorm(flatten)]
    head: Head,
    size: u64,
}

fn main() {}
