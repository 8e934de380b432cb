//! Indexes that carry some attributes only.

use crate::support::{TestDb, matrix};
use dynamorm::{Model, Number, Project, Result};

matrix![
    an_index_of_keys_only_gives_keys,
    an_index_that_includes_attributes_gives_them,
    an_index_has_a_projection_of_its_own,
    what_an_index_carries_tells_which_item_it_is_of,
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

/// Its key is an attribute, so an index knows which item it has.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = id, sk = at)]
#[dynamorm(index = "by-status", pk = status, sk = "AT#{at}", projection = include(total, version))]
struct Order {
    id: String,
    at: u32,
    status: Option<String>,
    total: i64,
    note: Option<String>,
    #[dynamorm(version)]
    version: u64,
}

async fn an_index_has_a_projection_of_its_own(db: TestDb) -> Result<()> {
    parcels(&db).await?;
    let route = Parcel::BY_ROUTE_INDEX.partition("r1");
    let of_keys: ParcelByRoute = db.query::<Parcel>().project().key(route).one().await?;
    assert_eq!(of_keys.route, "r1");
    let depot = Parcel::BY_DEPOT_INDEX.partition("d1");
    let including: ParcelByDepot = db.query::<Parcel>().project().key(depot).one().await?;
    let ParcelByDepot { id, route, depot, weight } = including.clone();
    assert_eq!((id, route, depot, weight), ("p1".into(), "r1".into(), "d1".into(), 5.into()));
    assert!(format!("{including:?}").starts_with("ParcelByDepot { id: "));
    Ok(())
}

async fn what_an_index_carries_tells_which_item_it_is_of(db: TestDb) -> Result<()> {
    db.create_table::<Order>().execute().await?;
    let order = |at: u32| Order {
        id: "o1".into(),
        at,
        status: Some("open".into()),
        total: i64::from(at) * 10,
        note: Some("long".into()),
        version: 0,
    };
    for at in [1, 2, 3] {
        db.put(&order(at)).execute().await?;
    }
    db.put(&Order { status: None, ..order(4) }).execute().await?;
    let found = db.query::<OrderByStatus>().key(Order::BY_STATUS_INDEX.partition("open")).all().await?;
    let totals: Vec<_> = found.iter().map(|order| (order.total, order.version)).collect();
    assert_eq!(totals, [(10, 1), (20, 1), (30, 1)]);
    let whole = db.batch_get(found.iter().map(OrderByStatus::item_key)).all().await?;
    assert!(whole.iter().flatten().all(|order| order.note.as_deref() == Some("long")) && whole.len() == 3);
    assert_eq!(db.scan::<OrderByStatus>().index(Order::BY_STATUS_INDEX).count().await?, 3);
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
             call `.project::<ParcelByRoute>()` to read these, or `.hydrate()` to fetch the items"
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
