use dynamorm::Model;

#[derive(Model)]
#[dynamorm(table = "log", pk = "A#{topic}", sk = "{at}", shards = 16, shards_from("2027-01-01", 8))]
struct Fewer {
    topic: String,
    at: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "B#{topic}", sk = "{at}", shards = 16)]
#[dynamorm(shards_from("2028-01-01", 32), shards_from("2027-01-01", 64))]
struct Backwards {
    topic: String,
    at: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "C#{topic}", sk = "{at}", shards_from("2027-01-01", 64))]
struct FromNothing {
    topic: String,
    at: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "D#{topic}", sk = "AT#{at}", shards = 16, shards_from("2027-01-01", 64))]
struct Elsewhere {
    topic: String,
    at: String,
}

#[derive(Model)]
#[dynamorm(table = "log", pk = "E#{topic}", sk = "{at}", shards = 16, shards_from = 64)]
struct Unclear {
    topic: String,
    at: String,
}

fn main() {}
