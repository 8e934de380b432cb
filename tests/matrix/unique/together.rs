//! Unique values together with tenants, shards and the cache.

use super::*;

matrix![
    each_tenant_has_its_own_values,
    the_items_of_shards_have_their_guards,
    what_is_cached_is_forgotten_by_a_write_with_guards,
];

/// Spread over several partitions, each of which is part of its items' keys.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "LOG", sk = "ENTRY#{id}", shards = 4)]
struct Entry {
    id: String,
    #[dynamorm(unique)]
    code: u64,
}

async fn each_tenant_has_its_own_values(db: TestDb) -> Result<()> {
    db.create_table::<(Member, Doc)>().execute().await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella#"));
    let member = |id: &str| Member { tenant: String::new(), id: id.into(), email: "ada".into() };
    let doc = |id: &str| Doc { id: id.into(), tenant: String::new(), slug: "home".into() };
    for (handle, id) in [(&acme, "d1"), (&umbrella, "d2")] {
        handle.put(&member("m1")).execute().await?;
        handle.put(&doc(id)).execute().await?;
        assert!(handle.put(&member("m2")).execute().await.is_err_and(|err| err.is_not_unique()));
        assert!(handle.put(&doc("d3")).execute().await.is_err_and(|err| err.is_not_unique()));
        assert_eq!(handle.get_by(Member::EMAIL, "ada").one().await?.id, "m1");
        assert_eq!(handle.get_by(Doc::SLUG, "home").one().await?.id, id);
    }
    assert_eq!(umbrella.get_by(Member::EMAIL, "ada").one().await?.tenant, "umbrella#");
    // Another tenant's item is as good as absent, and so are its guards.
    umbrella.delete(Doc::key("d1")).execute().await?;
    assert!(umbrella.put(&doc("d1")).execute().await.is_err_and(|err| err.is_condition_failed()));
    let update = umbrella.update(Doc::key("d1")).set(Doc::SLUG, "stolen").if_exists().execute().await;
    assert!(update.is_err_and(|err| err.is_condition_failed()));
    assert_eq!(acme.get_by(Doc::SLUG, "home").one().await?.id, "d1");
    acme.transact_write().delete(Doc::key("d1")).put(&doc("d4")).execute().await?;
    assert_eq!(acme.get_by(Doc::SLUG, "home").one().await?.id, "d4");
    assert_eq!(umbrella.get_by(Doc::SLUG, "home").one().await?.id, "d2");
    let keys: Vec<String> = guards(&db).await?.into_iter().map(|(key, _)| key).collect();
    assert_eq!(
        keys,
        [
            "UNIQUE#Doc#slug#acme#home",
            "UNIQUE#Doc#slug#umbrella%23#home",
            "UNIQUE#Member#email#acme#ada",
            "UNIQUE#Member#email#umbrella%23#ada",
        ]
    );
    Ok(())
}

async fn the_items_of_shards_have_their_guards(db: TestDb) -> Result<()> {
    db.create_table::<Entry>().execute().await?;
    let entry = |nth: u64, code| Entry { id: nth.to_string(), code };
    for nth in 0..8 {
        db.put(&entry(nth, nth)).if_not_exists().execute().await?;
    }
    for nth in 0..8 {
        assert_eq!(db.get_by(Entry::CODE, nth).one().await?, entry(nth, nth));
        assert!(db.put(&entry(nth, (nth + 1) % 8)).execute().await.is_err_and(|err| err.is_not_unique()));
    }
    assert_eq!(db.query::<Entry>().key(Entry::PRIMARY_KEY.partition(())).all().await?.len(), 8);
    assert_eq!(db.scan::<Entry>().all().await?.len(), 8);
    db.delete(Entry::key("3")).execute().await?;
    db.put(&entry(4, 3)).execute().await?;
    let repair = db.repair_unique::<Entry>().execute().await?;
    assert_eq!((repair.items, repair.guards, repair.made, repair.removed), (7, 7, 0, 0));
    Ok(())
}

async fn what_is_cached_is_forgotten_by_a_write_with_guards(db: TestDb) -> Result<()> {
    table(&db).await?;
    let cached = Db::clone(&db).cache(1 << 20);
    cached.put(&user("u1", "ada")).execute().await?;
    let read = async || cached.get(User::key("u1")).cached(Duration::from_secs(60)).one().await;
    assert_eq!(read().await?.email, "ada");
    cached.update(User::key("u1")).set(User::EMAIL, "eve").execute().await?;
    assert_eq!(read().await?.email, "eve");
    cached.transact_write().put(&user("u1", "bob")).execute().await?;
    assert_eq!(read().await?.email, "bob");
    assert_eq!(cached.get_by(User::EMAIL, "bob").one().await?.id, "u1");
    Ok(())
}
