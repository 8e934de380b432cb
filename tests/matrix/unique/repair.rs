//! Guards of items that were there before, made and removed.

use super::*;

matrix![a_repair_makes_what_lacks_and_removes_what_is_left_over, a_repair_keeps_tenants_and_models_apart,];

async fn a_repair_makes_what_lacks_and_removes_what_is_left_over(db: TestDb) -> Result<()> {
    table(&db).await?;
    let old =
        |id: &str, email: &str| OldUser { id: id.into(), email: email.into(), org: "o1".into(), credits: 1 };
    for nth in 0..5 {
        db.put(&old(&format!("u{nth}"), &format!("e{nth}"))).execute().await?;
    }
    // Two that have one value, and one whose guard is of an item that is gone, or has another value now.
    db.put(&old("twin", "e1")).execute().await?;
    db.put(&User { badge: Some(7), ..user("gone", "gone") }).execute().await?;
    db.delete(OldUser::key("gone")).execute().await?;
    db.put(&user("moved", "before")).execute().await?;
    db.update(OldUser::key("moved")).set(OldUser::EMAIL, "after").execute().await?;
    db.put(&old("heir", "gone")).execute().await?;
    let repair = db.repair_unique::<User>().execute().await?;
    assert_eq!((repair.items, repair.guards, repair.left), (8, 3, 0));
    // Five of the first, one of the two, the one that moved, and the heir's, which the scan may have met removed or not.
    assert_eq!(repair.made, 7);
    assert!((2..=3).contains(&repair.removed), "{repair:?}");
    assert_eq!(repair.duplicates.len(), 1);
    let duplicate = &repair.duplicates[0];
    assert_eq!(duplicate.attribute, "email");
    let mut both = [&duplicate.owner, &duplicate.other].map(|key| key["pk"].as_s().unwrap().to_owned());
    both.sort();
    assert_eq!(both, ["USER#twin", "USER#u1"]);
    let shown = format!("{repair:?}");
    assert!(!shown.contains("twin") && !shown.contains("u1"), "{shown}");
    db.delete(User::key(duplicate.other["pk"].as_s().unwrap().trim_start_matches("USER#"))).execute().await?;
    let again = db.repair_unique::<User>().execute().await?;
    assert_eq!((again.made, again.removed, again.duplicates.len()), (0, 0, 0));
    let found: Vec<String> = guards(&db).await?.into_iter().map(|(key, _)| key).collect();
    let emails = ["after", "e0", "e1", "e2", "e3", "e4", "gone"];
    assert_eq!(found, emails.map(|email| format!("UNIQUE#User#email#{email}")));
    Ok(())
}

async fn a_repair_keeps_tenants_and_models_apart(db: TestDb) -> Result<()> {
    db.create_table::<(Member, Doc, User)>().execute().await?;
    let acme = db.tenant("acme");
    acme.put(&Member { tenant: String::new(), id: "m1".into(), email: "ada".into() }).execute().await?;
    db.put(&user("u1", "ada")).execute().await?;
    for (id, tenant) in [("d1", "acme"), ("d2", "umbrella")] {
        let item = json!({
            "pk": {"S": format!("DOC#{id}")}, "sk": {"S": "DOC"}, "id": {"S": id}, "tenant": {"S": tenant},
            "slug": {"S": "home"},
        });
        db.send_json(Operation::PutItem, json!({ "Item": item })).await;
    }
    let repair = db.repair_unique::<Doc>().execute().await?;
    assert_eq!((repair.items, repair.guards, repair.made, repair.duplicates.len()), (2, 0, 2, 0));
    assert_eq!(acme.get_by(Doc::SLUG, "home").one().await?.id, "d1");
    assert_eq!(db.tenant("umbrella").get_by(Doc::SLUG, "home").one().await?.id, "d2");
    let repair = db.repair_unique::<Member>().execute().await?;
    assert_eq!((repair.items, repair.guards, repair.made, repair.removed), (1, 1, 0, 0));
    assert_eq!(db.repair_unique::<Raw>().execute().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    Ok(())
}
