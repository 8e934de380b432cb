//! Updates as they are sent, the index keys in them, and what is refused.

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
fn an_item_that_the_update_makes_is_in_the_indexes_that_its_key_tells() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(Account::key("a1")).set(Account::BALANCE, 1).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
    "UpdateExpression":"SET #n0 = :v0, #n2 = if_not_exists(#n2, :v2), #n3 = :v3, #n4 = :v4, #n5 = if_not_exists(#n5, :v5), #n6 = if_not_exists(#n6, :v6), #n7 = if_not_exists(#n7, :v7) ADD #n1 :v1",
    "ExpressionAttributeNames":{"#n0":"balance","#n1":"version","#n2":"created","#n3":"updated","#n4":"expires","#n5":"all-accounts_pk","#n6":"all-accounts_sk","#n7":"id"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"1"},":v2":{"S":"2026-09-21T14:13:20.000000000Z"},":v3":{"S":"2026-09-21T14:13:20.000000000Z"},":v4":{"N":"1790086400"},":v5":{"S":"ACCOUNTS"},":v6":{"S":"a1"},":v7":{"S":"a1"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(Order::key("u1", 7_u16)).set(Order::TOTAL, 1).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1), #n2 = if_not_exists(#n2, :v2), #n3 = if_not_exists(#n3, :v3)",
    "ExpressionAttributeNames":{"#n0":"total","#n1":"by-status_sk","#n2":"customer","#n3":"number"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"S":"AT#00007"},":v2":{"S":"u1"},":v3":{"N":"7"}}}
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
fn an_index_key_is_made_anew() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(Order::key("u1", 7_u16)).set(Order::STATUS, "paid").set(Order::REGION, "us".to_owned()).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1, #n2 = :v2",
    "ConditionExpression":"attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"region","#n2":"by_status","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"},":v1":{"S":"us"},":v2":{"S":"STATUS#paid#us"}}}
    "##);
}

#[test]
fn an_item_leaves_the_index_whose_key_it_lacks() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(Order::key("u1", 7_u16)).set(Order::STATUS, "paid").remove(Order::REGION).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0 REMOVE #n1, #n2",
    "ConditionExpression":"attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"region","#n2":"by_status","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(User::key("u1")).set(User::EMAIL, "").if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"PROFILE"}},
    "UpdateExpression":"REMOVE #n0",
    "ConditionExpression":"attribute_exists(#n1)",
    "ExpressionAttributeNames":{"#n0":"email","#n1":"pk"}}
    "##);
}

#[test]
fn an_index_key_may_be_made_of_the_primary_key() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(Note::key("n1", 7_u64)).set(Note::TOPIC, "rust").to_request()), @r##"
    {"TableName":"notes",
    "Key":{"id":{"S":"n1"},"at":{"N":"7"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1",
    "ExpressionAttributeNames":{"#n0":"topic","#n1":"by-topic_pk"},
    "ExpressionAttributeValues":{":v0":{"S":"rust"},":v1":{"S":"TOPIC#rust#n1"}}}
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
    insta::assert_snapshot!(refused(db.update(Order::key("u1", 7_u16)).set(Order::STATUS, "paid").to_request()), @r#"UpdateItem on "app": the key of index "by-status" is also made of `region`: set it in the same update, or the index would go stale"#);
    insta::assert_snapshot!(refused(db.update(Order::key("u1", 7_u16)).set(Order::STATUS, Order::STATUS.or_if_absent("paid")).set(Order::REGION, "us".to_owned()).to_request()), @r#"UpdateItem on "app": attribute `status` is in the key of index "by-status": set it to a value, so that the key can be made anew"#);
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
