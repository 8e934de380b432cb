//! Scans as they are sent, what is refused, and the end of every read.

use super::*;
use crate::op::test_models::*;
use crate::{ErrorKind, StartKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use futures_util::TryStreamExt;

#[test]
fn a_scan_reads_the_items_of_its_model_only() {
    let db = db();
    insta::assert_snapshot!(shown(db.scan::<Order>().to_request()), @r##"
    {"TableName":"app",
    "FilterExpression":"begins_with(#n0, :v0) AND begins_with(#n1, :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#"},":v1":{"S":"ORDER#"}}}
    "##);
    insta::assert_snapshot!(shown(db.scan::<User>().to_request()), @r##"
    {"TableName":"app",
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#"},":v1":{"S":"PROFILE"}}}
    "##);
    insta::assert_snapshot!(shown(db.scan::<Note>().to_request()), @r#"
    {"TableName":"notes",
    "ReturnConsumedCapacity":"TOTAL"}
    "#);
}

#[test]
fn each_setter_has_its_member() {
    let db = db();
    insta::assert_snapshot!(shown(db.scan::<Order>().filter(Order::TOTAL.ge(5)).filter(Order::STATUS.eq("open")).limit(20).consistent_read().to_request()), @r##"
    {"TableName":"app",
    "FilterExpression":"begins_with(#n0, :v0) AND begins_with(#n1, :v1) AND (#n2 >= :v2 AND #n3 = :v3)",
    "Limit":20,
    "ConsistentRead":true,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"total","#n3":"status"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#"},":v1":{"S":"ORDER#"},":v2":{"N":"5"},":v3":{"S":"open"}}}
    "##);
    insta::assert_snapshot!(shown(db.scan::<Note>().filter(Note::AT.ge(5)).segment(3, 8).to_request()), @r##"
    {"TableName":"notes",
    "Segment":3,
    "TotalSegments":8,
    "FilterExpression":"#n0 >= :v0",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"at"},
    "ExpressionAttributeValues":{":v0":{"N":"5"}}}
    "##);
    insta::assert_snapshot!(shown(db.scan::<Order>().project::<OrderTotal>().index(Order::BY_TOTAL_INDEX).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"by-total",
    "FilterExpression":"begins_with(#n0, :v0) AND begins_with(#n1, :v1)",
    "ProjectionExpression":"#n2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"total"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#"},":v1":{"S":"ORDER#"}}}
    "##);
    insta::assert_snapshot!(shown(db.scan::<Account>().live().filter(Account::BALANCE.lt(0)).to_request()), @r##"
    {"TableName":"app",
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1 AND NOT (#n2 <= :v2) AND (#n3 < :v3)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"expires","#n3":"balance"},
    "ExpressionAttributeValues":{":v0":{"S":"ACCOUNT#"},":v1":{"S":"ACCOUNT"},":v2":{"N":"1790000000"},":v3":{"N":"0"}}}
    "##);
}

fn start_key(json: &str) -> StartKey {
    URL_SAFE.encode(json).parse().unwrap()
}

const AT_NOTE: &str = r#"{"lastKey":{"id":{"S":"n1"},"at":{"N":"7"}},"scan":{"table":"notes"}}"#;

#[test]
fn a_start_key_goes_with_its_scan() {
    let db = db();
    let scan = || db.scan::<Note>();
    insta::assert_snapshot!(shown(scan().start_key(start_key(AT_NOTE)).to_request()), @r#"
    {"TableName":"notes",
    "ExclusiveStartKey":{"at":{"N":"7"},"id":{"S":"n1"}},
    "ReturnConsumedCapacity":"TOTAL"}
    "#);
    let refused = |scan: Scan<'_, Note>, json: &str| {
        let error = scan.start_key(start_key(json)).to_request().unwrap_err();
        assert!(error.is_invalid_start_key());
        error.to_string()
    };
    insta::assert_snapshot!(refused(scan(), r#"{"lastKey":{"id":{"S":"n1"},"at":{"N":"7"}}}"#), @r#"Scan on "notes": the start key is of a query, and this is a scan"#);
    insta::assert_snapshot!(refused(scan(), r#"{"lastKey":{"id":{"S":"n1"},"at":{"N":"7"}},"scan":{"table":"app"}}"#), @r#"Scan on "notes": the start key is of another table than the scan"#);
    insta::assert_snapshot!(refused(scan().segment(0, 2), AT_NOTE), @r#"Scan on "notes": the start key is of another segment than the scan"#);
    let of_segment =
        r#"{"lastKey":{"id":{"S":"n1"},"at":{"N":"7"}},"scan":{"table":"notes","segment":0,"of":2}}"#;
    insta::assert_snapshot!(refused(scan(), of_segment), @r#"Scan on "notes": the start key is of another segment than the scan"#);
    insta::assert_snapshot!(refused(scan().segment(1, 2), of_segment), @r#"Scan on "notes": the start key is of another segment than the scan"#);
    insta::assert_snapshot!(refused(scan().index(Note::BY_TOPIC_INDEX), AT_NOTE), @r#"Scan on "notes": the start key is of another index than the scan"#);
    insta::assert_snapshot!(refused(scan(), r#"{"lastKey":{"id":{"S":"n1"}},"scan":{"table":"notes"}}"#), @r#"Scan on "notes": the start key has other key attributes than the read"#);
    assert!(scan().segment(0, 2).start_key(start_key(of_segment)).to_request().is_ok());

    let query = db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1")).start_key(start_key(AT_NOTE));
    let error = query.to_request().unwrap_err();
    assert!(error.is_invalid_start_key());
    insta::assert_snapshot!(error, @r#"Query on "notes": the start key is of a scan, and this is a query"#);

    let signed = db.clone().cursor_secret("k");
    let error = signed.scan::<Note>().start_key(start_key(AT_NOTE)).to_request().unwrap_err();
    insta::assert_snapshot!(error, @r#"Scan on "notes": the start key's signature does not fit"#);
}

#[test]
fn a_start_key_of_a_segment_is_read_back_as_it_was() {
    for json in
        [AT_NOTE, r#"{"lastKey":{"at":{"N":"7"}},"index":"i","scan":{"table":"a\"b","segment":3,"of":8}}"#]
    {
        let key = start_key(json);
        assert_eq!(key.to_string().parse::<StartKey>().unwrap(), key);
    }
}

#[test]
fn a_scan_that_cannot_be_right_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.scan::<Note>().limit(0).to_request()), @r#"Scan on "notes": the limit is 0, it must be 1 or more"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().segment(0, 0).to_request()), @r#"Scan on "notes": the scan has 0 segments, it takes 1 to 1,000,000"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().segment(0, 1_000_001).to_request()), @r#"Scan on "notes": the scan has 1,000,001 segments, it takes 1 to 1,000,000"#);
    insta::assert_snapshot!(refused(db.scan::<Note>().segment(8, 8).to_request()), @r#"Scan on "notes": segment 8 is not one of 8, which are counted from 0"#);
    insta::assert_snapshot!(refused(db.scan::<User>().index(User::EMAIL_INDEX).consistent_read().to_request()), @r#"Scan on "app": index "email-index" is global, and a global index has no consistent read"#);
    insta::assert_snapshot!(refused(db.scan::<User>().live().to_request()), @r#"Scan on "app": `User` has no time to live to hide items by: mark a field with `#[dynamorm(ttl)]`, or leave `live` out"#);
    let many = (1..149).fold(User::CREDITS.eq(1), |filter, _| filter.or(User::CREDITS.eq(1)));
    insta::assert_snapshot!(refused(db.scan::<User>().filter(many).to_request()), @r#"Scan on "app": the filter has 301 operators with those on the model, the limit is 300"#);
    insta::assert_snapshot!(refused(db.scan::<Homeless>().to_request()), @r#"Scan: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
}

/// Answers each scan with no items and the same last key.
#[derive(Debug)]
struct Circle;

impl crate::transport::Transport for Circle {
    fn call(&self, _: Request) -> crate::transport::Call<'_> {
        let answer =
            r#"{"Items":[],"Count":0,"ScannedCount":1,"LastEvaluatedKey":{"id":{"S":"n1"},"at":{"N":"7"}}}"#;
        Box::pin(async move { Ok(Bytes::from_static(answer.as_bytes())) })
    }
}

#[tokio::test]
async fn an_answer_that_leads_nowhere_ends_in_an_error() {
    let db = Db::with_transport(Circle);
    for error in [
        db.scan::<Note>().all().await.unwrap_err(),
        db.scan::<Note>().take(1).await.unwrap_err(),
        db.scan::<Note>().count().await.unwrap_err(),
        db.scan::<Note>().stream().try_collect::<Vec<_>>().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Service);
        assert_eq!(
            error.to_string(),
            "Scan on \"notes\": the answer's last key is the start key: the read would never end"
        );
    }
}

#[test]
fn no_value_is_shown() {
    let shown = format!("{:?}", db().scan::<User>().filter(User::NAME.eq(SECRET)));
    assert!(!shown.contains(SECRET), "{shown}");
}
