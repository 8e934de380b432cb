//! What a transaction that reads sends, and what it makes of the answers.

use super::*;
use crate::Get;
use crate::op::test_models::*;
use crate::transport::{Call, Failure, Transport};

#[test]
fn each_get_stands_in_its_place() {
    let db = db();
    insta::assert_snapshot!(shown(db.transact_get((User::key("u1"), Note::key("n1", 7_u64), &order())).to_request()), @r#"
    {"TransactItems":[{"Get":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}}}},
    {"Get":{"TableName":"notes","Key":{"id":{"S":"n1"},"at":{"N":"7"}}}},
    {"Get":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}}}}]}
    "#);
    insta::assert_snapshot!(shown(db.transact_get([Get::new(User::key("u1")).project::<UserName>()]).to_request()), @r##"{"TransactItems":[{"Get":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},"ProjectionExpression":"#n0","ExpressionAttributeNames":{"#n0":"name"}}}]}"##);
    let request = db.transact_get((User::key("u1"), Note::key("n1", 7_u64))).to_request().unwrap();
    assert_eq!(request.tables, ["app", "notes"]);
}

#[test]
fn a_transaction_that_cannot_be_right_is_refused() {
    let db = db();
    let keys = |count: u64| (0..count).map(|at| Note::key("n", at)).collect::<Vec<_>>();
    assert!(db.transact_get(keys(100)).to_request().is_ok());
    insta::assert_snapshot!(refused(db.transact_get(keys(101)).to_request()), @"TransactGetItems: the transaction has 101 operations, it takes 1 to 100");
    insta::assert_snapshot!(refused(db.transact_get(keys(0)).to_request()), @"TransactGetItems: the transaction has 0 operations, it takes 1 to 100");
    insta::assert_snapshot!(refused(db.transact_get((User::key("u1"), &user())).to_request()), @"TransactGetItems: operations 0 and 1 are on the same item: a transaction takes one for each");
    insta::assert_snapshot!(refused(db.transact_get((User::key("u1"), User::key(""))).to_request()), @"TransactGetItems: operation 1: attribute `id` is empty, and DynamoDB keys must not be");
    insta::assert_snapshot!(refused(db.transact_get((User::key("u1"), Homeless::key("h"))).to_request()), @r#"TransactGetItems: operation 1: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
}

/// Answers with the same text always.
#[derive(Debug)]
struct Answer(&'static str);

impl Transport for Answer {
    fn call(&self, _: Request) -> Call<'_> {
        Box::pin(async { Ok::<_, Failure>(Bytes::from_static(self.0.as_bytes())) })
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_gets_is_an_error() {
    let read = async |answer| {
        let db = Db::with_transport(Answer(answer));
        db.transact_get((User::key("u1"), Note::key("n1", 7_u64))).optional().await
    };
    let note = r#"{"id":{"S":"n1"},"at":{"N":"7"},"topic":{"S":"s3cret"}}"#;
    assert_eq!(read(r#"{"Responses":[{},{"Item":null}]}"#).await.unwrap(), (None, None));
    for answer in [r#"{"Responses":[{}]}"#, r#"{"Responses":[{},{},{}]}"#, "{}", r#"{"Responses":null}"#] {
        assert_eq!(read(answer).await.unwrap_err().kind(), ErrorKind::Codec, "{answer}");
    }
    // The note stands where the user must.
    let swapped = format!(r#"{{"Responses":[{{"Item":{note}}},{{}}]}}"#).leak();
    let error = read(swapped).await.unwrap_err();
    insta::assert_snapshot!(error, @"TransactGetItems: operation 0: attribute `name` is missing");
    assert!(!format!("{error:?}").contains(SECRET));
}

#[tokio::test]
async fn one_says_which_item_is_not_there() {
    let db = Db::with_transport(Answer(
        r#"{"Responses":[{"Item":{"id":{"S":"n1"},"at":{"N":"7"},"topic":{"S":"t"}}},{},{}]}"#,
    ));
    let keys = [7_u64, 8, 9].map(|at| Note::key("n1", at));
    let error = db.transact_get(keys).one().await.unwrap_err();
    assert!(error.is_not_found());
    insta::assert_snapshot!(error, @"TransactGetItems: operation 1: there is no item with this key");
}

#[test]
fn no_value_is_shown() {
    let db = db();
    let shown = format!("{:?} {:?}", db.transact_get([User::key(SECRET)]), Get::new(User::key(SECRET)));
    assert!(!shown.contains(SECRET), "{shown}");
}
