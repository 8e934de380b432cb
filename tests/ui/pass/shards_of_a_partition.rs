//! One partition for all that grows, one of numbers, and a key that is flattened.

use dynamorm::{Db, ItemCollection, Model, Timestamp};

#[derive(Debug, Model)]
#[dynamorm(table = "log", pk = "LOG", sk = "AT#{at}#{id}", shards = 2)]
#[dynamorm(shards_from("AT#2027", 16), shards_from("AT#2028", 1000))]
#[dynamorm(index = "by-id", pk = id)]
struct Entry {
    at: Timestamp,
    id: String,
}

/// It has the shards of its key.
#[derive(Debug, Model)]
#[dynamorm(table = "log")]
struct Long {
    #[dynamorm(flatten)]
    entry: Entry,
    text: String,
}

#[derive(Model)]
#[dynamorm(table = "numbers", pk = "N", sk = number, shards = 3, pk_attribute = "PK")]
struct Numbered {
    number: i64,
}

#[derive(Debug, ItemCollection)]
#[dynamorm(of = Entry)]
enum Logged {
    Entry(Long),
}

async fn all(db: &Db) -> dynamorm::Result<()> {
    let at = Timestamp::from_epoch_seconds(1_800_000_000);
    let _: Vec<Entry> = db.query::<Entry>().key(Entry::PRIMARY_KEY.partition(()).ge((at, "b"))).all().await?;
    let _: Vec<Logged> = db.query::<Logged>().key(Entry::PRIMARY_KEY.partition(())).all().await?;
    let _: Long = db.get(Long::key(Entry::key(at, "b"))).one().await?;
    db.put(&Numbered { number: -3 }).execute().await
}

fn main() {
    let _ = all;
}
