//! Updates of what is inside an attribute: documents, lists and maps, by their paths.

use crate::support::{TestDb, matrix};
use dynamorm::{Condition, Document, Model, Result, Update};
use std::collections::{BTreeMap, BTreeSet};

matrix![
    a_member_of_a_document_is_changed_alone,
    every_depth_is_reached,
    a_document_is_replaced_whole,
    what_is_inside_an_absent_document_is_not_changed,
    an_absent_member_is_removed_and_an_absent_element_is_null,
    a_number_and_a_set_inside_a_document_are_added_to,
    calculations_reach_inside,
    an_element_of_a_list_is_set_and_removed,
    an_element_beyond_the_end_becomes_the_last_one,
    elements_are_appended_to_a_list_although_it_is_missing,
    the_value_of_a_map_is_set_and_removed_whatever_its_key,
    overlapping_paths_are_refused_before_the_network,
    paths_stand_in_transactions_and_beside_conditions,
];

#[derive(Debug, Clone, Default, PartialEq, Document)]
struct Line {
    sku: String,
    count: i64,
    notes: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Document)]
struct Address {
    city: String,
    zip: Option<String>,
    visits: Option<i64>,
    doors: BTreeSet<String>,
    next: Option<Box<Address>>,
}

#[derive(Debug, Clone, Default, PartialEq, Model)]
#[dynamorm(pk = "PARCEL#{id}")]
struct Parcel {
    id: String,
    address: Address,
    other: Option<Address>,
    lines: Vec<Line>,
    steps: Option<Vec<String>>,
    labels: BTreeMap<String, Option<String>>,
    counts: BTreeMap<String, i64>,
}

fn line(sku: &str) -> Line {
    Line { sku: sku.to_owned(), count: 1, notes: Vec::new() }
}

fn parcel() -> Parcel {
    Parcel {
        id: "p".to_owned(),
        address: Address { city: "Paris".to_owned(), zip: Some("75".to_owned()), ..Address::default() },
        lines: vec![line("a"), line("b"), line("c")],
        labels: BTreeMap::from([("env".to_owned(), Some("test".to_owned()))]),
        ..Parcel::default()
    }
}

async fn with_parcel(db: &TestDb) -> Result<()> {
    db.create_table::<Parcel>().execute().await?;
    db.put(&parcel()).execute().await
}

async fn a_member_of_a_document_is_changed_alone(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let now =
        db.update(Parcel::key("p")).set(Parcel::ADDRESS.dot(Address::CITY), "Rome").returning_new().await?;
    let mut expected = parcel();
    expected.address.city = "Rome".to_owned();
    assert_eq!(now, expected);
    Ok(())
}

async fn every_depth_is_reached(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let next = || Parcel::ADDRESS.dot(Address::NEXT);
    db.update(Parcel::key("p")).set(next(), Box::new(parcel().address)).execute().await?;
    let now = db
        .update(Parcel::key("p"))
        .set(next().dot(Address::CITY), "Rome")
        .append(Parcel::LINES.at(1).dot(Line::NOTES), ["fragile", "late"])
        .returning_new()
        .await?;
    let mut expected = parcel();
    expected.address.next = Some(Box::new(Address { city: "Rome".to_owned(), ..parcel().address }));
    expected.lines[1].notes = vec!["fragile".to_owned(), "late".to_owned()];
    assert_eq!(now, expected);
    let now =
        db.update(Parcel::key("p")).set(Parcel::LINES.at(1).dot(Line::NOTES).at(0), "soft").returning_new();
    assert_eq!(now.await?.lines[1].notes, ["soft", "late"]);
    Ok(())
}

async fn a_document_is_replaced_whole(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let address = Address { city: "Rome".to_owned(), ..Address::default() };
    let now = db.update(Parcel::key("p")).set(Parcel::ADDRESS, &address).set(Parcel::OTHER, &address);
    let expected = Parcel { address: address.clone(), other: Some(address.clone()), ..parcel() };
    assert_eq!(now.returning_new().await?, expected);
    Ok(())
}

