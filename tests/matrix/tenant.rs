//! The handle of one tenant, where the tenant leads the keys and where it is an attribute only.

use crate::support::{TestDb, matrix};
use dynamorm::{Check, Condition, Delete, ErrorKind, Model, Put, Result, Update};

matrix![
    an_item_of_another_tenant_is_as_absent_as_one_that_never_was,
    an_index_holds_ones_own_only_and_follows_updates,
    the_tenant_is_filled_in_and_another_ones_is_refused,
    a_cursor_of_another_tenant_is_refused,
    where_the_tenant_is_an_attribute_reads_and_deletes_find_ones_own_only,
    where_the_tenant_is_an_attribute_no_write_touches_anothers_item,
    a_transaction_is_of_one_tenant_through_and_through,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "TENANT#{tenant}", sk = "USER#{id}")]
#[dynamorm(index = "by-status", pk = "TENANT#{tenant}#STATUS#{status}", sk = id)]
struct User {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    status: String,
    credits: i64,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(index = "docs-of-tenant", pk = tenant, sk = "DOC#{id}")]
struct Doc {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
    text: Option<String>,
}

fn user(id: &str, status: &str) -> User {
    User { tenant: String::new(), id: id.into(), status: status.into(), credits: 10 }
}

fn doc(id: &str, text: &str) -> Doc {
    Doc { id: id.into(), tenant: String::new(), text: Some(text.into()) }
}

async fn table(db: &TestDb) -> Result<()> {
    db.create_table::<(User, Doc)>().execute().await
}

async fn an_item_of_another_tenant_is_as_absent_as_one_that_never_was(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    acme.put(&user("u1", "open")).execute().await?;
    assert_eq!(acme.get(User::key("u1")).one().await?, User { tenant: "acme".into(), ..user("u1", "open") });
    let [anothers, nobodys] = ["u1", "u2"].map(|id| umbrella.get(User::key(id)).one());
    assert_eq!(anothers.await.unwrap_err().to_string(), nobodys.await.unwrap_err().to_string());
    let both = [User::key("u1"), User::key("u2")];
    assert_eq!(umbrella.batch_get(both).all().await?, [None, None]);
    umbrella.delete(User::key("u1")).execute().await?;
    umbrella.batch_write().delete(User::key("u1")).execute().await?;
    let update = || umbrella.update(User::key("u1")).set(User::STATUS, "stolen").if_exists();
    assert!(update().execute().await.is_err_and(|err| err.is_condition_failed()));
    assert_eq!(acme.get(User::key("u1")).one().await?.status, "open");
    Ok(())
}

async fn an_index_holds_ones_own_only_and_follows_updates(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    for handle in [&acme, &umbrella] {
        handle.batch_write().put_all(&[user("u1", "open"), user("u2", "paid")]).execute().await?;
    }
    acme.update(User::key("u1")).set(User::STATUS, "paid").execute().await?;
    let ids = async |handle: &dynamorm::TenantDb, status: &str| -> Result<Vec<String>> {
        let users = handle.query::<User>().key(User::BY_STATUS_INDEX.partition(status)).all().await?;
        Ok(users.into_iter().map(|user| user.id).collect())
    };
    assert_eq!(ids(&acme, "paid").await?, ["u1", "u2"]);
    assert_eq!(ids(&umbrella, "paid").await?, ["u2"]);
    assert_eq!(ids(&umbrella, "open").await?, ["u1"]);
    assert_eq!(acme.query::<User>().key(User::PRIMARY_KEY.partition(())).count().await?, 2);
    Ok(())
}

