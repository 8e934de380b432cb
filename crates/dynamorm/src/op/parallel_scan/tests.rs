//! Parallel scans as they are sent, and what is refused.

use super::*;
use crate::op::test_models::*;
use crate::{Db, StartKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

fn all_shown(requests: Result<Vec<Request>>) -> String {
    requests.unwrap().into_iter().map(|request| shown(Ok(request))).collect::<Vec<_>>().join("\n")
}

fn start_keys(json: &str) -> StartKeys {
    URL_SAFE.encode(json).parse().unwrap()
}

/// Of three segments the first has ended, the second is under way and the third has not begun.
const UNDER_WAY: &str =
    r#"{"table":"notes","segments":3,"begun":2,"at":{"1":{"id":{"S":"n1"},"at":{"N":"7"}}}}"#;

#[test]
fn each_segment_has_its_request() {
    let db = db();
    insta::assert_snapshot!(all_shown(db.scan::<User>().filter(User::CREDITS.gt(1)).limit(5).parallel(2).to_requests()), @r##"
    {"TableName":"app",
    "Segment":0,
    "TotalSegments":2,
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1 AND (#n2 > :v2)",
    "Limit":5,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"credits"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#"},":v1":{"S":"PROFILE"},":v2":{"N":"1"}}}
    {"TableName":"app",
    "Segment":1,
    "TotalSegments":2,
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1 AND (#n2 > :v2)",
    "Limit":5,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"credits"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#"},":v1":{"S":"PROFILE"},":v2":{"N":"1"}}}
    "##);
    insta::assert_snapshot!(all_shown(db.scan::<Note>().parallel(3).start_key(start_keys(UNDER_WAY)).to_requests()), @r#"
    {"TableName":"notes",
    "Segment":1,
    "TotalSegments":3,
    "ExclusiveStartKey":{"at":{"N":"7"},"id":{"S":"n1"}},
    "ReturnConsumedCapacity":"TOTAL"}
    {"TableName":"notes",
    "Segment":2,
    "TotalSegments":3,
    "ReturnConsumedCapacity":"TOTAL"}
    "#);
}

#[test]
fn a_start_key_is_of_one_table_index_and_number_of_segments() {
    let db = db();
    let refused = |db: &Db, segments, json: &str| {
        let scan = db.scan::<Note>().parallel(segments).start_key(start_keys(json));
        let error = scan.to_requests().unwrap_err();
        assert!(error.is_invalid_start_key());
        error.to_string()
    };
    insta::assert_snapshot!(refused(&db, 4, UNDER_WAY), @r#"Scan on "notes": the start key is of a scan in 3 segments, and this one has 4"#);
    insta::assert_snapshot!(refused(&db, 3, &UNDER_WAY.replace("notes", "app")), @r#"Scan on "notes": the start key is of another table than the scan"#);
    insta::assert_snapshot!(refused(&db, 3, r#"{"table":"notes","index":"by-topic","segments":3,"begun":0}"#), @r#"Scan on "notes": the start key is of another index than the scan"#);
    insta::assert_snapshot!(refused(&db, 3, r#"{"table":"notes","segments":3,"begun":1,"at":{"0":{"id":{"S":"n1"}}}}"#), @r#"Scan on "notes": the start key has other key attributes than the read"#);
    insta::assert_snapshot!(refused(&db.clone().cursor_secret("k"), 3, UNDER_WAY), @r#"Scan on "notes": the start key's signature does not fit"#);
    let of_scan = r#"{"lastKey":{"id":{"S":"n1"},"at":{"N":"7"}},"scan":{"table":"notes"}}"#;
    let of_scan: StartKey = URL_SAFE.encode(of_scan).parse().unwrap();
    let error = db.scan::<Note>().start_key(of_scan).parallel(2).to_requests().unwrap_err();
    insta::assert_snapshot!(error, @r#"Scan on "notes": the start key is of a scan, and a parallel one has a start key of its own"#);
}

#[test]
fn start_keys_are_read_back_as_they_were_and_nothing_else_is() {
    for json in [UNDER_WAY, r#"{"table":"a\"b","index":"i","segments":1000000,"begun":0,"at":{}}"#] {
        let keys = start_keys(json);
        assert_eq!(keys.to_string().parse::<StartKeys>().unwrap(), keys);
        assert!(!format!("{keys:?}").contains("n1"));
    }
    for wrong in [
        "",
        "[]",
        r#"{"table":"a","segments":1,"begun":2}"#,
        r#"{"table":"a","segments":3,"begun":1,"at":{"1":{}}}"#,
        r#"{"table":"a","segments":3,"begun":1,"at":{"x":{}}}"#,
        r#"{"table":"a","segments":99999999999}"#,
    ] {
        let error = URL_SAFE.encode(wrong).parse::<StartKeys>().unwrap_err();
        assert!(error.is_invalid_start_key());
        assert_eq!(error.to_string(), "the start key is malformed");
    }
    let keys = start_keys(UNDER_WAY);
    let json = serde_json::to_string(&keys).unwrap();
    assert_eq!(serde_json::from_str::<StartKeys>(&json).unwrap(), keys);
}

#[tokio::test]
async fn a_parallel_scan_that_cannot_be_right_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.scan::<Note>().parallel(0).to_requests()), @r#"Scan on "notes": the scan has 0 segments, it takes 1 to 1,000,000"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().parallel(1_000_001).to_requests()), @r#"Scan on "notes": the scan has 1,000,001 segments, it takes 1 to 1,000,000"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().parallel(2).concurrency(0).to_requests()), @r#"Scan on "notes": the concurrency is 0, it must be 1 or more"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().segment(0, 2).parallel(2).to_requests()), @r#"Scan on "notes": the scan is of one segment, and a parallel one is of all"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().parallel(2).take(0).await), @r#"Scan on "notes": no items are to be taken, it must be 1 or more"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().max_read_units(1).parallel(2).all().await), @r#"Scan on "notes": `all` has no start key to stop at `max_read_units` with: use `take`, which gives one"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().max_read_units(1).parallel(2).count().await), @r#"Scan on "notes": `count` has no start key to stop at `max_read_units` with: use `take`, which gives one"#);
}

/// Counts the calls that are under way at once.
#[derive(Debug, Clone)]
struct Counting {
    below: crate::transport::Embedded,
    /// Now, and at most so far.
    under_way: std::sync::Arc<std::sync::Mutex<(usize, usize)>>,
}

impl crate::transport::Transport for Counting {
    fn call(&self, request: Request) -> crate::transport::Call<'_> {
        Box::pin(async move {
            {
                let mut under_way = self.under_way.lock().unwrap();
                under_way.0 += 1;
                under_way.1 = under_way.1.max(under_way.0);
            }
            // So that all of them begin before the first ends.
            tokio::task::yield_now().await;
            let answer = self.below.call(request).await;
            self.under_way.lock().unwrap().0 -= 1;
            answer
        })
    }
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_were_allowed() {
    let below = crate::transport::Embedded::memory().unwrap();
    let counting = Counting { below, under_way: std::sync::Arc::default() };
    let db = Db::with_transport(counting.clone());
    db.create_table::<Note>().execute().await.unwrap();
    for at in 1..=20 {
        db.put(&Note { id: format!("n{at}"), at, topic: "t".into() }).execute().await.unwrap();
    }
    let most = || std::mem::take(&mut *counting.under_way.lock().unwrap()).1;
    let scan = || db.scan::<Note>().limit(1).parallel(20);
    most();
    assert_eq!(scan().concurrency(3).all().await.unwrap().len(), 20);
    assert_eq!(most(), 3);
    assert_eq!(scan().count().await.unwrap(), 20);
    assert_eq!(most(), 8);
    scan().concurrency(5).take(20).await.unwrap();
    assert_eq!(most(), 5);
    scan().concurrency(100).page().await.unwrap();
    assert_eq!(most(), 20);
}
