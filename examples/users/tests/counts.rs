//! The count of users follows the table's stream, exactly, however often a change is given.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use dynamorm::Change;
use lift::testing::events;
use serde_json::{Value, json};
use support::Service;
use users::User;

async fn count(service: &Service, tenant: &str) -> Value {
    let answer = service.get(tenant, "/users/count").await;
    assert_eq!(answer.status, 200);
    answer.json::<Value>()["count"].clone()
}

async fn user(service: &Service, tenant: &str, name: &str) -> User {
    let id = service.user(tenant, name, 1.0).await;
    service.db.tenant(tenant).get(User::key(id)).one().await.unwrap()
}

#[tokio::test]
async fn a_change_that_is_given_twice_counts_once() {
    let service = Service::start().await;
    assert_eq!(count(&service, "acme").await, 0);
    let ada = user(&service, "acme", "Ada").await;
    let bob = user(&service, "acme", "Bob").await;
    let eve = user(&service, "other", "Eve").await;
    let renamed = Change::Updated { old: bob.clone(), new: User { name: "Rob".into(), ..bob.clone() } };
    let changes = [Change::Inserted(ada), Change::Inserted(bob.clone()), renamed, Change::Inserted(eve)];
    let event = events::stream("users", changes);
    for _ in 0..3 {
        let answer = service.app.invoke(event.clone()).await.unwrap();
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
    }
    assert_eq!((count(&service, "acme").await, count(&service, "other").await), (json!(2), json!(1)));

    // Who goes is counted too: its number is another one.
    let mut gone = events::stream("users", [Change::Removed(bob)]);
    gone["Records"][0]["dynamodb"]["SequenceNumber"] = json!("7");
    for _ in 0..2 {
        service.app.invoke(gone.clone()).await.unwrap();
    }
    assert_eq!((count(&service, "acme").await, count(&service, "other").await), (json!(1), json!(1)));
}

#[tokio::test]
async fn the_stream_of_the_table_is_followed_to_the_last_change() {
    let service = Service::start().await;
    for nth in 0..25 {
        service.user("acme", &format!("u{nth}"), 1.0).await;
    }
    let (stop, told) = tokio::sync::oneshot::channel::<()>();
    let consumer = service.db.stream_consumer("users", users::CONSUMER).until(async { drop(told.await) });
    let app = service.app.clone();
    // Each batch twice, as after a crash.
    let following = tokio::spawn(consumer.limit(7).batches(move |records| {
        let app = app.clone();
        async move {
            let json: Vec<String> = records.iter().map(|record| record.json().to_owned()).collect();
            let mut event: Value =
                serde_json::from_str(&format!("{{\"Records\":[{}]}}", json.join(","))).unwrap();
            for record in event["Records"].as_array_mut().unwrap() {
                record["eventSourceARN"] = json!("arn:aws:dynamodb:::table/users/stream/x");
            }
            for _ in 0..2 {
                assert_eq!(app.invoke(event.clone()).await.unwrap(), json!({ "batchItemFailures": [] }));
            }
            records.len()
        }
    }));
    loop {
        let counted = count(&service, "acme").await.as_i64().unwrap();
        if counted == 25 {
            break;
        }
        assert!(counted < 25 && !following.is_finished(), "{counted}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stop.send(()).unwrap();
    following.await.unwrap().unwrap();
    assert_eq!(count(&service, "acme").await, 25);
}
