//! What a batch sends, and what it makes of the answers.

use super::*;
use crate::ErrorKind;
use crate::op::retry::TRIES;
use crate::op::test_models::*;
use crate::transport::Failure;

fn shown_all(batch: &BatchWrite<'_>) -> String {
    let requests = batch.to_requests().unwrap();
    requests.into_iter().map(|request| shown(Ok(request))).collect::<Vec<_>>().join("\n")
}

#[test]
fn writes_stand_under_their_tables() {
    let db = db();
    let batch = db.batch_write().put(&user()).delete(Note::key("n1", 7_u64)).delete(User::key("u2"));
    insta::assert_snapshot!(shown_all(&batch), @r#"
    {"RequestItems":{"app":[{"PutRequest":{"Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada@example.com"},"name":{"S":"Ada"},"credits":{"N":"10"}}}},
    {"DeleteRequest":{"Key":{"pk":{"S":"USER#u2"},"sk":{"S":"PROFILE"}}}}],"notes":[{"DeleteRequest":{"Key":{"id":{"S":"n1"},"at":{"N":"7"}}}}]}}
    "#);
}

#[test]
fn twenty_six_writes_are_two_requests() {
    let db = db();
    let batch = db.batch_write().delete_all((0..26_u64).map(|at| Note::key("n", at)));
    let requests = batch.to_requests().unwrap();
    let writes: Vec<usize> = requests.iter().map(|r| r.json().matches("DeleteRequest").count()).collect();
    assert_eq!(writes, [25, 1]);
}

#[test]
fn a_batch_that_cannot_be_right_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.batch_write().put(&user()).delete(User::key("u1")).to_requests()), @"BatchWriteItem: writes 0 and 1 are on the same item: a batch has no order, so one would be lost");
    insta::assert_snapshot!(refused(db.batch_write().put(&user()).delete(User::key("")).to_requests()), @"BatchWriteItem: operation 1: attribute `id` is empty, and DynamoDB keys must not be");
    insta::assert_snapshot!(refused(db.batch_write().put(&user()).put(&account(0)).to_requests()), @"BatchWriteItem: operation 1: a batch cannot check attribute `version`, the version of `Account`: use a transaction");
    insta::assert_snapshot!(refused(db.batch_write().delete(Homeless::key("h")).to_requests()), @r#"BatchWriteItem: operation 0: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    insta::assert_snapshot!(refused(db.batch_write().put(&user()).concurrency(0).to_requests()), @"BatchWriteItem: no request may be sent at once, it must be 1 or more");
}

