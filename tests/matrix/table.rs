//! Tables: create, describe, wait and delete.

use crate::models::{Order, User, order, shop, user};
use crate::support::{TestDb, matrix};
use dynamorm::StreamViewType::{KeysOnly, NewAndOldImages, NewImage};
use dynamorm::TableStatus;
use dynamorm::transport::Operation;
use dynamorm::{Db, ErrorKind, Model, Result, Timestamp, Ttl};
use std::time::Duration;

matrix![
    a_table_is_made_described_waited_for_and_deleted,
    a_table_of_two_models_holds_both,
    making_a_table_twice_is_an_error_unless_allowed,
    a_table_that_lacks_an_index_is_refused,
    a_table_with_another_key_is_refused,
    models_that_do_not_fit_into_one_table_are_refused_before_the_network,
    a_table_with_a_time_to_live_is_made_and_found_again,
    an_operation_on_a_missing_table_says_so,
    waiting_for_a_missing_table_ends,
    a_model_without_a_table_is_refused_before_the_network,
    a_table_can_have_another_name_in_the_account,
    a_table_is_made_with_its_stream,
    a_table_that_exists_gets_its_stream,
    a_stream_of_another_view_type_is_refused,
];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn a_table_is_made_described_waited_for_and_deleted(db: TestDb) -> Result<()> {
    assert_eq!(db.describe_table::<User>().optional().await?, None);
    shop(&db).await?;
    db.wait_for_table::<User>().execute().await?;
    let table = db.describe_table::<User>().one().await?;
    assert_eq!(table.status, TableStatus::Active);
    assert!(table.indexes_active);
    assert_eq!(table.key, names(&["pk", "sk"]));
    let [index] = table.indexes.as_slice() else { panic!("{:?}", table.indexes) };
    assert_eq!((index.name.as_str(), &index.carries), ("email-index", &None));
    assert_eq!((&index.partition_key, &index.sort_key), (&names(&["email"]), &names(&[])));
    db.delete_table::<User>().execute().await?;
    assert_eq!(db.describe_table::<User>().optional().await?, None);
    assert!(db.delete_table::<User>().execute().await.unwrap_err().is_table_not_found());
    db.delete_table::<User>().if_exists().execute().await
}

async fn a_table_of_two_models_holds_both(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&user("u1")).execute().await?;
    db.put(&order("u1", 1)).execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?, user("u1"));
    assert_eq!(db.get(&order("u1", 1)).one().await?, order("u1", 1));
    // Each sees its own only.
    assert_eq!(db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).count().await?, 1);
    assert_eq!(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).count().await?, 1);
    Ok(())
}

async fn making_a_table_twice_is_an_error_unless_allowed(db: TestDb) -> Result<()> {
    shop(&db).await?;
    db.put(&user("u1")).execute().await?;
    let error = db.create_table::<(User, Order)>().execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.service_code(), Some("ResourceInUseException"));
    db.create_table::<(User, Order)>().if_not_exists().execute().await?;
    assert_eq!(db.get(User::key("u1")).one().await?, user("u1"));
    Ok(())
}

async fn a_table_that_lacks_an_index_is_refused(db: TestDb) -> Result<()> {
    db.create_table::<Order>().execute().await?;
    let error = db.create_table::<(Order, User)>().if_not_exists().execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert!(error.to_string().contains("without index \"email-index\""), "{error}");
    // A query of the index says so too.
    let query = db.query::<User>().key(User::EMAIL_INDEX.partition("ada@example.com"));
    let error = query.page().await.unwrap_err();
    assert!(error.is_table_not_found() || error.is_invalid_request(), "{error}");
    Ok(())
}

async fn a_table_with_another_key_is_refused(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    struct Plain {
        #[dynamorm(pk)]
        id: String,
    }

    shop(&db).await?;
    let error = db.create_table::<Plain>().if_not_exists().execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert!(error.to_string().contains("it has `pk` and `sk`, the models have `id`"), "{error}");
    Ok(())
}

