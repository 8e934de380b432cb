//! Queries as they are sent, what is refused, and the end of every read.

use super::*;
use crate::ErrorKind;
use crate::op::test_models::*;
use bytes::Bytes;
use futures_util::TryStreamExt;

#[test]
fn a_query_reads_the_items_of_its_model_only() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<User>().key(User::PRIMARY_KEY.partition("u1")).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1")).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"}}}
    "##);
}

#[test]
fn a_condition_on_the_sort_key_stays_within_the_model() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").eq(7)).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#00007"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").lt(7)).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"},":v2":{"S":"ORDER#00006\u{10FFFF}"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").le(7)).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"},":v2":{"S":"ORDER#00007"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").gt(7)).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#00007\u0000"},":v2":{"S":"ORDER#\u{10FFFF}"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").ge(7)).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#00007"},":v2":{"S":"ORDER#\u{10FFFF}"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1").between(7, 9)).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#00007"},":v2":{"S":"ORDER#00009"}}}
    "##);
}

#[test]
fn a_sort_key_that_is_an_attribute_is_compared_as_it_is() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1").eq(7)).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"},":v1":{"N":"7"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1").lt(7)).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 < :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"},":v1":{"N":"7"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1").le(7)).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 <= :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"},":v1":{"N":"7"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1").gt(7)).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 > :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"},":v1":{"N":"7"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1").ge(7)).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 >= :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"},":v1":{"N":"7"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1").between(7, 9)).to_request()), @r##"
    {"TableName":"notes",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"n1"},":v1":{"N":"7"},":v2":{"N":"9"}}}
    "##);
}

#[test]
fn a_prefix_is_of_the_value_not_of_the_key() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<Account>().key(Account::ALL_ACCOUNTS_INDEX.partition(()).begins_with("a")).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"all-accounts",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"all-accounts_pk","#n1":"all-accounts_sk"},
    "ExpressionAttributeValues":{":v0":{"S":"ACCOUNTS"},":v1":{"S":"a"}}}
    "##);
}

#[test]
fn an_index_is_named() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<User>().key(User::EMAIL_INDEX.partition("ada@example.com")).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"email-index",
    "KeyConditionExpression":"#n0 = :v0",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"email"},
    "ExpressionAttributeValues":{":v0":{"S":"ada@example.com"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::BY_STATUS_INDEX.partition(("open", "eu"))).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"by-status",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"by_status","#n1":"by-status_sk"},
    "ExpressionAttributeValues":{":v0":{"S":"STATUS#open#eu"},":v1":{"S":"AT#"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::BY_TOTAL_INDEX.partition("u1").ge(5)).consistent_read().to_request()), @r##"
    {"TableName":"app",
    "IndexName":"by-total",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 >= :v1",
    "ConsistentRead":true,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"total"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"N":"5"}}}
    "##);
}

#[test]
fn each_setter_has_its_member() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).filter(Order::TOTAL.ge(5)).filter(Order::STATUS.eq("open")).limit(20).descending().consistent_read().to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "FilterExpression":"#n2 >= :v2 AND #n3 = :v3",
    "Limit":20,
    "ScanIndexForward":false,
    "ConsistentRead":true,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"total","#n3":"status"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"},":v2":{"N":"5"},":v3":{"S":"open"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).project::<OrderTotal>().to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ProjectionExpression":"#n2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"total"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(u32::MAX).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "Limit":2147483647,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"}}}
    "##);
}

#[test]
fn a_raw_key_condition_finds_its_index() {
    let db = db();
    insta::assert_snapshot!(shown(db.query::<User>().key(KeyCondition::raw("email = :e", [(":e", "ada@example.com")])).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"email-index",
    "KeyConditionExpression":"#n0 = :v0",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"email"},
    "ExpressionAttributeValues":{":v0":{"S":"ada@example.com"}}}
    "##);
}