#[test]
fn numbers_that_are_the_same_make_the_same_key() {
    let db = db();
    let key = |json: &str| EncodedKey { json: json.as_bytes().to_vec(), model: Note::SHAPE, claim: None };
    let one = ItemKey::new(&db, &key(r#"{"id":{"S":"n"},"at":{"N":"1"}}"#)).unwrap();
    let same = ItemKey::new(&db, &key(r#"{"at":{"N":"1.0"},"id":{"S":"n"}}"#)).unwrap();
    assert_eq!(one, same);
    assert_eq!(one.identity(), same.identity());
}

/// Answers each call by a function of its request, and counts the calls.
struct Script<F>(F, std::sync::Arc<std::sync::atomic::AtomicU32>);

impl<F> fmt::Debug for Script<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl<F> crate::transport::Transport for Script<F>
where
    F: Fn(u32, Vec<serde_json::Value>) -> Result<Vec<serde_json::Value>, Failure> + Send + Sync + 'static,
{
    fn call(&self, request: Request) -> crate::transport::Call<'_> {
        let mut body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let writes = body["RequestItems"]["notes"].as_array_mut().map(std::mem::take).unwrap();
        let nth = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let left = (self.0)(nth, writes);
        Box::pin(async move {
            let left = left?;
            let json = match left.is_empty() {
                true => serde_json::json!({ "UnprocessedItems": {} }),
                false => serde_json::json!({ "UnprocessedItems": { "notes": left } }),
            };
            Ok(Bytes::from(json.to_string()))
        })
    }
}

fn thirty_deletes(db: &Db) -> BatchWrite<'_> {
    db.batch_write().delete_all((0..30_u64).map(|at| Note::key("n", at)))
}

/// Deletes 30 items, one request after the other; gives the result and how many calls it took.
async fn thirty(
    script: impl Fn(u32, Vec<serde_json::Value>) -> Result<Vec<serde_json::Value>, Failure>
    + Send
    + Sync
    + 'static,
) -> (Result<()>, u32) {
    let calls = std::sync::Arc::default();
    let db = Db::with_transport(Script(script, std::sync::Arc::clone(&calls)));
    let result = thirty_deletes(&db).concurrency(1).execute().await;
    (result, calls.load(std::sync::atomic::Ordering::Relaxed))
}

fn left(error: &Error) -> Vec<usize> {
    error.unprocessed().iter().map(|write| write.operation).collect()
}

fn throttled() -> Failure {
    Failure::Service(crate::transport::ServiceError::new("ThrottlingException", ""))
}

#[tokio::test(start_paused = true)]
async fn what_is_never_done_is_told_by_position() {
    let (result, calls) = thirty(|_, writes| Ok(writes)).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unprocessed);
    assert_eq!(left(&error), (0..30).collect::<Vec<_>>());
    assert_eq!(calls, TRIES);
    assert_eq!(error.to_string(), "BatchWriteItem: 30 of 30 writes are not done after 8 tries");

    let (result, calls) = thirty(|_, writes| match writes.len() {
        25 => Ok(vec![writes[3].clone()]),
        _ => Ok(writes.into_iter().filter(|write| write.to_string().contains("\"3\"")).collect()),
    })
    .await;
    // The second request has not been sent.
    assert_eq!(left(&result.unwrap_err()), [3, 25, 26, 27, 28, 29]);
    assert_eq!(calls, TRIES);
}

#[tokio::test(start_paused = true)]
async fn as_long_as_one_write_is_done_each_time_it_goes_on() {
    let (result, calls) = thirty(|_, writes| Ok(writes.into_iter().skip(1).collect())).await;
    result.unwrap();
    assert_eq!(calls, 30);
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_out_and_then_told() {
    let (result, calls) = thirty(|nth, _| if nth < 7 { Err(throttled()) } else { Ok(Vec::new()) }).await;
    result.unwrap();
    assert_eq!(calls, 9);
    let (result, calls) = thirty(|nth, _| if nth > 0 { Err(throttled()) } else { Ok(Vec::new()) }).await;
    let error = result.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(left(&error), [25, 26, 27, 28, 29]);
    assert_eq!(calls, 1 + TRIES);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_tells_what_may_not_be_done() {
    let (result, _) = thirty(|nth, writes| match nth {
        0 => Ok(writes.into_iter().take(2).collect()),
        _ => Err(Failure::NoResponse("gone".into())),
    })
    .await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(left(&error), [0, 1, 25, 26, 27, 28, 29]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_comes_back_is_known_by_the_value_of_its_key() {
    let (result, calls) = thirty(|nth, writes| {
        if nth > 0 {
            return Ok(Vec::new());
        }
        let other_form = writes[1].to_string().replace("\"1\"", "\"1.0\"");
        Ok(vec![serde_json::from_str(&other_form).unwrap()])
    })
    .await;
    result.unwrap();
    assert_eq!(calls, 3);
    let (result, _) =
        thirty(|_, _| Ok(vec![serde_json::json!({"DeleteRequest":{"Key":{"id":{"S":"?"}}}})])).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert_eq!(left(&error).len(), 30);
}

/// Answers after a while, and remembers how many requests were under way at once.
#[derive(Debug, Default)]
struct Slow {
    under_way: std::sync::atomic::AtomicUsize,
    most: std::sync::atomic::AtomicUsize,
}

impl crate::transport::Transport for std::sync::Arc<Slow> {
    fn call(&self, _: Request) -> crate::transport::Call<'_> {
        use std::sync::atomic::Ordering::Relaxed;
        Box::pin(async {
            self.most.fetch_max(1 + self.under_way.fetch_add(1, Relaxed), Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.under_way.fetch_sub(1, Relaxed);
            Ok(Bytes::from_static(b"{}"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_requests_are_under_way_as_asked_for_and_no_more() {
    for (concurrency, most, seconds) in [(None, 4, 3), (Some(1), 1, 10), (Some(3), 3, 4), (Some(100), 10, 1)]
    {
        let slow = std::sync::Arc::new(Slow::default());
        let db = Db::with_transport(std::sync::Arc::clone(&slow));
        let mut batch = db.batch_write().delete_all((0..250_u64).map(|at| Note::key("n", at)));
        if let Some(requests) = concurrency {
            batch = batch.concurrency(requests);
        }
        let begin = tokio::time::Instant::now();
        batch.execute().await.unwrap();
        assert_eq!(slow.most.load(std::sync::atomic::Ordering::Relaxed), most);
        assert_eq!(begin.elapsed(), Duration::from_secs(seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_all_that_is_not_done_is_told_with_its_item() {
    let db = Db::with_transport(std::sync::Arc::new(Slow::default()));
    let notes: Vec<Note> = (0..60).map(|at| Note { id: "n".into(), at, topic: "t".into() }).collect();
    let begin = tokio::time::Instant::now();
    let batch = db.batch_write().put_all(&notes).delete(Note::key("gone", 1_u64));
    let error = batch.concurrency(1).deadline(Duration::from_millis(1_500)).execute().await.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::from_millis(1_500));
    assert_eq!(error.kind(), ErrorKind::Unprocessed);
    assert_eq!(error.to_string(), "BatchWriteItem: 36 of 61 writes are not done at the deadline");
    // The second request is under way: it may be done, and is told.
    assert_eq!(left(&error), (25..61).collect::<Vec<_>>());
    for write in &error.unprocessed()[..35] {
        assert!(!write.is_delete());
        assert_eq!(write.item::<Note>().unwrap().as_ref(), Some(&notes[write.operation]));
    }
    let delete = &error.unprocessed()[35];
    assert!(delete.is_delete() && delete.item::<Note>().unwrap().is_none());
    assert_eq!(delete.key()["id"].as_s(), Some("gone"));
    assert!(!format!("{delete:?}").contains("gone"));
    // Pauses end with it too.
    let throttled = |_: u32, _: Vec<serde_json::Value>| Err(throttled());
    let db = Db::with_transport(Script(throttled, std::sync::Arc::default()));
    let begin = tokio::time::Instant::now();
    let error = thirty_deletes(&db).deadline(Duration::from_millis(20)).execute().await.unwrap_err();
    assert_eq!(left(&error).len(), 30);
    assert!(begin.elapsed() <= Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_no_other_request_begins() {
    let calls = std::sync::Arc::default();
    let failing = |_: u32, _: Vec<serde_json::Value>| Err(Failure::NoResponse("gone".into()));
    let db = Db::with_transport(Script(failing, std::sync::Arc::clone(&calls)));
    let batch = db.batch_write().delete_all((0..250_u64).map(|at| Note::key("n", at)));
    let error = batch.execute().await.unwrap_err();
    assert_eq!(left(&error), (0..250).collect::<Vec<_>>());
    assert!(calls.load(std::sync::atomic::Ordering::Relaxed) <= 4);
}

#[test]
fn no_value_is_shown() {
    let db = db();
    let shown = format!(
        "{:?}",
        db.batch_write().put(&User { name: SECRET.into(), ..user() }).delete(User::key(SECRET))
    );
    assert!(!shown.contains(SECRET), "{shown}");
}
