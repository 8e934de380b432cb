//! Requests of models with a tenant: where it stands in them, and what is refused.

use crate::op::test_models::{db, refused, shown};
use crate::{Check, Document, Get, KeyCondition, Model, Project, Put, Update};

#[derive(Debug, Clone, PartialEq, Eq, Hash, Document)]
struct Tenant(String);

/// The tenant leads every key.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "TENANT#{tenant_id}", sk = "USER#{id}")]
#[dynamorm(index = "by-status", pk = "TENANT#{tenant_id}#STATUS#{status}", sk = credits)]
struct User {
    #[dynamorm(tenant)]
    tenant_id: String,
    id: String,
    status: String,
    credits: i64,
}

/// The tenant is an attribute only, and of a type of one's own.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(index = "by-tenant", pk = (tenant, kind))]
#[dynamorm(index = "by-kind", pk = kind)]
struct Doc {
    id: String,
    #[dynamorm(tenant)]
    tenant: Tenant,
    kind: String,
}

#[derive(Debug, Project)]
#[dynamorm(of = Doc)]
struct Kind {
    #[allow(dead_code, reason = "only its name matters")]
    kind: String,
}

fn user() -> User {
    User { tenant_id: String::new(), id: "u1".into(), status: "open".into(), credits: 10 }
}

fn doc(tenant: &str) -> Doc {
    Doc { id: "d1".into(), tenant: Tenant(tenant.into()), kind: "k".into() }
}

