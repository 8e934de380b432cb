//! What other DynamoDB libraries got wrong and nothing else here shows: one behaviour per mistake.

use crate::support::{TestDb, matrix};
use dynamorm::{AttributeType, Document, Model, Result, Timestamp, Update};

matrix![
    a_nested_struct_comes_back_from_every_write,
    bytes_are_binary_after_every_write,
    times_with_and_without_fractions_sort_as_times,
];

#[derive(Debug, Clone, PartialEq, Document)]
struct Address {
    street: String,
    #[dynamorm(rename = "Post-Code")]
    post_code: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "PARCEL#{id}", sk = "AT#{sent_at}")]
struct Parcel {
    id: String,
    sent_at: Timestamp,
    to: Address,
    past: Vec<Address>,
    seal: Vec<u8>,
}

fn parcel(id: &str, sent_at: &str) -> Parcel {
    let address = |street: &str| Address { street: street.to_owned(), post_code: "10115".to_owned() };
    Parcel {
        id: id.to_owned(),
        sent_at: sent_at.parse().unwrap(),
        to: address("Main Street"),
        past: vec![address("Old Street"), address("Side Street")],
        seal: vec![0, 127, 128, 255],
    }
}

/// The same parcel, stored by each operation that writes.
async fn written(db: &TestDb) -> Result<Vec<Parcel>> {
    db.create_table::<Parcel>().execute().await?;
    let all = ["put", "batch", "transaction", "update", "update in a transaction"];
    let all = all.map(|id| parcel(id, "2026-01-01T00:00:00Z"));
    let [put, batch, transaction, update, both] = &all;
    db.put(put).execute().await?;
    db.batch_write().put(batch).execute().await?;
    db.transact_write().put(transaction).execute().await?;
    let set = |parcel: &Parcel| {
        Update::new(Parcel::key(parcel.id.as_str(), parcel.sent_at))
            .set(Parcel::TO, parcel.to.clone())
            .set(Parcel::PAST, parcel.past.clone())
            .set(Parcel::SEAL, parcel.seal.clone())
    };
    set(update).on(db).execute().await?;
    db.transact_write().update(set(both)).execute().await?;
    Ok(all.into())
}

async fn a_nested_struct_comes_back_from_every_write(db: TestDb) -> Result<()> {
    for parcel in written(&db).await? {
        assert_eq!(db.get(&parcel).one().await?, parcel);
        let found = db.query::<Parcel>().key(Parcel::PRIMARY_KEY.partition(parcel.id.as_str()));
        let found = found.filter(
            Parcel::TO.dot(Address::POST_CODE).eq("10115")
                & Parcel::PAST.at(1).dot(Address::STREET).eq("Side Street"),
        );
        assert_eq!(found.one().await?, parcel, "by its members");
    }
    Ok(())
}

async fn bytes_are_binary_after_every_write(db: TestDb) -> Result<()> {
    for parcel in written(&db).await? {
        let found = db.query::<Parcel>().key(Parcel::PRIMARY_KEY.partition(parcel.id.as_str()));
        let binary = found.filter(Parcel::SEAL.attribute_type(AttributeType::B));
        assert_eq!(binary.one().await?.seal, [0, 127, 128, 255], "{}", parcel.id);
    }
    Ok(())
}

/// As RFC 3339 text with as many digits as needed, `00Z` would sort after `00.5Z`.
async fn times_with_and_without_fractions_sort_as_times(db: TestDb) -> Result<()> {
    db.create_table::<Parcel>().execute().await?;
    let times = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T03:00:01+03:00"];
    let all = times.map(|time| parcel("one", time));
    db.batch_write().put_all(all.iter().rev()).execute().await?;
    let query = || Parcel::PRIMARY_KEY.partition("one");
    assert_eq!(db.query::<Parcel>().key(query()).all().await?, all);
    let from = query().ge(all[1].sent_at);
    assert_eq!(db.query::<Parcel>().key(from).all().await?, all[1..]);
    Ok(())
}
