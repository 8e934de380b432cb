use dynamorm::{ItemCollection, Model};

#[derive(Model)]
#[dynamorm(table = "app", pk = "DEVICE#{device}", sk = "READING#{at}", shards = 16)]
struct Reading {
    device: String,
    at: u64,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = "DEVICE#{device}", sk = "ALARM#{at}")]
struct Alarm {
    device: String,
    at: u64,
}

#[derive(ItemCollection)]
#[dynamorm(of = Reading)]
enum OfDevice {
    Reading(Reading),
    Alarm(Alarm),
}

fn main() {}
