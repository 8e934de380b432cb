//! What writes of unique attributes send.

use crate::op::test_models::{db, refused, shown};
use crate::{Delete, Model, Put};

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
struct User {
    id: String,
    #[dynamorm(unique)]
    email: String,
    #[dynamorm(unique(scope = org))]
    badge: Option<u32>,
    org: String,
}

fn ada() -> User {
    User { id: "u1".into(), email: "ada".into(), badge: None, org: "o1".into() }
}

#[test]
fn a_new_item_takes_its_guards() {
    let db = db();
    insta::assert_snapshot!(token_out(shown(
        db.put(&User { badge: Some(7), ..ada() }).if_not_exists().to_request()
    )), @r##"
    {"TransactItems":[{"Put":{"TableName":"app","Item":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"},"id":{"S":"u1"},"email":{"S":"ada"},"badge":{"N":"7"},"org":{"S":"o1"}},"ConditionExpression":"attribute_not_exists(#n0)","ExpressionAttributeNames":{"#n0":"pk"}}},
    {"Put":{"TableName":"app","Item":{"pk":{"S":"UNIQUE#User#email#ada"},"sk":{"S":"UNIQUE"},"unique_owner_pk":{"S":"USER#u1"},"unique_owner_sk":{"S":"PROFILE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}},
    {"Put":{"TableName":"app","Item":{"pk":{"S":"UNIQUE#User#badge#o1#7"},"sk":{"S":"UNIQUE"},"unique_owner_pk":{"S":"USER#u1"},"unique_owner_sk":{"S":"PROFILE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}}],
    "##);
}

#[test]
fn an_update_gives_the_old_guard_up() {
    let db = db();
    let update = db.update(User::key("u1")).set(User::EMAIL, "eve");
    insta::assert_snapshot!(token_out(shown(update.given(User::EMAIL, "ada").to_request())), @r##"
    {"TransactItems":[{"Update":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},"UpdateExpression":"SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1)","ConditionExpression":"#n0 = :v2","ExpressionAttributeNames":{"#n0":"email","#n1":"id"},"ExpressionAttributeValues":{":v0":{"S":"eve"},":v1":{"S":"u1"},":v2":{"S":"ada"}}}},
    {"Delete":{"TableName":"app","Key":{"pk":{"S":"UNIQUE#User#email#ada"},"sk":{"S":"UNIQUE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}},
    {"Put":{"TableName":"app","Item":{"pk":{"S":"UNIQUE#User#email#eve"},"sk":{"S":"UNIQUE"},"unique_owner_pk":{"S":"USER#u1"},"unique_owner_sk":{"S":"PROFILE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}}],
    "##);
    let moved = db.update(&User { badge: Some(7), ..ada() }).set(User::ORG, "o2");
    insta::assert_snapshot!(token_out(shown(moved.to_request())), @r##"
    {"TransactItems":[{"Update":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},"UpdateExpression":"SET #n0 = :v0","ConditionExpression":"attribute_exists(#n1) AND #n2 = :v1 AND #n0 = :v2","ReturnValuesOnConditionCheckFailure":"ALL_OLD","ExpressionAttributeNames":{"#n0":"org","#n1":"pk","#n2":"badge"},"ExpressionAttributeValues":{":v0":{"S":"o2"},":v1":{"N":"7"},":v2":{"S":"o1"}}}},
    {"Delete":{"TableName":"app","Key":{"pk":{"S":"UNIQUE#User#badge#o1#7"},"sk":{"S":"UNIQUE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}},
    {"Put":{"TableName":"app","Item":{"pk":{"S":"UNIQUE#User#badge#o2#7"},"sk":{"S":"UNIQUE"},"unique_owner_pk":{"S":"USER#u1"},"unique_owner_sk":{"S":"PROFILE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}}],
    "##);
}

#[test]
fn a_delete_of_an_item_gives_its_guards_up() {
    let db = db();
    insta::assert_snapshot!(token_out(shown(db.delete(&ada()).to_request())), @r##"
    {"TransactItems":[{"Delete":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},"ConditionExpression":"#n0 = :v0 AND attribute_not_exists(#n1) AND #n2 = :v1","ReturnValuesOnConditionCheckFailure":"ALL_OLD","ExpressionAttributeNames":{"#n0":"email","#n1":"badge","#n2":"org"},"ExpressionAttributeValues":{":v0":{"S":"ada"},":v1":{"S":"o1"}}}},
    {"Delete":{"TableName":"app","Key":{"pk":{"S":"UNIQUE#User#email#ada"},"sk":{"S":"UNIQUE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u1"},":v1":{"S":"PROFILE"}}}}],
    "##);
}

#[test]
fn what_two_operations_do_to_one_guard_is_one_operation() {
    let db = db();
    let request = db
        .transact_write()
        .delete(Delete::new(&ada()))
        .put(Put::new(&User { id: "u2".into(), ..ada() }).if_not_exists())
        .token("t");
    insta::assert_snapshot!(shown(request.to_request()), @r##"
    {"TransactItems":[{"Delete":{"TableName":"app","Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},"ConditionExpression":"#n0 = :v0 AND attribute_not_exists(#n1) AND #n2 = :v1","ReturnValuesOnConditionCheckFailure":"ALL_OLD","ExpressionAttributeNames":{"#n0":"email","#n1":"badge","#n2":"org"},"ExpressionAttributeValues":{":v0":{"S":"ada"},":v1":{"S":"o1"}}}},
    {"Put":{"TableName":"app","Item":{"pk":{"S":"USER#u2"},"sk":{"S":"PROFILE"},"id":{"S":"u2"},"email":{"S":"ada"},"org":{"S":"o1"}},"ConditionExpression":"attribute_not_exists(#n0)","ExpressionAttributeNames":{"#n0":"pk"}}},
    {"Put":{"TableName":"app","Item":{"pk":{"S":"UNIQUE#User#email#ada"},"sk":{"S":"UNIQUE"},"unique_owner_pk":{"S":"USER#u2"},"unique_owner_sk":{"S":"PROFILE"}},"ConditionExpression":"attribute_not_exists(#n0) OR (#n1 = :v0 AND #n2 = :v1) OR (#n1 = :v2 AND #n2 = :v3)","ExpressionAttributeNames":{"#n0":"pk","#n1":"unique_owner_pk","#n2":"unique_owner_sk"},"ExpressionAttributeValues":{":v0":{"S":"USER#u2"},":v1":{"S":"PROFILE"},":v2":{"S":"USER#u1"},":v3":{"S":"PROFILE"}}}}],
    "ClientRequestToken":"t"}
    "##);
}

#[test]
fn a_value_that_stays_needs_no_transaction() {
    let db = db();
    let update = db.update(User::key("u1")).set(User::EMAIL, "ada").given(User::EMAIL, "ada");
    insta::assert_snapshot!(shown(update.to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1)",
    "ConditionExpression":"#n0 = :v2",
    "ExpressionAttributeNames":{"#n0":"email","#n1":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"ada"},":v1":{"S":"u1"},":v2":{"S":"ada"}}}
    "##);
}

#[test]
fn what_needs_a_read_first_is_not_shown() {
    let db = db();
    insta::assert_snapshot!(refused(db.put(&ada()).to_request()), @r#"PutItem on "app": what attribute `email` was is not known, and its guard is found by it: tell it by `.given(..)`, write the item as it was read, or put a new item by `if_not_exists`"#);
    insta::assert_snapshot!(refused(db.update(User::key("u1")).set(User::EMAIL, "eve").to_request()), @r#"UpdateItem on "app": what attribute `email` was is not known, and its guard is found by it: tell it by `.given(..)`, write the item as it was read, or put a new item by `if_not_exists`"#);
    insta::assert_snapshot!(refused(db.update(User::key("u1")).set(User::ORG, "o2").to_request()), @r#"UpdateItem on "app": what attribute `badge` was is not known, and its guard is found by it: tell it by `.given(..)`, write the item as it was read, or put a new item by `if_not_exists`"#);
    insta::assert_snapshot!(refused(db.delete(User::key("u1")).to_request()), @r#"DeleteItem on "app": what attribute `email` was is not known, and its guard is found by it: tell it by `.given(..)`, write the item as it was read, or put a new item by `if_not_exists`"#);
    insta::assert_snapshot!(refused(db.transact_write().delete(User::key("u2")).to_request()), @"TransactWriteItems: operation 0: what attribute `email` was is not known, and its guard is found by it: tell it by `.given(..)`, write the item as it was read, or put a new item by `if_not_exists`");
}

#[test]
fn what_leaves_no_guard_right_is_refused() {
    let db = db();
    let of = |id: &str| Put::new(&User { id: id.into(), ..ada() }).if_not_exists();
    insta::assert_snapshot!(db.transact_write().put(of("u1")).put(of("u2")).to_request().unwrap_err(), @"TransactWriteItems: operation 1: another item has the same value of unique attribute `email`");
    let many = (0..51)
        .map(|nth| Put::new(&User { id: nth.to_string(), email: nth.to_string(), ..ada() }).if_not_exists());
    insta::assert_snapshot!(refused(many.fold(db.transact_write(), |all, put| all.put(put)).to_request()), @"TransactWriteItems: the transaction has 51 operations and 51 guards of unique attributes, it takes 100 together");
    insta::assert_snapshot!(refused(db.update(&ada()).set(User::EMAIL, User::ORG).to_request()), @r#"UpdateItem on "app": attribute `email` is unique, or what another is unique within: set it to a value or remove it, so that its guard can follow"#);
    insta::assert_snapshot!(refused(db.update(&ada()).set_if_absent(User::BADGE, 1_u32).to_request()), @r#"UpdateItem on "app": attribute `badge` is unique, or what another is unique within: set it to a value or remove it, so that its guard can follow"#);
    insta::assert_snapshot!(refused(db.put(&User { email: "x".repeat(3_000), ..ada() }).if_not_exists().to_request()), @r#"PutItem on "app": unique attribute `email` makes a guard's key of 3,018 bytes, the limit is 2,048 bytes"#);
    insta::assert_snapshot!(refused(db.update(&ada()).set(User::EMAIL, "e").given(User::EMAIL, "a").given(User::EMAIL, "b").to_request()), @r#"UpdateItem on "app": attribute `email` is given twice"#);
    insta::assert_snapshot!(refused(db.batch_write().put(&ada()).to_requests()), @"BatchWriteItem: operation 0: a batch cannot keep the guards of the unique attributes of `User`: use transactions");
}

/// Without the token, which is another each time.
fn token_out(shown: String) -> String {
    let at = shown.find("\"ClientRequestToken\"").unwrap();
    shown[..at].to_owned()
}
