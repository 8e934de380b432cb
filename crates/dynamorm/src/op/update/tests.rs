//! Updates as they are sent, and what is refused.

use super::*;
use crate::op::test_models::*;
use std::collections::BTreeSet;

#[test]
fn each_verb_has_its_clause() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(User::key("u1")).set(User::NAME, "Ada").add(User::CREDITS, -7).remove(User::NICKNAME).delete(User::TAGS, BTreeSet::from(["a".to_owned()])).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = :v0 REMOVE #n2 ADD #n1 :v1 DELETE #n3 :v2",
    "ConditionExpression":"attribute_exists(#n4)",
    "ExpressionAttributeNames":{"#n0":"name","#n1":"credits","#n2":"nickname","#n3":"tags","#n4":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"Ada"},":v1":{"N":"-7"},":v2":{"SS":["a"]}}}
    "##);
}

#[test]
fn a_calculation_is_made_by_dynamodb() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.minus(7)).set(User::NAME, User::NAME.or_if_absent("Ada")).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = #n0 - :v0, #n1 = if_not_exists(#n1, :v1), #n2 = if_not_exists(#n2, :v2)",
    "ExpressionAttributeNames":{"#n0":"credits","#n1":"name","#n2":"id"},
    "ExpressionAttributeValues":{":v0":{"N":"7"},":v1":{"S":"Ada"},":v2":{"S":"u1"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.plus(7)).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = #n0 + :v0, #n1 = if_not_exists(#n1, :v1)",
    "ExpressionAttributeNames":{"#n0":"credits","#n1":"id"},
    "ExpressionAttributeValues":{":v0":{"N":"7"},":v1":{"S":"u1"}}}
    "##);
}

#[test]
fn an_item_that_the_update_makes_has_the_attributes_of_its_key() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(User::key("u1")).set(User::CREDITS, 1).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1)",
    "ExpressionAttributeNames":{"#n0":"credits","#n1":"id"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"S":"u1"}}}
    "##);
}

#[test]
fn with_the_item_it_must_be_stored_still() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(&user()).set(User::CREDITS, 1).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = :v0",
    "ConditionExpression":"attribute_exists(#n1)",
    "ExpressionAttributeNames":{"#n0":"credits","#n1":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(&account(0)).set(Account::BALANCE, 1).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
    "UpdateExpression":"SET #n0 = :v0, #n2 = :v2, #n3 = :v3 ADD #n1 :v1",
    "ConditionExpression":"attribute_exists(#n4) AND attribute_not_exists(#n1)",
    "ExpressionAttributeNames":{"#n0":"balance","#n1":"version","#n2":"updated","#n3":"expires","#n4":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"1"},":v2":{"S":"2026-09-21T14:13:20.000000000Z"},":v3":{"N":"1790086400"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(&account(7)).set(Account::BALANCE, 1).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
    "UpdateExpression":"SET #n0 = :v0, #n2 = :v2, #n3 = :v3 ADD #n1 :v1",
    "ConditionExpression":"#n1 = :v4",
    "ExpressionAttributeNames":{"#n0":"balance","#n1":"version","#n2":"updated","#n3":"expires"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"1"},":v2":{"S":"2026-09-21T14:13:20.000000000Z"},":v3":{"N":"1790086400"},":v4":{"N":"7"}}}
    "##);
}

#[test]
fn an_absent_value_is_removed() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(User::key("u1")).set(User::NICKNAME, None).set(User::TAGS, BTreeSet::new()).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"REMOVE #n0, #n1",
    "ConditionExpression":"attribute_exists(#n2)",
    "ExpressionAttributeNames":{"#n0":"nickname","#n1":"tags","#n2":"pk"}}
    "##);
}

#[test]
fn conditions_must_all_hold() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(User::key("u1")).add(User::CREDITS, 1).condition(User::CREDITS.ge(7)).condition(User::NAME.exists()).if_exists().returning_old_on_failure().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"ADD #n0 :v0",
    "ConditionExpression":"#n0 >= :v1 AND attribute_exists(#n1) AND attribute_exists(#n2)",
    "ReturnValuesOnConditionCheckFailure":"ALL_OLD",
    "ExpressionAttributeNames":{"#n0":"credits","#n1":"name","#n2":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"7"}}}
    "##);
}