#[test]
fn the_tenant_of_the_handle_stands_in_every_key() {
    let acme = db().tenant("acme#1");
    insta::assert_snapshot!(shown(acme.get(User::key("u1")).to_request()), @r#"
    {"TableName":"app",
    "Key":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"}}}
    "#);
    insta::assert_snapshot!(shown(acme.put(&user()).to_request()), @r#"
    {"TableName":"app",
    "Item":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"},"by-status_pk":{"S":"TENANT#acme%231#STATUS#open"},"tenant_id":{"S":"acme#1"},"id":{"S":"u1"},"status":{"S":"open"},"credits":{"N":"10"}}}
    "#);
    insta::assert_snapshot!(shown(acme.update(User::key("u1")).set(User::STATUS, "paid").to_request()), @r##"
    {"TableName":"app",
    "Key":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = :v1, #n2 = if_not_exists(#n2, :v2), #n3 = if_not_exists(#n3, :v3)",
    "ExpressionAttributeNames":{"#n0":"status","#n1":"by-status_pk","#n2":"tenant_id","#n3":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"paid"},":v1":{"S":"TENANT#acme%231#STATUS#paid"},":v2":{"S":"acme#1"},":v3":{"S":"u1"}}}
    "##);
    insta::assert_snapshot!(shown(acme.delete(User::key("u1")).to_request()), @r#"
    {"TableName":"app",
    "Key":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"}}}
    "#);
    insta::assert_snapshot!(shown(acme.query::<User>().key(User::PRIMARY_KEY.partition(())).to_request()), @r##"
    {"TableName":"app",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk"},
    "ExpressionAttributeValues":{":v0":{"S":"TENANT#acme%231"},":v1":{"S":"USER#"}}}
    "##);
    insta::assert_snapshot!(shown(acme.query::<User>().key(User::BY_STATUS_INDEX.partition("open").ge(5)).to_request()), @r##"
    {"TableName":"app",
    "IndexName":"by-status",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 >= :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"by-status_pk","#n1":"credits"},
    "ExpressionAttributeValues":{":v0":{"S":"TENANT#acme%231#STATUS#open"},":v1":{"N":"5"}}}
    "##);
    insta::assert_snapshot!(shown(acme.batch_get([User::key("u1")]).to_requests().map(|mut all| all.remove(0))), @r#"{"RequestItems":{"app":{"Keys":[{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"}}]}}}"#);
    insta::assert_snapshot!(shown(acme.batch_write().put(&user()).to_requests().map(|mut all| all.remove(0))), @r#"{"RequestItems":{"app":[{"PutRequest":{"Item":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"},"by-status_pk":{"S":"TENANT#acme%231#STATUS#open"},"tenant_id":{"S":"acme#1"},"id":{"S":"u1"},"status":{"S":"open"},"credits":{"N":"10"}}}}]}}"#);
    insta::assert_snapshot!(shown(acme.transact_get((User::key("u1"), Get::new(Doc::key("d1")).project::<Kind>())).to_request()), @r##"
    {"TransactItems":[{"Get":{"TableName":"app","Key":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"}}}},
    {"Get":{"TableName":"docs","Key":{"id":{"S":"d1"}},"ProjectionExpression":"#n0, #n1","ExpressionAttributeNames":{"#n0":"kind","#n1":"tenant"}}}]}
    "##);
    insta::assert_snapshot!(shown(acme.transact_write().put(Put::new(&user())).check(Check::new(User::key("u2"), User::CREDITS.ge(7))).token("t").to_request()), @r##"
    {"TransactItems":[{"Put":{"TableName":"app","Item":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u1"},"by-status_pk":{"S":"TENANT#acme%231#STATUS#open"},"tenant_id":{"S":"acme#1"},"id":{"S":"u1"},"status":{"S":"open"},"credits":{"N":"10"}}}},
    {"ConditionCheck":{"TableName":"app","Key":{"pk":{"S":"TENANT#acme%231"},"sk":{"S":"USER#u2"}},"ConditionExpression":"#n0 >= :v0","ExpressionAttributeNames":{"#n0":"credits"},"ExpressionAttributeValues":{":v0":{"N":"7"}}}}],
    "ClientRequestToken":"t"}
    "##);
}

#[test]
fn where_the_tenant_is_an_attribute_each_write_has_a_condition() {
    let acme = db().tenant("acme");
    insta::assert_snapshot!(shown(acme.get(Doc::key("d1")).project::<Kind>().to_request()), @r##"
    {"TableName":"docs",
    "Key":{"id":{"S":"d1"}},
    "ProjectionExpression":"#n0, #n1",
    "ExpressionAttributeNames":{"#n0":"kind","#n1":"tenant"}}
    "##);
    insta::assert_snapshot!(shown(acme.put(&doc("")).to_request()), @r##"
    {"TableName":"docs",
    "Item":{"id":{"S":"d1"},"tenant":{"S":"acme"},"kind":{"S":"k"}},
    "ConditionExpression":"attribute_not_exists(#n0) OR #n1 = :v0",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"tenant"},
    "ExpressionAttributeValues":{":v0":{"S":"acme"}}}
    "##);
    insta::assert_snapshot!(shown(acme.update(Doc::key("d1")).set(Doc::KIND, "k").to_request()), @r##"
    {"TableName":"docs",
    "Key":{"id":{"S":"d1"}},
    "UpdateExpression":"SET #n0 = :v0, #n1 = if_not_exists(#n1, :v1)",
    "ConditionExpression":"attribute_not_exists(#n2) OR #n1 = :v2",
    "ExpressionAttributeNames":{"#n0":"kind","#n1":"tenant","#n2":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"k"},":v1":{"S":"acme"},":v2":{"S":"acme"}}}
    "##);
    insta::assert_snapshot!(shown(acme.delete(Doc::key("d1")).condition(Doc::KIND.eq("k")).to_request()), @r##"
    {"TableName":"docs",
    "Key":{"id":{"S":"d1"}},
    "ConditionExpression":"#n0 = :v0 AND (attribute_not_exists(#n1) OR #n2 = :v1)",
    "ExpressionAttributeNames":{"#n0":"kind","#n1":"id","#n2":"tenant"},
    "ExpressionAttributeValues":{":v0":{"S":"k"},":v1":{"S":"acme"}}}
    "##);
    insta::assert_snapshot!(shown(acme.query::<Doc>().key(Doc::BY_TENANT_INDEX.partition("k")).to_request()), @r##"
    {"TableName":"docs",
    "IndexName":"by-tenant",
    "KeyConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"tenant","#n1":"kind"},
    "ExpressionAttributeValues":{":v0":{"S":"acme"},":v1":{"S":"k"}}}
    "##);
}

#[test]
fn what_is_of_another_tenant_is_refused_before_it_is_sent() {
    let acme = db().tenant("acme");
    insta::assert_snapshot!(refused(acme.put(&User { tenant_id: "umbrella".into(), ..user() }).to_request()), @r#"PutItem on "app": attribute `tenant_id` is of another tenant than the handle: leave it empty, it is filled in"#);
    insta::assert_snapshot!(refused(acme.update(&doc("umbrella")).set(Doc::KIND, "k").to_request()), @r#"UpdateItem on "docs": attribute `tenant` is of another tenant than the handle: leave it empty, it is filled in"#);
    insta::assert_snapshot!(refused(acme.delete(&doc("umbrella")).to_request()), @r#"DeleteItem on "docs": attribute `tenant` is of another tenant than the handle: leave it empty, it is filled in"#);
    insta::assert_snapshot!(refused(acme.batch_write().put(&User { tenant_id: "umbrella".into(), ..user() }).to_requests()), @"BatchWriteItem: operation 0: attribute `tenant_id` is of another tenant than the handle: leave it empty, it is filled in");
    insta::assert_snapshot!(refused(acme.batch_write().put(&doc("")).to_requests()), @"BatchWriteItem: operation 0: a batch cannot check whose item a write of `Doc` replaces: use a transaction");
    insta::assert_snapshot!(refused(acme.query::<Doc>().key(Doc::BY_KIND_INDEX.partition("k")).to_request()), @r#"Query on "docs": index "by-kind" holds items of all tenants: query an index whose partition key begins with `tenant`, such as "by-tenant""#);
    insta::assert_snapshot!(refused(acme.query::<User>().key(KeyCondition::raw("pk = :p", [(":p", "TENANT#umbrella")])).to_request()), @r#"Query on "app": the partition that is queried is of another tenant than the handle"#);
    insta::assert_snapshot!(refused(db().tenant("").get(User::key("u1")).to_request()), @r#"GetItem on "app": the tenant is empty"#);
    insta::assert_snapshot!(refused(db().tenant("x".repeat(3000)).get(User::key("u1")).to_request()), @r#"GetItem on "app": attribute `pk` is 3,007 bytes, the limit for this key is 2,048 bytes"#);
    // An item of one's own, as it was read, is fine.
    assert!(acme.put(&doc("acme")).to_request().is_ok());
}

#[test]
fn an_operation_that_no_handle_runs_knows_no_tenant_and_shows_none() {
    let update = Update::new(User::key("u1")).set(User::STATUS, "paid");
    assert!(!format!("{update:?}").contains('\u{7f}'));
    let debug = format!("{:?}", db().tenant("acme"));
    assert_eq!(debug, r#"TenantDb { tenant: "acme", .. }"#);
}