async fn models_that_do_not_fit_into_one_table_are_refused_before_the_network(db: TestDb) -> Result<()> {
    #[derive(Debug, Model)]
    #[dynamorm(pk = "P#{id}")]
    struct WithoutSort {
        id: String,
    }

    #[derive(Debug, Model)]
    #[dynamorm(table = "other", pk = "P#{id}", sk = "X")]
    struct Elsewhere {
        id: String,
    }

    #[derive(Debug, Model)]
    #[dynamorm(pk = "P#{id}", sk = "X")]
    #[dynamorm(index = "email-index", pk = id)]
    struct OtherIndex {
        id: String,
    }

    for error in [
        db.create_table::<(User, WithoutSort)>().execute().await,
        db.create_table::<(User, Elsewhere)>().execute().await,
        db.create_table::<(User, OtherIndex)>().execute().await,
    ] {
        let error = error.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_table_with_a_time_to_live_is_made_and_found_again(db: TestDb) -> Result<()> {
    #[derive(Debug, Clone, PartialEq, Model)]
    struct Session {
        #[dynamorm(pk)]
        id: String,
        #[dynamorm(ttl)]
        expires: Ttl,
    }

    #[derive(Debug, Model)]
    struct Lease {
        #[dynamorm(pk)]
        id: String,
        #[dynamorm(ttl)]
        until: Ttl,
    }

    db.create_table::<Session>().execute().await?;
    db.create_table::<Session>().if_not_exists().execute().await?;
    let expires = Ttl::at(Timestamp::now() + Duration::from_secs(3_600));
    let session = Session { id: "s".to_owned(), expires };
    db.put(&session).execute().await?;
    assert_eq!(db.get(Session::key("s")).one().await?, session);
    let calls = db.calls();
    let error = db.create_table::<(Session, Lease)>().execute().await.unwrap_err();
    assert!(error.to_string().contains("`expires` and `until`"), "{error}");
    assert_eq!(db.calls(), calls);
    Ok(())
}

async fn an_operation_on_a_missing_table_says_so(db: TestDb) -> Result<()> {
    let results = [
        db.get(User::key("u1")).optional().await.map(drop),
        db.put(&user("u1")).execute().await,
        db.update(User::key("u1")).set(User::NAME, "Ada").execute().await,
        db.delete(User::key("u1")).execute().await,
        db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).page().await.map(drop),
        db.batch_write().put(&user("u1")).execute().await,
        db.transact_write().put(&user("u1")).execute().await,
        db.describe_table::<User>().one().await.map(drop),
        db.delete_table::<User>().execute().await,
    ];
    for (nth, result) in results.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert!(error.is_table_not_found(), "{nth}: {error}");
    }
    Ok(())
}

async fn waiting_for_a_missing_table_ends(db: TestDb) -> Result<()> {
    let waited = db.wait_for_table::<User>().timeout(Duration::from_millis(50)).execute().await;
    let error = waited.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert!(error.to_string().contains("still absent"), "{error}");
    Ok(())
}

async fn a_model_without_a_table_is_refused_before_the_network(db: TestDb) -> Result<()> {
    let nameless = Db::with_transport(dynamorm::transport::Embedded::memory()?);
    let error = nameless.get(User::key("u1")).optional().await.unwrap_err();
    assert!(error.is_invalid_request() && error.to_string().contains("`User` names no table"), "{error}");
    assert_eq!(db.calls(), 0);
    Ok(())
}

async fn a_table_can_have_another_name_in_the_account(db: TestDb) -> Result<()> {
    #[derive(Debug, PartialEq, Model)]
    #[dynamorm(table = "app")]
    struct Setting {
        #[dynamorm(pk)]
        id: String,
    }

    let renamed = Db::clone(&db).rename_table("app", format!("{}-staging", db.table_name()));
    renamed.create_table::<Setting>().execute().await?;
    let setting = Setting { id: "s".to_owned() };
    renamed.put(&setting).execute().await?;
    assert_eq!(renamed.get(Setting::key("s")).one().await?, setting);
    assert!(db.get(Setting::key("s")).optional().await.unwrap_err().is_table_not_found());
    Ok(())
}

async fn a_table_is_made_with_its_stream(db: TestDb) -> Result<()> {
    db.create_table::<User>().stream(NewAndOldImages).execute().await?;
    let stream = db.describe_table::<User>().one().await?.stream.expect("a stream");
    assert_eq!(stream.view_type, NewAndOldImages);
    assert!(stream.arn.contains(&format!(":table/{}/stream/", db.table_name())), "{}", stream.arn);
    // It is there already, and is left as it is.
    db.create_table::<User>().stream(NewAndOldImages).if_not_exists().execute().await?;
    db.create_table::<User>().if_not_exists().execute().await?;
    assert_eq!(db.describe_table::<User>().one().await?.stream, Some(stream));
    assert_eq!(db.calls_of(Operation::UpdateTable), 0);
    Ok(())
}

async fn a_table_that_exists_gets_its_stream(db: TestDb) -> Result<()> {
    db.create_table::<User>().execute().await?;
    assert_eq!(db.describe_table::<User>().one().await?.stream, None);
    db.create_table::<User>().stream(KeysOnly).if_not_exists().execute().await?;
    let stream = db.describe_table::<User>().one().await?.stream.expect("a stream");
    assert_eq!(stream.view_type, KeysOnly);
    Ok(())
}

async fn a_stream_of_another_view_type_is_refused(db: TestDb) -> Result<()> {
    db.create_table::<User>().stream(NewImage).execute().await?;
    let create = db.create_table::<User>().stream(NewAndOldImages).if_not_exists();
    let error = create.execute().await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert!(error.to_string().contains("has the view type NEW_IMAGE, not NEW_AND_OLD_IMAGES"), "{error}");
    Ok(())
}