#[test]
fn a_start_key_goes_with_its_query() {
    let db = db();
    let from: StartKey = r#"eyJsYXN0S2V5Ijp7InBrIjp7IlMiOiJVU0VSI3UxIn0sInNrIjp7IlMiOiJPUkRFUiMwMDAwNyJ9fX0="#.parse().unwrap();
    insta::assert_snapshot!(shown(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).start_key(from.clone()).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ExclusiveStartKey":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"ORDER#"}}}
    "##);
    insta::assert_snapshot!(refused(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u2")).start_key(from.clone()).to_request()), @r#"Query on "app": the start key is of another partition than the query"#);
    insta::assert_snapshot!(refused(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).descending().start_key(from.clone()).to_request()), @r#"Query on "app": the start key is of a query in the other direction"#);
    insta::assert_snapshot!(refused(db.query::<Order>().key(Order::BY_TOTAL_INDEX.partition("u1")).start_key(from.clone()).to_request()), @r#"Query on "app": the start key is of another index than the query"#);
    insta::assert_snapshot!(refused(db.clone().cursor_secret("k").query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).start_key(from.clone()).to_request()), @r#"Query on "app": the start key's signature does not fit"#);
}

#[test]
fn a_query_that_cannot_be_right_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.query::<Order>().key(Order::PRIMARY_KEY.partition("u1")).limit(0).to_request()), @r#"Query on "app": the limit is 0, it must be 1 or more"#);
    insta::assert_snapshot!(refused(db.query::<User>().key(User::EMAIL_INDEX.partition("a")).consistent_read().to_request()), @r#"Query on "app": index "email-index" is global, and a global index has no consistent read"#);
    insta::assert_snapshot!(refused(db.query::<User>().key(User::EMAIL_INDEX.partition("a")).filter(User::EMAIL.exists()).to_request()), @r#"Query on "app": the filter uses attribute `email`, which is in the key that is queried: put it into the key condition"#);
    let raw = KeyCondition::raw("email = :e AND name = :e", [(":e", "a")]);
    insta::assert_snapshot!(refused(db.query::<User>().key(raw).to_request()), @r#"Query on "app": the raw key condition uses attribute `name`, which is not in the key that is queried: put it into a filter"#);
    let raw = KeyCondition::raw("email = :e OR email = :e", [(":e", "a")]);
    insta::assert_snapshot!(refused(db.query::<User>().key(raw).to_request()), @r#"Query on "app": the raw key condition has `OR` at byte 11, but a key condition compares key attributes with values, by `=`, `<`, `<=`, `>`, `>=`, `BETWEEN` and `begins_with`, joined by `AND`"#);
    insta::assert_snapshot!(refused(db.query::<User>().key(KeyCondition::raw("name = :e", [(":e", "a")])).to_request()), @r#"Query on "app": the raw key condition compares no partition key with `=`; `User` has `pk` (the table), `email` (index "email-index")"#);
    insta::assert_snapshot!(refused(db.query::<Homeless>().key(Homeless::PRIMARY_KEY.partition("h")).to_request()), @r#"Query: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
}

#[test]
fn a_query_of_what_is_alive_hides_the_rest_by_a_filter() {
    let db = db();
    let query = || db.query::<Account>().key(Account::ALL_ACCOUNTS_INDEX.partition(())).live();
    insta::assert_snapshot!(shown(query().to_request()), @r##"
    {"TableName":"app",
    "IndexName":"all-accounts",
    "KeyConditionExpression":"#n0 = :v0",
    "FilterExpression":"NOT (#n1 <= :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"all-accounts_pk","#n1":"expires"},
    "ExpressionAttributeValues":{":v0":{"S":"ACCOUNTS"},":v1":{"N":"1790000000"}}}
    "##);
    insta::assert_snapshot!(shown(query().filter(Account::BALANCE.eq(1) | Account::BALANCE.eq(2)).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"all-accounts",
    "KeyConditionExpression":"#n0 = :v0",
    "FilterExpression":"NOT (#n1 <= :v1) AND (#n2 = :v2 OR #n2 = :v3)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"all-accounts_pk","#n1":"expires","#n2":"balance"},
    "ExpressionAttributeValues":{":v0":{"S":"ACCOUNTS"},":v1":{"N":"1790000000"},":v2":{"N":"1"},":v3":{"N":"2"}}}
    "##);
}

#[test]
fn a_member_of_a_map_may_be_named_like_a_key() {
    let db = db();
    let filter = Condition::raw("address.email = :e", [(":e", "a")]);
    assert!(db.query::<User>().key(User::EMAIL_INDEX.partition("a")).filter(filter).to_request().is_ok());
}

/// Answers each query with no items and the same last key.
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
    let query = || db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1"));
    for error in [
        query().all().await.unwrap_err(),
        query().take(1).await.unwrap_err(),
        query().count().await.unwrap_err(),
        query().stream().try_collect::<Vec<_>>().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Service);
        assert_eq!(
            error.to_string(),
            "Query on \"notes\": the answer's last key is the start key: the read would never end"
        );
    }
    assert!(query().page().await.unwrap().next.is_some());
}

#[tokio::test]
async fn a_take_of_nothing_or_with_a_limit_of_nothing_is_refused() {
    let db = db();
    let query = || db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1"));
    assert!(query().take(0).await.unwrap_err().is_invalid_request());
    assert!(query().limit(0).take(5).await.unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn a_maximum_of_read_units_needs_a_terminal_that_says_where_to_go_on() {
    let db = db();
    let query = || db.query::<Note>().key(Note::PRIMARY_KEY.partition("n1")).max_read_units(5);
    for (error, terminal) in [
        (query().all().await.unwrap_err(), "all"),
        (query().count().await.unwrap_err(), "count"),
        (query().stream().try_collect::<Vec<_>>().await.unwrap_err(), "stream"),
        (query().optional().await.unwrap_err(), "optional"),
        (query().one().await.unwrap_err(), "one"),
    ] {
        assert!(error.is_invalid_request());
        assert_eq!(
            error.to_string(),
            format!(
                "Query on \"notes\": `{terminal}` has no start key to stop at `max_read_units` with: use `take`, which gives one"
            )
        );
    }
    insta::assert_snapshot!(refused(query().max_read_units(0).to_request()), @r#"Query on "notes": no read unit may be consumed, it must be 1 or more"#);
}

#[test]
fn no_value_is_shown() {
    let db = db();
    let shown = format!(
        "{:?}",
        db.query::<User>().key(User::EMAIL_INDEX.partition(SECRET)).filter(User::NAME.eq(SECRET))
    );
    assert!(!shown.contains(SECRET), "{shown}");
    let shown = format!("{:?}", User::EMAIL_INDEX.partition(SECRET));
    assert!(!shown.contains(SECRET), "{shown}");
}
