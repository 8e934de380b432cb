//! What is sent to the shards of a partition. Reading them back is in `tests/shards.rs` and in the matrix.

use crate::op::test_models::*;

#[test]
fn a_partition_with_shards_is_asked_for_each_unless_the_sort_key_tells_one() {
    let db = db();
    let web = || Entry::PRIMARY_KEY.partition("web");
    insta::assert_snapshot!(shown(db.query::<Entry>().key(web()).to_request()), @r##"
    {"TableName":"log",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "Limit":1024,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"LOG#web#000"},":v1":{"S":"AT#"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Entry>().key(web().between(7, 9)).limit(20).consistent_read().to_request()), @r##"
    {"TableName":"log",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 BETWEEN :v1 AND :v2",
    "Limit":4,
    "ConsistentRead":true,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"LOG#web#000"},":v1":{"S":"AT#00007"},":v2":{"S":"AT#00009"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Entry>().key(web().eq(7)).limit(20).to_request()), @r##"
    {"TableName":"log",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "Limit":20,
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"LOG#web#002"},":v1":{"S":"AT#00007"}}}
    "##);
    insta::assert_snapshot!(shown(db.query::<Entry>().key(web().eq(700)).to_request()), @r##"
    {"TableName":"log",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"LOG#web#012"},":v1":{"S":"AT#00700"}}}
    "##);
}

#[test]
fn a_key_is_written_with_the_shard_that_its_sort_key_tells() {
    let db = db();
    let entry = Entry { topic: "web".into(), at: 7, text: "x".into() };
    insta::assert_snapshot!(shown(db.put(&entry).to_request()), @r##"
    {"TableName":"log",
    "Item":{"pk":{"S":"LOG#web#002"},"sk":{"S":"AT#00007"},"topic":{"S":"web"},"at":{"N":"7"},"text":{"S":"x"}}}
    "##);
    insta::assert_snapshot!(shown(db.get(&entry).to_request()), @r##"
    {"TableName":"log",
    "Key":{"pk":{"S":"LOG#web#002"},"sk":{"S":"AT#00007"}}}
    "##);
    insta::assert_snapshot!(shown(db.update(Entry::key("web", 700)).set(Entry::TEXT, "x").to_request()), @r##"
    {"TableName":"log",
    "Key":{"pk":{"S":"LOG#web#012"},"sk":{"S":"AT#00700"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1), #n2 = if_not_exists(#n2, :v2)",
    "ExpressionAttributeNames":{"#n0":"text","#n1":"topic","#n2":"at"},
    "ExpressionAttributeValues":{":v0":{"S":"x"},":v1":{"S":"web"},":v2":{"N":"700"}}}
    "##);
    insta::assert_snapshot!(shown(db.scan::<Entry>().to_request()), @r##"
    {"TableName":"log",
    "FilterExpression":"begins_with(#n0, :v0) AND begins_with(#n1, :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"LOG#"},":v1":{"S":"AT#"}}}
    "##);
}

#[test]
fn what_cannot_be_right_of_shards_is_refused() {
    let db = db();
    let raw = crate::KeyCondition::raw("pk = :p", [(":p", "LOG#web#003")]);
    insta::assert_snapshot!(refused(db.query::<Entry>().key(raw).to_request()), @r##"Query on "log": `Entry` is spread over shards, and a raw key condition names one of them: write `Entry::PRIMARY_KEY.partition(..)`"##);
    let long = "x".repeat(2_048 - "LOG##000".len() + 1);
    let error = db.get(Entry::key(long, 7)).to_request().unwrap_err();
    insta::assert_snapshot!(error.to_string(), @r##"GetItem on "log": attribute `pk` is 2,045 bytes, the limit for this key is 2,044 bytes"##);
    insta::assert_snapshot!(refused(db.query::<Entry>().key(Entry::PRIMARY_KEY.partition("web")).limit(0).to_request()), @r##"Query on "log": the limit is 0, it must be 1 or more"##);
}
