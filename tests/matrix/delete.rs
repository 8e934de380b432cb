//! DeleteItem.

use crate::models::{User, shop, shop_with, user};
use crate::support::{TestDb, matrix};
use dynamorm::Result;

matrix![
    a_delete_deletes_the_item_and_no_other,
    deleting_an_absent_item_is_no_error,
    a_condition_decides_whether_a_delete_deletes,
    a_delete_gives_the_old_item,
    a_failed_delete_gives_the_stored_item_if_asked,
    an_item_is_deleted_as_it_was_read,
];

async fn a_delete_deletes_the_item_and_no_other(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1", "u2"]).await?;
    db.delete(User::key("u1")).execute().await?;
    assert_eq!(db.get(User::key("u1")).optional().await?, None);
    assert_eq!(db.get(User::key("u2")).optional().await?, Some(user("u2")));
    Ok(())
}

async fn deleting_an_absent_item_is_no_error(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.delete(User::key("u1")).execute().await?;
    assert_eq!(db.delete(User::key("u1")).returning_old().await?, None);
    Ok(())
}

async fn a_condition_decides_whether_a_delete_deletes(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let delete = || db.delete(User::key("u1"));
    let refused = delete().condition(User::ACTIVE.eq(true)).condition(User::CREDITS.lt(10)).execute().await;
    assert!(refused.unwrap_err().is_condition_failed());
    assert!(db.get(User::key("u1")).optional().await?.is_some());
    delete().condition(User::ACTIVE.eq(true)).condition(User::CREDITS.le(10)).execute().await?;
    assert_eq!(db.get(User::key("u1")).optional().await?, None);
    Ok(())
}

async fn a_delete_gives_the_old_item(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    assert_eq!(db.delete(User::key("u1")).returning_old().await?, Some(user("u1")));
    assert_eq!(db.get(User::key("u1")).optional().await?, None);
    Ok(())
}

async fn a_failed_delete_gives_the_stored_item_if_asked(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let delete = || db.delete(User::key("u1")).condition(User::CREDITS.eq(0));
    let error = delete().returning_old_on_failure().execute().await.unwrap_err();
    assert!(error.is_condition_failed());
    assert_eq!(error.item::<User>()?, Some(user("u1")));
    assert_eq!(delete().execute().await.unwrap_err().item::<User>()?, None);
    Ok(())
}

async fn an_item_is_deleted_as_it_was_read(db: TestDb) -> Result<()> {
    shop_with(&db, &["u1"]).await?;
    let read = db.get(User::key("u1")).one().await?;
    db.delete(&read).execute().await?;
    assert_eq!(db.get(User::key("u1")).optional().await?, None);
    Ok(())
}