async fn what_is_inside_an_absent_document_is_not_changed(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let city = || Parcel::OTHER.dot(Address::CITY);
    for update in [
        db.update(Parcel::key("p")).set(city(), "Rome"),
        db.update(Parcel::key("p")).set_if_absent(city(), "Rome"),
        // An item that the update would make has no documents either.
        db.update(Parcel::key("q")).set(Parcel::ADDRESS.dot(Address::CITY), "Rome"),
        db.update(Parcel::key("p")).set(Parcel::LINES.at(7).dot(Line::SKU), "x"),
    ] {
        let error = update.execute().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
    }
    assert_eq!(db.get(Parcel::key("p")).one().await?, parcel());
    assert_eq!(db.get(Parcel::key("q")).optional().await?, None);
    Ok(())
}

async fn an_absent_member_is_removed_and_an_absent_element_is_null(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let now = db
        .update(Parcel::key("p"))
        .set(Parcel::ADDRESS.dot(Address::ZIP), None)
        .set(Parcel::LABELS.key("env"), None)
        .returning_new()
        .await?;
    assert_eq!(now.address.zip, None);
    assert_eq!(now.labels, BTreeMap::from([("env".to_owned(), None)]));
    let gone = db
        .get(Parcel::key("p"))
        .one()
        .await?
        .changes_from(&parcel())
        .condition(Parcel::ADDRESS.dot(Address::ZIP).not_exists())
        .condition(Parcel::LABELS.key("env").exists());
    gone.on(&db).execute().await
}

async fn a_number_and_a_set_inside_a_document_are_added_to(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let (visits, doors) = (|| Parcel::ADDRESS.dot(Address::VISITS), || Parcel::ADDRESS.dot(Address::DOORS));
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let update = || db.update(Parcel::key("p"));
    // Absent as they are: 0 and the empty set.
    update()
        .add(visits(), 2)
        .add(doors(), set(&["a", "b"]))
        .add(Parcel::COUNTS.key("x"), 7)
        .execute()
        .await?;
    let now = update().add(visits(), -3).delete(doors(), set(&["a"])).returning_new().await?;
    assert_eq!((now.address.visits, &now.address.doors, now.counts["x"]), (Some(-1), &set(&["b"]), 7));
    let now = update().add(Parcel::COUNTS.key("x"), 1).delete(doors(), set(&["b"])).returning_new().await?;
    assert_eq!((now.address.doors, now.counts["x"]), (set(&[]), 8));
    Ok(())
}

async fn calculations_reach_inside(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let (first, second) = (Parcel::LINES.at(0).dot(Line::COUNT), Parcel::LINES.at(1).dot(Line::COUNT));
    let now = db
        .update(Parcel::key("p"))
        .set(&first, first.clone().plus(&second))
        .set(&second, second.clone().minus(5))
        .set(
            Parcel::ADDRESS.dot(Address::VISITS),
            Parcel::ADDRESS.dot(Address::VISITS).or_if_absent(10).plus(&first),
        )
        .returning_new()
        .await?;
    assert_eq!((now.lines[0].count, now.lines[1].count, now.address.visits), (2, -4, Some(11)));
    Ok(())
}

async fn an_element_of_a_list_is_set_and_removed(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let update = || db.update(Parcel::key("p"));
    let now = update().set(Parcel::LINES.at(1), line("x")).returning_new().await?;
    assert_eq!(now.lines, [line("a"), line("x"), line("c")]);
    // The positions of one update are all those of before.
    let now =
        update().remove(Parcel::LINES.at(0)).set(Parcel::LINES.at(2), line("z")).returning_new().await?;
    assert_eq!(now.lines, [line("x"), line("z")]);
    Ok(())
}