#[test]
fn an_update_that_cannot_be_right_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.update(User::key("u1")).to_request()), @r#"UpdateItem on "app": the update changes nothing: call `set`, `add`, `remove` or `delete`"#);
    insta::assert_snapshot!(refused(db.update(User::key("u1")).set(User::NAME, "a").add(User::CREDITS, 1).set(User::NAME, "b").to_request()), @r#"UpdateItem on "app": the update changes attribute `name` twice"#);
    insta::assert_snapshot!(refused(db.update(User::key("")).set(User::NAME, "a").to_request()), @r#"UpdateItem on "app": attribute `id` is empty, and DynamoDB keys must not be"#);
    insta::assert_snapshot!(refused(db.update(Homeless::key("h1")).add(Attr::<Homeless, i64>::new("n"), 1).to_request()), @r#"UpdateItem: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    let absent = db.update(User::key("u1")).add(User::TAGS, BTreeSet::new()).to_request().unwrap_err();
    assert_eq!(
        absent.to_string(),
        "UpdateItem on \"app\": attribute `tags` is given an absent value, which only `set` takes: leave the call out"
    );
}

#[test]
fn no_value_is_shown() {
    let db = db();
    let shown = format!(
        "{:?}",
        db.update(User::key(SECRET)).set(User::NAME, SECRET).condition(User::NAME.eq(SECRET))
    );
    assert!(!shown.contains(SECRET), "{shown}");
    let shown = format!("{:?}", User::NAME.or_if_absent(SECRET));
    assert!(!shown.contains(SECRET), "{shown}");
    let shown = format!("{:?}", crate::expr::EncodedValue::of(&SECRET.to_owned()));
    assert!(!shown.contains(SECRET), "{shown}");
}

#[test]
fn a_time_to_live_may_be_a_span_from_the_write() {
    let db = db();
    let hour = std::time::Duration::from_secs(3_600);
    insta::assert_snapshot!(shown(db.update(Lease::key("l1")).set(Lease::EXPIRES, hour).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"LEASE#l1"}},
    "UpdateExpression":"SET #n0 = :v0",
    "ConditionExpression":"attribute_exists(#n1)",
    "ExpressionAttributeNames":{"#n0":"expires","#n1":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1790003600"}}}
    "##);
}

#[test]
fn a_difference_is_set_or_removed_and_nothing_else() {
    let db = db();
    let before = User { nickname: Some("Ada".into()), ..user() };
    let after = User { name: "Ada Lovelace".into(), nickname: None, ..user() };
    insta::assert_snapshot!(shown(after.changes_from(&before).on(&db).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"SET #n0 = :v0 REMOVE #n1",
    "ConditionExpression":"attribute_exists(#n2)",
    "ExpressionAttributeNames":{"#n0":"name","#n1":"nickname","#n2":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"Ada Lovelace"}}}
    "##);
    let mut paid = account(7);
    paid.balance = 6;
    paid.kept.created = Timestamp::from_epoch_seconds(1);
    insta::assert_snapshot!(shown(paid.changes_from(&account(7)).on(&db).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1, #n3 = :v3, #n4 = :v4 ADD #n2 :v2",
    "ConditionExpression":"#n2 = :v5",
    "ExpressionAttributeNames":{"#n0":"balance","#n1":"created","#n2":"version","#n3":"updated","#n4":"expires"},
    "ExpressionAttributeValues":{":v0":{"N":"6"},":v1":{"S":"1970-01-01T00:00:01.000000000Z"},":v2":{"N":"1"},":v3":{"S":"2026-09-21T14:13:20.000000000Z"},":v4":{"N":"1790086400"},":v5":{"N":"7"}}}
    "##);
}

#[test]
fn no_difference_is_a_check_without_a_change() {
    let db = db();
    let update = account(7).changes_from(&account(7));
    assert!(update.is_empty());
    insta::assert_snapshot!(shown(update.on(&db).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
    "ConditionExpression":"#n0 = :v0",
    "ExpressionAttributeNames":{"#n0":"version"},
    "ExpressionAttributeValues":{":v0":{"N":"7"}}}
    "##);
    let transaction = db.transact_write().update(account(7).changes_from(&account(7))).token("t");
    insta::assert_snapshot!(shown(transaction.to_request()), @r##"
    {"TransactItems":[{"ConditionCheck":{"TableName":"app","Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},"ConditionExpression":"#n0 = :v0","ExpressionAttributeNames":{"#n0":"version"},"ExpressionAttributeValues":{":v0":{"N":"7"}}}}],
    "ClientRequestToken":"t"}
    "##);
}

#[test]
fn two_items_have_no_difference() {
    let db = db();
    let other = User { id: "u2".into(), ..user() };
    insta::assert_snapshot!(refused(other.changes_from(&user()).on(&db).to_request()), @r#"UpdateItem on "app": `changes_from` is given an item with another key, and a key never changes: put this item and delete the other"#);
}
