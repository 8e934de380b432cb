//! An index that carries some attributes only has a projection of its own, whatever its fields can do.

use dynamorm::{Db, Document, Model};

/// Neither `Clone` nor `Debug`.
#[derive(Document, PartialEq)]
pub struct Weight {
    grams: u32,
}

#[derive(Model)]
#[dynamorm(table = "app", pk = id)]
#[dynamorm(index = "by-route", pk = route, projection = include(weight))]
#[dynamorm(index = "depot.2", pk = depot, sk = "AT#{at}", projection = keys_only)]
#[dynamorm(index = "by-note", pk = "NOTE#{note}")]
#[dynamorm(index = "key", pk = "NOTE#{note}", pk_attribute = "by-note_pk", projection = include(note), projection_type = Noted)]
pub struct Parcel {
    pub id: String,
    pub route: String,
    pub depot: Option<String>,
    pub at: u32,
    pub weight: Weight,
    pub note: String,
}

/// Its keys are made by templates, so the index carries no attribute of the model.
#[derive(Model)]
#[dynamorm(table = "app", pk = "BOX#{id}")]
#[dynamorm(index = "by-shelf", pk = "SHELF#{shelf}", projection = keys_only)]
struct Box {
    id: String,
    shelf: String,
}

async fn reads(db: &Db) -> dynamorm::Result<Parcel> {
    let found: ParcelByRoute = db.query::<Parcel>().project().key(Parcel::BY_ROUTE_INDEX.partition("r1")).one().await?;
    let ParcelByRoute { weight, id, route } = &found;
    let _: (&Weight, &String, &String) = (weight, id, route);
    db.get(found.item_key()).one().await
}

async fn keys(db: &Db) -> dynamorm::Result<Vec<ParcelDepot2>> {
    let found = db.query::<ParcelDepot2>().key(Parcel::DEPOT_2_INDEX.partition("d1")).all().await?;
    Ok(found.clone())
}

/// It stands where the derive would have put its own: so that of the derive has another name.
struct CrateByShelf;

#[derive(Model)]
#[dynamorm(table = "app", pk = id)]
#[dynamorm(index = "by-shelf", pk = shelf, projection = keys_only, projection_type = ShelvedCrate)]
struct Crate {
    id: String,
    shelf: String,
}

fn main() {
    let _ = (CrateByShelf, |noted: Noted| (noted.id, noted.note), |shelved: ShelvedCrate| shelved.item_key());
    let found = ParcelDepot2 { id: "p1".into(), depot: Some("d1".into()) };
    assert_eq!(format!("{found:?}"), r#"ParcelDepot2 { id: "p1", depot: Some("d1") }"#);
    let _ = (reads, keys);
    let _ = (Box { id: String::new(), shelf: String::new() }.item_key(), Box::BY_SHELF_INDEX);
}
