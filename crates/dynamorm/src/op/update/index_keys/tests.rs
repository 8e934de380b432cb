//! Index keys in updates: from what they are made, what is demanded for it, and what is refused.

use crate::op::test_models::*;
use crate::{Model, Update};

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
fn a_given_value_helps_to_make_an_index_key_and_is_checked() {
    let db = db();
    let update = || db.update(Order::key("u1", 7_u16)).set(Order::STATUS, "paid").if_exists();
    insta::assert_snapshot!(shown(update().given(Order::REGION, "eu").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1",
    "ConditionExpression":"#n2 = :v2 AND attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"by_status","#n2":"region","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"},":v1":{"S":"STATUS#paid#eu"},":v2":{"S":"eu"}}}
    "##);
    insta::assert_snapshot!(shown(update().given(Order::REGION, None).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0 REMOVE #n1",
    "ConditionExpression":"attribute_not_exists(#n2) AND attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"by_status","#n2":"region","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"}}}
    "##);
}

#[test]
fn the_item_as_it_was_read_helps_to_make_an_index_key_and_is_checked_where_it_is_used() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(&order()).set(Order::STATUS, "paid").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1",
    "ConditionExpression":"#n2 = :v2 AND attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"by_status","#n2":"region","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"},":v1":{"S":"STATUS#paid#eu"},":v2":{"S":"eu"}}}
    "##);
    let nowhere = Order { region: None, ..order() };
    insta::assert_snapshot!(shown(db.update(&nowhere).set(Order::STATUS, "paid").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0 REMOVE #n1",
    "ConditionExpression":"attribute_not_exists(#n2) AND attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"by_status","#n2":"region","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"}}}
    "##);
    // What is given counts before what was read.
    insta::assert_snapshot!(shown(db.update(&nowhere).set(Order::STATUS, "paid").given(Order::REGION, "us").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1",
    "ConditionExpression":"#n2 = :v2 AND attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"by_status","#n2":"region","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"},":v1":{"S":"STATUS#paid#us"},":v2":{"S":"us"}}}
    "##);
}

/// A key of two parts, and a version.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "TASK#{id}")]
#[dynamorm(index = "by-status", pk = "{status}#{owner}")]
struct Task {
    id: String,
    status: String,
    owner: String,
    #[dynamorm(version)]
    version: u64,
}

fn task(version: u64) -> Task {
    Task { id: "t1".into(), status: "open".into(), owner: "ada".into(), version }
}

#[test]
fn a_version_says_that_the_item_is_as_it_was_read() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(&task(7)).set(Task::STATUS, "done").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"TASK#t1"}},
    "UpdateExpression":"SET #n0 = :v0, #n2 = :v2 ADD #n1 :v1",
    "ConditionExpression":"#n1 = :v3",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"version","#n2":"by-status_pk"},
    "ExpressionAttributeValues":{":v0":{"S":"done"},":v1":{"N":"1"},":v2":{"S":"done#ada"},":v3":{"N":"7"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(&task(0)).set(Task::STATUS, "done").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"TASK#t1"}},
    "UpdateExpression":"SET #n0 = :v0, #n2 = :v2 ADD #n1 :v1",
    "ConditionExpression":"#n3 = :v3 AND attribute_exists(#n4) AND attribute_not_exists(#n1)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"version","#n2":"by-status_pk","#n3":"owner","#n4":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"done"},":v1":{"N":"1"},":v2":{"S":"done#ada"},":v3":{"S":"ada"}}}
    "##);
}

#[test]
fn a_difference_makes_index_keys_anew() {
    let db = db();
    let paid = Order { status: "paid".into(), total: 80, ..order() };
    insta::assert_snapshot!(shown(paid.changes_from(&order()).on(&db).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"USER#u1"},"sk":{"S":"ORDER#00007"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1, #n2 = :v2",
    "ConditionExpression":"#n3 = :v3 AND attribute_exists(#n4)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"total","#n2":"by_status","#n3":"region","#n4":"pk"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"},":v1":{"N":"80"},":v2":{"S":"STATUS#paid#eu"},":v3":{"S":"eu"}}}
    "##);
}

#[test]
fn an_index_key_that_would_go_stale_is_refused() {
    let db = db();
    let update = || db.update(Order::key("u1", 7_u16));
    insta::assert_snapshot!(refused(db.update(Order::key("u1", 7_u16)).set(Order::STATUS, "paid").to_request()), @r#"UpdateItem on "app": the key of index "by-status" is also made of `region`: set it in the same update, tell it by `.given(..)`, or update the item as it was read, or the index would go stale"#);
    insta::assert_snapshot!(refused(db.update(Order::key("u1", 7_u16)).set(Order::STATUS, Order::STATUS.or_if_absent("paid")).set(Order::REGION, "us".to_owned()).to_request()), @r#"UpdateItem on "app": attribute `status` is in the key of index "by-status": set it to a value, so that the key can be made anew"#);
    insta::assert_snapshot!(refused(update().set(Order::STATUS, "paid").given(Order::STATUS, "open").to_request()), @r#"UpdateItem on "app": the update changes attribute `status`, and `given` is for those that it leaves as they are"#);
    insta::assert_snapshot!(refused(update().set(Order::TOTAL, 1).given(Order::STATUS, "open").given(Order::STATUS, "done").to_request()), @r#"UpdateItem on "app": attribute `status` is given twice"#);
    let detached =
        Update::new(Order::key("u1", 7_u16)).set(Order::STATUS, "x".repeat(2_040)).given(Order::REGION, "eu");
    insta::assert_snapshot!(refused(detached.on(&db).to_request()), @r#"UpdateItem on "app": attribute `by_status` is 2,050 bytes, the limit for this key is 2,048 bytes"#);
}

#[test]
fn an_index_key_that_the_primary_key_tells_has_the_limit_of_its_place() {
    #[derive(Model)]
    #[dynamorm(table = "app", pk = "SHOP#{id}")]
    #[dynamorm(index = "by-city", pk = city, sk = id)]
    struct Shop {
        id: String,
        city: String,
        name: String,
    }
    let (db, id) = (db(), "x".repeat(1_025));
    let rename = || db.update(Shop::key(&*id)).set(Shop::NAME, "Ada's");
    insta::assert_snapshot!(refused(rename().to_request()), @r#"UpdateItem on "app": attribute `id` is 1,025 bytes, the limit for this key is 1,024 bytes"#);
    // An item that exists has it already.
    assert!(rename().if_exists().to_request().is_ok());
}
