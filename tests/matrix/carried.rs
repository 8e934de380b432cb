//! Indexes that carry some attributes only.

use crate::support::{TestDb, matrix};
use dynamorm::{Model, Number, Project, Result};

matrix![
    an_index_of_keys_only_gives_keys,
    an_index_that_includes_attributes_gives_them,
    what_an_index_does_not_carry_cannot_be_read_or_filtered_by_it,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "PARCEL#{id}", sk = "PARCEL")]
#[dynamorm(index = "by-route", pk = route, projection = keys_only)]
#[dynamorm(index = "by-depot", pk = depot, sk = weight, projection = include(id, route))]
struct Parcel {
    id: String,
    route: String,
    depot: String,
    weight: Number,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Parcel)]
struct ParcelRoute {
    route: String,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Parcel)]
struct ParcelOfDepot {
    id: String,
    route: String,
    weight: Number,
}

async fn parcels(db: &TestDb) -> Result<()> {
    db.create_table::<Parcel>().execute().await?;
    db.create_table::<Parcel>().if_not_exists().execute().await?;
    let parcel = Parcel {
        id: "p1".into(),
        route: "r1".into(),
        depot: "d1".into(),
        weight: 5.into(),
        note: Some("fragile".into()),
    };
    db.put(&parcel).execute().await
}

async fn an_index_of_keys_only_gives_keys(db: TestDb) -> Result<()> {
    parcels(&db).await?;
    let query = db.query::<ParcelRoute>().key(Parcel::BY_ROUTE_INDEX.partition("r1"));
    assert_eq!(query.all().await?, [ParcelRoute { route: "r1".into() }]);
    Ok(())
}

async fn an_index_that_includes_attributes_gives_them(db: TestDb) -> Result<()> {
    parcels(&db).await?;
    let query = db.query::<ParcelOfDepot>().key(Parcel::BY_DEPOT_INDEX.partition("d1").ge(Number::from(5)));
    let expected = ParcelOfDepot { id: "p1".into(), route: "r1".into(), weight: 5.into() };
    assert_eq!(query.one().await?, expected);
    Ok(())
}

async fn what_an_index_does_not_carry_cannot_be_read_or_filtered_by_it(db: TestDb) -> Result<()> {
    parcels(&db).await?;
    let calls = db.calls();
    let whole = db.query::<Parcel>().key(Parcel::BY_ROUTE_INDEX.partition("r1"));
    let refused = whole.all().await.unwrap_err().to_string();
    assert!(
        refused.contains(
            "index \"by-route\" does not carry whole items, only `route`, `pk`, `sk`: \
             read a projection of these, or call `.hydrate()`"
        ),
        "{refused}"
    );
    let other = db.query::<ParcelOfDepot>().key(Parcel::BY_ROUTE_INDEX.partition("r1"));
    let refused = other.all().await.unwrap_err().to_string();
    assert!(refused.contains("does not carry `id`, `weight`"), "{refused}");
    let filtered = db.query::<ParcelRoute>().key(Parcel::BY_ROUTE_INDEX.partition("r1"));
    let refused = filtered.filter(Parcel::NOTE.exists()).all().await.unwrap_err().to_string();
    assert!(
        refused.contains("the filter uses attribute `note`, which index \"by-route\" does not carry"),
        "{refused}"
    );
    assert_eq!(db.calls(), calls, "all of it before the network");
    Ok(())
}
