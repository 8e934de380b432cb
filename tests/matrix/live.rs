//! `.live()`: items past their time to live, which DynamoDB has not deleted yet.

use crate::support::{TestDb, matrix};
use dynamorm::{Db, Model, Project, Result, Timestamp, Ttl};
use futures_util::TryStreamExt;
use std::time::Duration;

matrix![
    a_get_takes_an_item_past_its_time_for_absent_only_when_asked,
    a_query_hides_items_past_their_time_only_when_asked,
    a_scan_hides_items_past_their_time_only_when_asked,
    a_projection_without_the_time_to_live_hides_the_same_items,
    an_item_without_a_time_to_live_never_expires,
    what_has_no_time_to_live_cannot_be_asked_for_live_items,
];

/// So far ahead that no transport deletes anything: it is the `Db`'s clock that tells.
const NOW: i64 = 4_000_000_000;

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "USER#{user}", sk = "SESSION#{number}")]
struct Session {
    user: String,
    number: u32,
    #[dynamorm(ttl)]
    expires: Option<Ttl>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Session)]
struct SessionNumber {
    number: u32,
}

#[derive(Debug, PartialEq, Model)]
#[dynamorm(pk = "LASTING#{id}", sk = "LASTING")]
struct Lasting {
    id: u32,
}

fn at(seconds: i64) -> Option<Ttl> {
    Some(Ttl::at(Timestamp::from_epoch_seconds(NOW + seconds)))
}

/// Expired for long, expired now, a second left, no time to live; and a database where it is `NOW`.
async fn sessions(db: &TestDb) -> Result<Db> {
    db.create_table::<(Session, Lasting)>().execute().await?;
    for (number, expires) in [(1, at(-100)), (2, at(0)), (3, at(1)), (4, None)] {
        db.put(&Session { user: "u1".to_owned(), number, expires }).execute().await?;
    }
    Ok((**db).clone().clock(|| Timestamp::from_epoch_seconds(NOW) + Duration::from_millis(999)))
}

async fn a_get_takes_an_item_past_its_time_for_absent_only_when_asked(db: TestDb) -> Result<()> {
    let now = sessions(&db).await?;
    for number in 1..=4 {
        assert!(now.get(Session::key("u1", number)).optional().await?.is_some());
        let live = now.get(Session::key("u1", number)).live().optional().await?;
        assert_eq!(live.is_some(), number >= 3, "{number}");
    }
    assert!(now.get(Session::key("u1", 1)).live().one().await.unwrap_err().is_not_found());
    assert!(now.get(Session::key("u9", 1)).live().one().await.unwrap_err().is_not_found());
    Ok(())
}

async fn a_query_hides_items_past_their_time_only_when_asked(db: TestDb) -> Result<()> {
    let now = sessions(&db).await?;
    let query = || now.query::<Session>().key(Session::PRIMARY_KEY.partition("u1"));
    let numbers = |sessions: Vec<Session>| sessions.iter().map(|s| s.number).collect::<Vec<_>>();
    assert_eq!(numbers(query().all().await?), [1, 2, 3, 4]);
    assert_eq!(numbers(query().live().all().await?), [3, 4]);
    assert_eq!(numbers(query().live().filter(Session::NUMBER.ne(4)).stream().try_collect().await?), [3]);
    assert_eq!(query().live().count().await?, 2);
    // The hidden ones are no reason for a short answer.
    let page = query().live().take(1).await?;
    assert_eq!(numbers(page.items), [3]);
    assert_eq!(numbers(query().live().start_key(page.next).take(1).await?.items), [4]);
    Ok(())
}

async fn a_scan_hides_items_past_their_time_only_when_asked(db: TestDb) -> Result<()> {
    let now = sessions(&db).await?;
    assert_eq!(now.scan::<Session>().count().await?, 4);
    assert_eq!(now.scan::<Session>().live().count().await?, 2);
    Ok(())
}

async fn a_projection_without_the_time_to_live_hides_the_same_items(db: TestDb) -> Result<()> {
    let now = sessions(&db).await?;
    let get = |number| now.get(Session::key("u1", number)).project::<SessionNumber>().live().optional();
    assert_eq!(get(1).await?, None);
    assert_eq!(get(3).await?, Some(SessionNumber { number: 3 }));
    let query = now.query::<Session>().key(Session::PRIMARY_KEY.partition("u1")).project::<SessionNumber>();
    assert_eq!(query.live().all().await?, [SessionNumber { number: 3 }, SessionNumber { number: 4 }]);
    Ok(())
}

async fn an_item_without_a_time_to_live_never_expires(db: TestDb) -> Result<()> {
    sessions(&db).await?;
    let at_the_end = (*db).clone().clock(|| Timestamp::MAX);
    let query = at_the_end.query::<Session>().key(Session::PRIMARY_KEY.partition("u1"));
    assert_eq!(query.live().one().await?.number, 4);
    Ok(())
}

async fn what_has_no_time_to_live_cannot_be_asked_for_live_items(db: TestDb) -> Result<()> {
    for error in [
        db.get(Lasting::key(1)).live().optional().await.unwrap_err(),
        db.query::<Lasting>().key(Lasting::PRIMARY_KEY.partition(1)).live().all().await.unwrap_err(),
        db.scan::<Lasting>().live().all().await.unwrap_err(),
    ] {
        assert!(error.is_invalid_request() && error.to_string().contains("`Lasting`"), "{error}");
    }
    assert_eq!(db.calls(), 0);
    Ok(())
}
