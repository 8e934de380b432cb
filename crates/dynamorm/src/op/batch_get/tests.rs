//! What a batch that reads sends, and what it makes of the answers.

use super::*;
use crate::op::retry::TRIES;
use crate::op::test_models::*;
use crate::transport::{Call, Failure, ServiceError, Transport};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

fn shown_all<R: FromItem<Model: Model>>(batch: &BatchGet<'_, R>) -> String {
    let requests = batch.to_requests().unwrap();
    requests.into_iter().map(|request| shown(Ok(request))).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_key_is_asked_for_once() {
    let db = db();
    let batch = db.batch_get(["u1", "u2", "u1"].map(User::key));
    insta::assert_snapshot!(shown_all(&batch), @r#"
    {"RequestItems":{"app":{"Keys":[{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    {"pk":{"S":"USER#u2"},"sk":{"S":"PROFILE"}}]}}}
    "#);
}

#[test]
fn each_setter_shows_in_the_request() {
    let db = db();
    insta::assert_snapshot!(shown_all(&db.batch_get([Note::key("n", 1_u64)]).consistent_read()), @r#"{"RequestItems":{"notes":{"Keys":[{"id":{"S":"n"},"at":{"N":"1"}}],"ConsistentRead":true}}}"#);
    insta::assert_snapshot!(shown_all(&db.batch_get([User::key("u1")]).project::<UserName>()), @r##"{"RequestItems":{"app":{"Keys":[{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}}],"ProjectionExpression":"#n0, #n1, #n2","ExpressionAttributeNames":{"#n0":"name","#n1":"pk","#n2":"sk"}}}}"##);
    insta::assert_snapshot!(shown_all(&db.batch_get([Account::key("a1")]).project::<Balance>().live().consistent_read()), @r##"{"RequestItems":{"app":{"Keys":[{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}}],"ConsistentRead":true,"ProjectionExpression":"#n0, #n1, #n2, #n3","ExpressionAttributeNames":{"#n0":"balance","#n1":"expires","#n2":"pk","#n3":"sk"}}}}"##);
    assert!(db.batch_get(Vec::<UserKey>::new()).to_requests().unwrap().is_empty());
}

#[test]
fn a_hundred_and_one_keys_are_two_requests() {
    let db = db();
    let requests = db.batch_get((0..101_u64).map(|at| Note::key("n", at))).to_requests().unwrap();
    let keys: Vec<usize> = requests.iter().map(|request| request.json().matches("\"at\"").count()).collect();
    assert_eq!(keys, [100, 1]);
}

#[test]
fn a_batch_that_cannot_be_right_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.batch_get([User::key("u1"), User::key("")]).to_requests()), @r#"BatchGetItem on "app": operation 1: attribute `id` is empty, and DynamoDB keys must not be"#);
    insta::assert_snapshot!(refused(db.batch_get([Homeless::key("h")]).to_requests()), @r#"BatchGetItem: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    insta::assert_snapshot!(refused(db.batch_get([User::key("u1")]).concurrency(0).to_requests()), @r#"BatchGetItem on "app": no request may be sent at once, it must be 1 or more"#);
    insta::assert_snapshot!(refused(db.batch_get([User::key("u1")]).live().to_requests()), @r#"BatchGetItem on "app": `User` has no time to live to hide items by: mark a field with `#[dynamorm(ttl)]`, or leave `live` out"#);
}

/// Answers each call by a function of its keys, and counts the calls.
struct Script<F>(F, Arc<AtomicU32>);

impl<F> fmt::Debug for Script<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

impl<F> Transport for Script<F>
where
    F: Fn(u32, Vec<Value>) -> Result<(Vec<Value>, Vec<Value>), Failure> + Send + Sync + 'static,
{
    fn call(&self, request: Request) -> Call<'_> {
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        let keys = body["RequestItems"]["notes"]["Keys"].as_array_mut().map(std::mem::take).unwrap();
        let answer = (self.0)(self.1.fetch_add(1, Ordering::Relaxed), keys);
        Box::pin(async move {
            let (items, left) = answer?;
            let json = match left.is_empty() {
                true => json!({ "Responses": { "notes": items }, "UnprocessedKeys": {} }),
                false => {
                    json!({ "UnprocessedKeys": { "notes": { "Keys": left } }, "Responses": { "notes": items } })
                }
            };
            Ok(Bytes::from(json.to_string()))
        })
    }
}

fn scripted<F>(script: F) -> (Db, Arc<AtomicU32>)
where
    F: Fn(u32, Vec<Value>) -> Result<(Vec<Value>, Vec<Value>), Failure> + Send + Sync + 'static,
{
    let calls = Arc::default();
    (Db::with_transport(Script(script, Arc::clone(&calls))), calls)
}

/// The items of these keys, in an order of DynamoDB's own.
fn items(keys: Vec<Value>) -> Vec<Value> {
    let of_key = |mut key: Value| {
        key["topic"] = json!({ "S": key["at"]["N"] });
        key
    };
    keys.into_iter().rev().map(of_key).collect()
}

fn notes(numbers: impl IntoIterator<Item = u64>) -> Vec<Option<Note>> {
    numbers.into_iter().map(|at| Some(Note { id: "n".into(), at, topic: at.to_string() })).collect()
}

fn left(error: &Error) -> Vec<usize> {
    error.unprocessed().iter().map(|key| key.operation).collect()
}

fn throttled() -> Failure {
    Failure::Service(ServiceError::new("ThrottlingException", ""))
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_left_unread_are_asked_for_again_until_all_are_read() {
    // One item with each call, and now and then none at all.
    let (db, calls) = scripted(|nth, mut keys| match nth % 3 {
        0 => Err(throttled()),
        _ => {
            let rest = keys.split_off(1);
            Ok((items(keys), rest))
        }
    });
    let read = db.batch_get((0..20).map(|at| Note::key("n", at))).all().await.unwrap();
    assert_eq!(read, notes(0..20));
    assert_eq!(calls.load(Ordering::Relaxed), 30);
}

#[tokio::test(start_paused = true)]
async fn what_is_never_read_is_told_by_position_and_what_is_read_is_kept() {
    // Number 3 never, number 4 is not there.
    let (db, calls) = scripted(|_, keys| {
        let (left, mut read): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key["at"]["N"] == "3");
        read.retain(|key| key["at"]["N"] != "4");
        Ok((items(read), left))
    });
    let keys = [3, 1, 3, 4, 2, 1].map(|at| Note::key("n", at));
    let error = db.batch_get(keys).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unprocessed);
    assert_eq!(error.to_string(), "BatchGetItem on \"notes\": 2 of 6 keys are not read after 8 tries");
    assert_eq!(left(&error), [0, 2]);
    assert_eq!(error.unprocessed()[0].key()["at"].as_n(), Some(3.into()));
    let read: Vec<(usize, Note)> = error.items().unwrap();
    let read: Vec<(usize, u64)> = read.into_iter().map(|(position, note)| (position, note.at)).collect();
    assert_eq!(read, [(1, 1), (4, 2), (5, 1)]);
    assert_eq!(calls.load(Ordering::Relaxed), TRIES);
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_a_deadline_keep_what_was_read() {
    let (db, _) = scripted(|nth, keys| match nth {
        1 => Err(Failure::NoResponse("gone".into())),
        _ => Ok((items(keys), Vec::new())),
    });
    let batch = || db.batch_get((0..250).map(|at| Note::key("n", at))).concurrency(1);
    let error = batch().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(left(&error), (100..250).collect::<Vec<_>>());
    assert_eq!(error.items::<Note>().unwrap().len(), 100);
    assert_eq!(batch().all().await.unwrap(), notes(0..250));

    let (db, _) =
        scripted(|nth, keys| if nth > 0 { Err(throttled()) } else { Ok((items(keys), Vec::new())) });
    let batch = db.batch_get((0..250).map(|at| Note::key("n", at)));
    let error = batch.concurrency(1).deadline(Duration::from_millis(10)).all().await.unwrap_err();
    assert!(error.to_string().ends_with("150 of 250 keys are not read at the deadline"), "{error}");
    assert_eq!(error.items::<Note>().unwrap().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_stream_gives_what_stands_before_a_gap_and_then_the_error() {
    let (db, _) = scripted(|_, keys| {
        let (left, read) = keys.into_iter().partition(|key| key["at"]["N"] == "130");
        Ok((items(read), left))
    });
    let mut stream = std::pin::pin!(db.batch_get((0..400).map(|at| Note::key("n", at))).stream());
    for at in 0..130 {
        assert_eq!(stream.try_next().await.unwrap().flatten().map(|note| note.at), Some(at));
    }
    let error = stream.try_next().await.unwrap_err();
    assert_eq!(left(&error)[0], 130);
    assert_eq!(error.items::<Note>().unwrap()[0].0, 131);
    assert_eq!(stream.try_next().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_asks_for_no_more_than_may_be_under_way() {
    let (db, calls) = scripted(|_, keys| Ok((items(keys), Vec::new())));
    let batch = db.batch_get((0..10_000).map(|at| Note::key("n", at))).concurrency(3);
    let mut stream = std::pin::pin!(batch.stream());
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    for _ in 0..100 {
        stream.try_next().await.unwrap();
    }
    assert!(calls.load(Ordering::Relaxed) <= 4, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_of_the_request_is_an_error() {
    let stranger = || json!({ "id": { "S": "s3cret" }, "at": { "N": "1" }, "topic": { "S": "t" } });
    let (item, _) = scripted(move |_, _| Ok((vec![stranger()], Vec::new())));
    let (key, _) = scripted(move |_, _| Ok((Vec::new(), vec![stranger()])));
    for db in [item, key] {
        let error = db.batch_get([Note::key("n", 1_u64)]).all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
        assert_eq!(left(&error), [0]);
    }
    // A number in another form is the same number.
    let (db, _) = scripted(|_, _| {
        Ok((vec![json!({ "id": { "S": "n" }, "at": { "N": "1.0" }, "topic": { "S": "1" } })], Vec::new()))
    });
    assert_eq!(db.batch_get([Note::key("n", 1_u64)]).all().await.unwrap(), notes([1]));
}

#[tokio::test]
async fn an_item_that_is_not_of_the_model_is_told_with_its_position() {
    let (db, _) = scripted(|_, mut keys| {
        keys[0]["topic"] = json!({ "BOOL": true });
        Ok((keys, Vec::new()))
    });
    let error = db.batch_get([Note::key("n", 1_u64)]).all().await.unwrap_err();
    insta::assert_snapshot!(error, @r#"BatchGetItem on "notes": operation 0: attribute `topic` has type BOOL, expected S"#);
}

#[test]
fn no_value_is_shown() {
    let shown = format!("{:?}", db().batch_get([User::key(SECRET)]));
    assert!(!shown.contains(SECRET), "{shown}");
}