async fn an_element_beyond_the_end_becomes_the_last_one(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let now = db.update(Parcel::key("p")).set(Parcel::LINES.at(9), line("x")).returning_new().await?;
    assert_eq!(now.lines, [line("a"), line("b"), line("c"), line("x")]);
    let now = db.update(Parcel::key("p")).remove(Parcel::LINES.at(9)).returning_new().await?;
    assert_eq!(now.lines.len(), 4);
    Ok(())
}

async fn elements_are_appended_to_a_list_although_it_is_missing(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let update = || db.update(Parcel::key("p"));
    assert_eq!(update().append(Parcel::STEPS, ["b"]).returning_new().await?.steps.unwrap(), ["b"]);
    let now = update().append(Parcel::STEPS, vec!["c".to_owned(), "d".to_owned()]).returning_new().await?;
    assert_eq!(now.steps.unwrap(), ["b", "c", "d"]);
    let now = update().prepend(Parcel::STEPS, ["x", "a"]).prepend(Parcel::LINES, [line("0")]).returning_new();
    let now = now.await?;
    assert_eq!(now.steps.unwrap(), ["x", "a", "b", "c", "d"]);
    assert_eq!((now.lines.len(), now.lines[0].clone()), (4, line("0")));
    // An item that the update makes has the list too.
    let made =
        db.update(Parcel::key("q")).append(Parcel::STEPS, ["a"]).set(Parcel::ADDRESS, Address::default());
    made.set(Parcel::LABELS, BTreeMap::new())
        .set(Parcel::COUNTS, BTreeMap::new())
        .append(Parcel::LINES, [line("a")])
        .execute()
        .await?;
    assert_eq!(db.get(Parcel::key("q")).one().await?.steps.unwrap(), ["a"]);
    Ok(())
}

async fn the_value_of_a_map_is_set_and_removed_whatever_its_key(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    for key in ["size", "a.b", "#n0", ":v0", "[0]", "two words", "é\"\\"] {
        let now = db.update(Parcel::key("p")).set(Parcel::COUNTS.key(key), 7).returning_new().await?;
        assert_eq!(now.counts, BTreeMap::from([(key.to_owned(), 7)]));
        let now = db.update(Parcel::key("p")).remove(Parcel::COUNTS.key(key)).returning_new().await?;
        assert_eq!(now.counts, BTreeMap::new());
    }
    Ok(())
}

async fn overlapping_paths_are_refused_before_the_network(db: TestDb) -> Result<()> {
    let update = || db.update(Parcel::key("p"));
    for (update, names) in [
        (
            update().set(Parcel::ADDRESS, Address::default()).set(Parcel::ADDRESS.dot(Address::CITY), "x"),
            ["`address`", "`address.city`"],
        ),
        (
            update().append(Parcel::LINES, [line("x")]).set(Parcel::LINES.at(0).dot(Line::COUNT), 1),
            ["`lines`", "`lines[0].count`"],
        ),
        (update().add(Parcel::COUNTS.key("a"), 1).remove(Parcel::COUNTS.key("a")), ["`counts.a`", "twice"]),
    ] {
        let error = update.execute().await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(names.iter().all(|name| error.to_string().contains(name)), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn paths_stand_in_transactions_and_beside_conditions(db: TestDb) -> Result<()> {
    with_parcel(&db).await?;
    let pack = |count: i64| {
        let place = Parcel::LINES.at(0).dot(Line::COUNT);
        let fits: Condition<Parcel> = place.clone().le(9 - count);
        Update::new(Parcel::key("p")).add(place, count).append(Parcel::STEPS, ["packed"]).condition(fits)
    };
    db.transact_write().update(pack(5)).execute().await?;
    let error = db.transact_write().update(pack(5)).execute().await.unwrap_err();
    assert!(error.is_condition_failed(), "{error}");
    pack(3).on(&db).execute().await?;
    let now = db.get(Parcel::key("p")).one().await?;
    assert_eq!((now.lines[0].count, now.steps.unwrap().len()), (9, 2));
    Ok(())
}
