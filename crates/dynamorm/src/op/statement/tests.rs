//! What statements send, and what they make of the answers.

use super::*;
use crate::Item;
use crate::op::test_models::*;
use crate::transport::{Call, Failure, Transport};

#[test]
fn each_setter_shows_in_the_request() {
    let db = db();
    let parameters = [AttributeValue::from("USER#u1"), 7.into()];
    insta::assert_snapshot!(shown(db.statement("SELECT * FROM \"app\" WHERE pk = ? AND n > ?", parameters).to_request()), @r#"
    {"Statement":"SELECT * FROM \"app\" WHERE pk = ? AND n > ?",
    "Parameters":[{"S":"USER#u1"},
    {"N":"7"}]}
    "#);
    let all = || db.statement("SELECT * FROM app", [] as [AttributeValue; 0]);
    insta::assert_snapshot!(shown(all().consistent_read().limit(5).next("t".parse::<NextToken>().ok()).to_request()), @r#"
    {"Statement":"SELECT * FROM app",
    "ConsistentRead":true,
    "Limit":5,
    "NextToken":"t"}
    "#);
    insta::assert_snapshot!(shown(all().returning_old_on_failure().to_request()), @r#"
    {"Statement":"SELECT * FROM app",
    "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}
    "#);
    let batch =
        db.batch_statement().statement("DELETE FROM app WHERE pk = ?", ["a"]).statement("B", [true; 0]);
    insta::assert_snapshot!(shown(batch.consistent_read().to_request()), @r#"
    {"Statements":[{"Statement":"DELETE FROM app WHERE pk = ?","Parameters":[{"S":"a"}],"ConsistentRead":true},
    {"Statement":"B","ConsistentRead":true}]}
    "#);
    let transaction =
        db.transact_statement().statement("DELETE FROM app WHERE pk = ?", ["a"]).token("order-42");
    insta::assert_snapshot!(shown(transaction.to_request()), @r#"
    {"TransactStatements":[{"Statement":"DELETE FROM app WHERE pk = ?","Parameters":[{"S":"a"}],"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}],
    "ClientRequestToken":"order-42"}
    "#);
}

#[test]
fn marks_in_quotes_are_no_parameters() {
    let db = db();
    for text in ["SELECT '?' , \"a?b\" FROM app WHERE pk = ?", "x = 'it''s ? ' AND y = ?", "'\"?' ? \"'?\""] {
        assert!(db.statement(text, ["a"]).to_request().is_ok(), "{text}");
    }
}

#[test]
fn a_statement_that_cannot_be_right_is_refused() {
    let db = db();
    let none = || [] as [&str; 0];
    insta::assert_snapshot!(refused(db.statement(" ", none()).to_request()), @"ExecuteStatement: the statement is empty");
    insta::assert_snapshot!(refused(db.statement("SELECT * FROM app WHERE pk = ? AND sk = '?'", ["a", "b"]).to_request()), @"ExecuteStatement: the statement has 1 `?` outside of quotes, and 2 parameters are given");
    insta::assert_snapshot!(refused(db.statement("SELECT * FROM app WHERE pk = ?", none()).to_request()), @"ExecuteStatement: the statement has 1 `?` outside of quotes, and 0 parameters are given");
    assert!(db.statement("x".repeat(8_192), none()).to_request().is_ok());
    insta::assert_snapshot!(refused(db.statement("x".repeat(8_193), none()).to_request()), @"ExecuteStatement: the statement is 8,193 bytes, the limit is 8,192 bytes");
    insta::assert_snapshot!(refused(db.statement("x", none()).limit(0).to_request()), @"ExecuteStatement: the limit is 0, it must be 1 or more");
    insta::assert_snapshot!(refused(db.batch_statement().to_request()), @"BatchExecuteStatement: the batch has 0 statements, it takes 1 to 25");
    let many = |count: usize| (0..count).fold(db.batch_statement(), |batch, _| batch.statement("x", none()));
    assert!(many(25).to_request().is_ok());
    insta::assert_snapshot!(refused(many(26).to_request()), @"BatchExecuteStatement: the batch has 26 statements, it takes 1 to 25");
    insta::assert_snapshot!(refused(many(1).statement("?", none()).to_request()), @"BatchExecuteStatement: operation 1: the statement has 1 `?` outside of quotes, and 0 parameters are given");
    let many = |count: usize| (0..count).fold(db.transact_statement(), |all, _| all.statement("x", none()));
    assert!(many(100).to_request().is_ok());
    insta::assert_snapshot!(refused(many(101).to_request()), @"ExecuteTransaction: the transaction has 101 statements, it takes 1 to 100");
    insta::assert_snapshot!(refused(many(0).to_request()), @"ExecuteTransaction: the transaction has 0 statements, it takes 1 to 100");
    insta::assert_snapshot!(refused(many(1).token("").to_request()), @"ExecuteTransaction: the token has 0 characters, it takes 1 to 36");
    let empty = AttributeValue::Ss(std::collections::BTreeSet::new());
    let error = db.statement("?", [empty]).to_request().unwrap_err();
    insta::assert_snapshot!(error, @"ExecuteStatement: parameter 0: the value is an empty set, which DynamoDB does not have");
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
async fn a_token_that_does_not_move_is_an_error_and_no_endless_read() {
    let db = Db::with_transport(Answer(r#"{"Items":[{}],"NextToken":"t"}"#));
    let error = db.statement("x", [true; 0]).all::<Item>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    let page = db.statement("x", [true; 0]).page::<Item>().await.unwrap();
    assert_eq!((page.items.len(), page.next.unwrap().to_string().as_str()), (1, "t"));
}

#[tokio::test]
async fn each_statement_of_a_batch_has_its_own_outcome() {
    let db = Db::with_transport(Answer(
        r#"{"Responses":[{"TableName":"app","Item":{"name":{"S":"Ada"}}},{"TableName":"app"},
        {"Error":{"Code":"ConditionalCheckFailed","Message":"s3cret","Item":{"name":{"S":"s3cret"}}}},
        {"Error":{"Code":"ResourceNotFound","Message":"s3cret"}},{"Error":{"Code":"DuplicateItem"}},
        {"Error":{"Code":"ThrottlingError"}},{"Error":{"Code":"ValidationError"}},{"Item":{}}]}"#,
    ));
    let batch = (0..8).fold(db.batch_statement(), |batch, _| batch.statement("x", [true; 0]));
    let outcomes = batch.all::<UserName>().await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap().as_ref().unwrap().name, "Ada");
    assert_eq!(outcomes[1].as_ref().unwrap(), &None);
    let errors: Vec<&Error> = outcomes[2..].iter().map(|outcome| outcome.as_ref().unwrap_err()).collect();
    assert!(errors[0].is_condition_failed() && errors[0].item::<Item>().unwrap().unwrap().len() == 1);
    assert!(errors[1].is_table_not_found() && errors[2].is_condition_failed());
    assert!(errors[3].is_throttled() && errors[4].is_invalid_request());
    assert_eq!(errors[5].kind(), ErrorKind::Codec);
    insta::assert_snapshot!(errors[0], @"BatchExecuteStatement: operation 2: the condition was not met");
    insta::assert_snapshot!(errors[5], @"BatchExecuteStatement: operation 7: attribute `name` is missing");
    assert!(!format!("{errors:?}").contains(SECRET));
    let short = db.batch_statement().statement("x", [true; 0]).execute().await;
    assert_eq!(short.unwrap_err().kind(), ErrorKind::Codec);
}

#[test]
fn no_value_is_shown() {
    let db = db();
    let token: NextToken = SECRET.parse().unwrap_or_else(|never| match never {});
    let shown = format!(
        "{:?} {:?} {:?} {token:?}",
        db.statement(SECRET, [SECRET]),
        db.batch_statement().statement(SECRET, [SECRET]),
        db.transact_statement().statement(SECRET, [SECRET]).token(SECRET),
    );
    assert!(!shown.contains(SECRET), "{shown}");
}