async fn the_tenant_is_filled_in_and_another_ones_is_refused(db: TestDb) -> Result<()> {
    table(&db).await?;
    let acme = db.tenant("acme");
    let stored = acme.put(&user("u1", "open")).returning_new().await?;
    assert_eq!(stored.tenant, "acme");
    // What was read goes back as it is, and no further.
    acme.put(&stored).execute().await?;
    let calls = db.calls();
    for refused in [
        db.tenant("umbrella").put(&stored).execute().await,
        db.tenant("umbrella").update(&stored).add(User::CREDITS, 1).execute().await,
        db.tenant("umbrella").transact_write().put(Put::new(&stored)).execute().await,
        db.tenant("").put(&user("u1", "open")).execute().await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
    assert_eq!(db.calls(), calls, "all of it before the network");
    Ok(())
}

async fn a_cursor_of_another_tenant_is_refused(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    for handle in [&acme, &umbrella] {
        handle.batch_write().put_all(&[user("u1", "open"), user("u2", "open")]).execute().await?;
    }
    let of = || User::PRIMARY_KEY.partition(());
    let next = acme.query::<User>().key(of()).limit(1).page().await?.next;
    assert_eq!(acme.query::<User>().key(of()).start_key(next.clone()).all().await?[0].id, "u2");
    let refused = umbrella.query::<User>().key(of()).start_key(next).all().await;
    assert!(refused.is_err_and(|err| err.is_invalid_start_key()));
    Ok(())
}

async fn where_the_tenant_is_an_attribute_reads_and_deletes_find_ones_own_only(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    acme.put(&doc("d1", "secret")).execute().await?;
    umbrella.put(&doc("d2", "other")).execute().await?;
    assert_eq!(acme.get(Doc::key("d1")).one().await?.tenant, "acme");
    assert_eq!(umbrella.get(Doc::key("d1")).optional().await?, None);
    let found = umbrella.batch_get([Doc::key("d1"), Doc::key("d2")]).all().await?;
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    let found = umbrella.transact_get((Doc::key("d1"), Doc::key("d2"))).optional().await?;
    assert!(found.0.is_none() && found.1.is_some());
    // A delete of another's item does as one of an absent item does: nothing.
    umbrella.delete(Doc::key("d1")).execute().await?;
    assert_eq!(umbrella.delete(Doc::key("d1")).returning_old().await?, None);
    assert!(acme.get(Doc::key("d1")).optional().await?.is_some());
    let own = acme.query::<Doc>().key(Doc::DOCS_OF_TENANT_INDEX.partition(())).all().await?;
    assert_eq!(own.iter().map(|doc| doc.id.as_str()).collect::<Vec<_>>(), ["d1"]);
    let refused = acme.query::<Doc>().key(Doc::PRIMARY_KEY.partition("d1")).all().await.unwrap_err();
    assert!(refused.to_string().contains("such as \"docs-of-tenant\""), "{refused}");
    assert!(acme.delete(Doc::key("d1")).returning_old().await?.is_some());
    Ok(())
}

async fn where_the_tenant_is_an_attribute_no_write_touches_anothers_item(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    acme.put(&doc("d1", "secret")).execute().await?;
    let of_acme = Condition::raw("text = :t", [(":t", "secret")]);
    for (refused, what) in [
        (umbrella.put(&doc("d1", "x")).returning_old_on_failure().execute().await, "put"),
        (umbrella.put(&doc("d1", "x")).if_not_exists().returning_old_on_failure().execute().await, "create"),
        (
            umbrella.update(Doc::key("d1")).set(Doc::TEXT, "x").returning_old_on_failure().execute().await,
            "update",
        ),
        (
            umbrella.delete(Doc::key("d1")).condition(of_acme).returning_old_on_failure().execute().await,
            "delete",
        ),
    ] {
        let error = refused.unwrap_err();
        assert!(error.is_condition_failed(), "{what}: {error}");
        assert_eq!(error.item::<Doc>()?, None, "{what} shows nothing of it");
    }
    assert_eq!(acme.get(Doc::key("d1")).one().await?.text.as_deref(), Some("secret"));
    // A condition that is true of absence fails too, and so does a delete in a transaction: all that is told is that the id is taken.
    for id in ["d1", "absent"] {
        let unless = Doc::TEXT.not_exists();
        let alone = umbrella.delete(Doc::key(id)).condition(unless).execute().await;
        assert_eq!(alone.is_err_and(|err| err.is_condition_failed()), id == "d1");
        let within = umbrella.transact_write().delete(Delete::new(Doc::key(id)).returning_old_on_failure());
        let cancelled = within.execute().await.err();
        assert_eq!(cancelled.is_some(), id == "d1");
        assert!(
            cancelled.is_none_or(|err| err.cancellations()[0].item::<Doc>().is_ok_and(|item| item.is_none()))
        );
    }
    assert!(acme.get(Doc::key("d1")).optional().await?.is_some());
    // One's own goes on as ever, and shows itself.
    let failed = acme.put(&doc("d1", "x")).if_not_exists().returning_old_on_failure().execute().await;
    assert_eq!(failed.unwrap_err().item::<Doc>()?.unwrap().text.as_deref(), Some("secret"));
    umbrella.update(Doc::key("d9")).set(Doc::TEXT, "new").execute().await?;
    assert_eq!(umbrella.get(Doc::key("d9")).one().await?.tenant, "umbrella");
    assert_eq!(acme.get(Doc::key("d9")).optional().await?, None);
    Ok(())
}

async fn a_transaction_is_of_one_tenant_through_and_through(db: TestDb) -> Result<()> {
    table(&db).await?;
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    acme.transact_write().put(&user("u1", "open")).put(&doc("d1", "secret")).execute().await?;
    let refused = umbrella
        .transact_write()
        .put(&user("u1", "open"))
        .update(Update::new(Doc::key("d1")).set(Doc::TEXT, "x").returning_old_on_failure())
        .execute()
        .await
        .unwrap_err();
    assert_eq!(refused.cancellations()[0].operation, 1);
    assert!(refused.cancellations()[0].item::<Doc>()?.is_none());
    assert!(umbrella.get(User::key("u1")).optional().await?.is_none(), "none of it was done");
    // To another tenant the item is absent, and a check says so.
    let absent = Check::new(User::key("u1"), User::CREDITS.not_exists());
    umbrella.transact_write().check(absent).put(&user("u2", "open")).execute().await?;
    Ok(())
}
