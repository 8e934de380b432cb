use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "NONE#{topic}", sk = "{id}", shards = 0)]
struct None {
    topic: String,
    id: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "ONE#{topic}", sk = "{id}", shards = 1)]
struct One {
    topic: String,
    id: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "MANY#{topic}", sk = "{id}", shards = 1001)]
struct Many {
    topic: String,
    id: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "TEXT#{topic}", sk = "{id}", shards = "16")]
struct Text {
    topic: String,
    id: String,
}

fn main() {
    let _ = (None::key("t", "1"), One::key("t", "1"), Many::key("t", "1"), Text::key("t", "1"));
}
