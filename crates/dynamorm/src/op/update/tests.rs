//! Updates as they are sent, and what is refused.

use crate::op::test_models::*;
use crate::{Attr, Document, Model, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

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
fn a_time_to_live_is_removed_and_not_set_anew() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(Lease::key("l1")).remove(Lease::EXPIRES).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"LEASE#l1"}},
    "UpdateExpression":"REMOVE #n0",
    "ConditionExpression":"attribute_exists(#n1)",
    "ExpressionAttributeNames":{"#n0":"expires","#n1":"pk"}}
    "##);
    let expires = Account::KEPT.dot(Kept::EXPIRES);
    insta::assert_snapshot!(shown(db.update(Account::key("a1")).remove(expires).if_exists().to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"ACCOUNT#a1"},"sk":{"S":"ACCOUNT"}},
    "UpdateExpression":"SET #n2 = :v1 REMOVE #n0 ADD #n1 :v0",
    "ConditionExpression":"attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"expires","#n1":"version","#n2":"updated","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"S":"2026-09-21T14:13:20.000000000Z"}}}
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

#[derive(Debug, Clone, PartialEq, Document)]
struct Size {
    width: i64,
    depth: Option<i64>,
}

/// Documents, lists and maps to go into.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "BOX#{id}")]
#[dynamorm(index = "by-owner", pk = owner)]
struct Crate {
    id: String,
    owner: String,
    weight: Option<i64>,
    tare: i64,
    size: Size,
    stops: Vec<String>,
    seals: Option<Vec<Size>>,
    labels: BTreeMap<String, Option<String>>,
    groups: BTreeMap<String, BTreeSet<String>>,
    photo: Vec<u8>,
}

