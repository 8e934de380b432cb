use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", shards = 16)]
struct Alone {
    topic: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "HEAD", shards = 16)]
struct Same {
    topic: String,
}

fn main() {}