#[test]
fn what_is_inside_an_attribute_is_changed_by_its_path() {
    let db = db();
    let update = || db.update(Crate::key("b1")).if_exists();
    insta::assert_snapshot!(shown(update().set(Crate::SIZE.dot(Size::WIDTH), 7).set(Crate::SIZE.dot(Size::DEPTH), None).set(Crate::STOPS.at(0), "Rome").remove(Crate::STOPS.at(2)).remove(Crate::LABELS.key("a.b")).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0.#n1 = :v0, #n3[0] = :v1 REMOVE #n0.#n2, #n3[2], #n4.#n5",
    "ConditionExpression":"attribute_exists(#n6)",
    "ExpressionAttributeNames":{"#n0":"size","#n1":"width","#n2":"depth","#n3":"stops","#n4":"labels","#n5":"a.b","#n6":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"7"},":v1":{"S":"Rome"}}}
    "##);
    insta::assert_snapshot!(shown(update().add(Crate::SIZE.dot(Size::WIDTH), 7).add(Crate::GROUPS.key("a"), BTreeSet::from(["x".to_owned()])).delete(Crate::GROUPS.key("b"), BTreeSet::from(["x".to_owned()])).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"ADD #n0.#n1 :v0, #n2.#n3 :v1 DELETE #n2.#n4 :v2",
    "ConditionExpression":"attribute_exists(#n5)",
    "ExpressionAttributeNames":{"#n0":"size","#n1":"width","#n2":"groups","#n3":"a","#n4":"b","#n5":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"7"},":v1":{"SS":["x"]},":v2":{"SS":["x"]}}}
    "##);
    insta::assert_snapshot!(shown(update().set(Crate::SIZE, Size { width: 1, depth: None }).set(Crate::SEALS.at(1).dot(Size::DEPTH), 4).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0 = :v0, #n1[1].#n2 = :v1",
    "ConditionExpression":"attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"size","#n1":"seals","#n2":"depth","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"M":{"width":{"N":"1"}}},":v1":{"N":"4"}}}
    "##);
}

#[test]
fn nothing_is_absent_in_a_list_or_a_map() {
    let db = db();
    let update = || db.update(Crate::key("b1")).if_exists();
    insta::assert_snapshot!(shown(update().set(Crate::LABELS.key("a"), None).set_if_absent(Crate::LABELS.key("b"), None).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0.#n1 = :v0, #n0.#n2 = if_not_exists(#n0.#n2, :v1)",
    "ConditionExpression":"attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"labels","#n1":"a","#n2":"b","#n3":"pk"},
    "ExpressionAttributeValues":{":v0":{"NULL":true},":v1":{"NULL":true}}}
    "##);
    let empty = update().set(Crate::GROUPS.key("a"), BTreeSet::new()).to_request().unwrap_err();
    assert_eq!(
        empty.to_string(),
        "UpdateItem on \"app\": attribute `groups.a` is an empty set, which DynamoDB does not have"
    );
}

#[test]
fn a_calculation_takes_attributes_values_and_defaults() {
    let db = db();
    let update = || db.update(Crate::key("b1")).if_exists();
    insta::assert_snapshot!(shown(update().set(Crate::TARE, Crate::TARE.plus(Crate::SIZE.dot(Size::WIDTH))).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0 = #n0 + #n1.#n2",
    "ConditionExpression":"attribute_exists(#n3)",
    "ExpressionAttributeNames":{"#n0":"tare","#n1":"size","#n2":"width","#n3":"pk"}}
    "##);
    insta::assert_snapshot!(shown(update().set(Crate::WEIGHT, Crate::WEIGHT.or_if_absent(0).minus(Crate::TARE)).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0 = if_not_exists(#n0, :v0) - #n1",
    "ConditionExpression":"attribute_exists(#n2)",
    "ExpressionAttributeNames":{"#n0":"weight","#n1":"tare","#n2":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"0"}}}
    "##);
    insta::assert_snapshot!(shown(update().set(Crate::TARE, Crate::WEIGHT.or_if_absent(Crate::TARE).plus(Crate::SIZE.dot(Size::DEPTH).or_if_absent(1))).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n1 = if_not_exists(#n0, #n1) + if_not_exists(#n2.#n3, :v0)",
    "ConditionExpression":"attribute_exists(#n4)",
    "ExpressionAttributeNames":{"#n0":"weight","#n1":"tare","#n2":"size","#n3":"depth","#n4":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1"}}}
    "##);
    insta::assert_snapshot!(shown(update().set(Crate::SIZE.dot(Size::WIDTH), Crate::SIZE.dot(Size::WIDTH).minus(1)).set(Crate::TARE, Crate::WEIGHT).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0.#n1 = #n0.#n1 - :v0, #n3 = #n2",
    "ConditionExpression":"attribute_exists(#n4)",
    "ExpressionAttributeNames":{"#n0":"size","#n1":"width","#n2":"weight","#n3":"tare","#n4":"pk"},
    "ExpressionAttributeValues":{":v0":{"N":"1"}}}
    "##);
}

#[test]
fn an_absent_attribute_alone_is_set() {
    let db = db();
    insta::assert_snapshot!(shown(db.update(Crate::key("b1")).set_if_absent(Crate::WEIGHT, 7).set_if_absent(Crate::SIZE.dot(Size::DEPTH), 1).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0 = if_not_exists(#n0, :v0), #n1.#n2 = if_not_exists(#n1.#n2, :v1), #n3 = if_not_exists(#n3, :v2)",
    "ExpressionAttributeNames":{"#n0":"weight","#n1":"size","#n2":"depth","#n3":"id"},
    "ExpressionAttributeValues":{":v0":{"N":"7"},":v1":{"N":"1"},":v2":{"S":"b1"}}}
    "##);
}

#[test]
fn a_list_grows_at_both_ends_although_it_is_missing() {
    let db = db();
    let update = || db.update(Crate::key("b1")).if_exists();
    insta::assert_snapshot!(shown(update().append(Crate::STOPS, ["Rome", "Oslo"]).prepend(Crate::SEALS, [Size { width: 1, depth: None }]).to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"BOX#b1"}},
    "UpdateExpression":"SET #n0 = list_append(if_not_exists(#n0, :v0), :v1), #n1 = list_append(:v2, if_not_exists(#n1, :v3))",
    "ConditionExpression":"attribute_exists(#n2)",
    "ExpressionAttributeNames":{"#n0":"stops","#n1":"seals","#n2":"pk"},
    "ExpressionAttributeValues":{":v0":{"L":[]},":v1":{"L":[{"S":"Rome"},
    {"S":"Oslo"}]},":v2":{"L":[{"M":{"width":{"N":"1"}}}]},":v3":{"L":[]}}}
    "##);
}

#[test]
fn a_change_that_cannot_be_right_is_refused() {
    let db = db();
    let update = || db.update(Crate::key("b1"));
    insta::assert_snapshot!(refused(update().set(Crate::SIZE.dot(Size::WIDTH), 1).set(Crate::SIZE, Size { width: 1, depth: None }).to_request()), @r#"UpdateItem on "app": the update changes `size.width` and `size`, of which one is inside of the other"#);
    insta::assert_snapshot!(refused(update().remove(Crate::SEALS.at(0)).set(Crate::SEALS.at(0).dot(Size::WIDTH), 1).to_request()), @r#"UpdateItem on "app": the update changes `seals[0]` and `seals[0].width`, of which one is inside of the other"#);
    insta::assert_snapshot!(refused(update().set(Crate::STOPS.at(1), "a").remove(Crate::STOPS.at(1)).to_request()), @r#"UpdateItem on "app": the update changes attribute `stops[1]` twice"#);
    insta::assert_snapshot!(refused(update().set_if_absent(Crate::OWNER, "").to_request()), @r#"UpdateItem on "app": attribute `owner` is empty, and DynamoDB keys must not be"#);
    let absent = update().set_if_absent(Crate::WEIGHT, None).to_request().unwrap_err();
    assert_eq!(
        absent.to_string(),
        "UpdateItem on \"app\": attribute `weight` is given an absent value, which only `set` takes: leave the call out"
    );
    let bytes = update().append(Crate::PHOTO, [1]).to_request().unwrap_err();
    assert_eq!(
        bytes.to_string(),
        "UpdateItem on \"app\": attribute `photo` holds bytes, which nothing is appended to: use `set`"
    );
    let long = (0..400).fold(update(), |update, nth| update.set(Crate::STOPS.at(nth), "x"));
    insta::assert_snapshot!(refused(long.to_request()), @r#"UpdateItem on "app": UpdateExpression is 7015 bytes, the limit is 4096 bytes"#);
}
