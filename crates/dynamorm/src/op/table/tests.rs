//! Tables as they are made, and models that do not fit into one.

use crate::op::test_models::*;

#[test]
fn models_of_one_table_share_its_indexes() {
    let db = db();
    insta::assert_snapshot!(shown(db.create_table::<(User, Order)>().to_request()), @r#"
    {"TableName":"app",
    "BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
    {"AttributeName":"sk","AttributeType":"S"},
    {"AttributeName":"email","AttributeType":"S"},
    {"AttributeName":"by_status","AttributeType":"S"},
    {"AttributeName":"by-status_sk","AttributeType":"S"},
    {"AttributeName":"total","AttributeType":"N"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},
    {"AttributeName":"sk","KeyType":"RANGE"}],
    "GlobalSecondaryIndexes":[{"IndexName":"email-index","KeySchema":[{"AttributeName":"email","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}},
    {"IndexName":"by-status","KeySchema":[{"AttributeName":"by_status","KeyType":"HASH"},
    {"AttributeName":"by-status_sk","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
    "LocalSecondaryIndexes":[{"IndexName":"by-total","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},
    {"AttributeName":"total","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}
    "#);
    insta::assert_snapshot!(shown(db.create_table::<Note>().to_request()), @r#"
    {"TableName":"notes",
    "BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},
    {"AttributeName":"at","AttributeType":"N"},
    {"AttributeName":"by-topic_pk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"},
    {"AttributeName":"at","KeyType":"RANGE"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-topic","KeySchema":[{"AttributeName":"by-topic_pk","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}
    "#);
    insta::assert_snapshot!(shown(db.describe_table::<Note>().to_request()), @r#"{"TableName":"notes"}"#);
    insta::assert_snapshot!(shown(db.delete_table::<Note>().to_request()), @r#"{"TableName":"notes"}"#);
}

#[test]
fn a_table_is_made_with_its_stream() {
    let db = db();
    let create = db.create_table::<Note>().stream(crate::StreamViewType::NewAndOldImages).to_request();
    let json = create.unwrap().json().to_owned();
    insta::assert_snapshot!(json.split_once(r#","StreamSpec"#).unwrap().1, @r#"ification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}"#);
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "OTHER#{id}", sk = "OTHER")]
#[dynamorm(index = "by-mail", pk = mail, sk = total)]
struct Other {
    id: String,
    mail: String,
    #[allow(dead_code)]
    total: String,
}

#[test]
fn models_that_do_not_fit_into_one_table_are_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.create_table::<(User, Note)>().to_request()), @"CreateTable: `User` and `Note` live in different tables");
    insta::assert_snapshot!(refused(db.create_table::<(Order, Other)>().to_request()), @"CreateTable: attribute `total` is N in one key and S in another: a table has one type for it");
    insta::assert_snapshot!(refused(db.create_table::<Homeless>().to_request()), @r#"CreateTable: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
    insta::assert_snapshot!(refused(db.describe_table::<Homeless>().to_request()), @r#"DescribeTable: `Homeless` names no table: write `#[dynamorm(table = "…")]` on it, or `.table("…")` on the `Db`"#);
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "USER#{user}", sk = "ORDER#{number}#LINE#{line}")]
struct OrderLine {
    user: String,
    number: u32,
    line: u32,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "USER#{user}", sk = "PROFILE#{language}")]
struct Translation {
    user: String,
    language: String,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "USER#{user}", sk = "PROFILE")]
struct Settings {
    user: String,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "{anything}", sk = "{more}")]
struct Anything {
    anything: String,
    more: String,
}

#[test]
fn models_whose_items_would_be_read_as_each_other_are_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.create_table::<(Order, OrderLine)>().to_request()), @r#"CreateTable: the sort keys of both `Order` and `OrderLine` begin with "ORDER#", so one would be read or replaced as the other: let them begin with different words, or give both models a `type`"#);
    insta::assert_snapshot!(refused(db.create_table::<(OrderLine, User, Order)>().to_request()), @r#"CreateTable: the sort keys of both `OrderLine` and `Order` begin with "ORDER#", so one would be read or replaced as the other: let them begin with different words, or give both models a `type`"#);
    insta::assert_snapshot!(refused(db.create_table::<(User, Settings)>().to_request()), @r#"CreateTable: the sort keys of both `User` and `Settings` begin with "PROFILE", so one would be read or replaced as the other: let them begin with different words"#);
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "CAR#{car}", sk = "AT#{time}", type = "Trip")]
struct Trip {
    car: String,
    time: u64,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "CAR#{car}", sk = "AT#{time}#STOP#{number}", type = "Stop")]
struct Stop {
    car: String,
    time: u64,
    number: u8,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "CAR#{car}", sk = "AT#{time}", type = "Repair", type_attribute = "kind")]
struct Repair {
    car: String,
    time: u64,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "CAR#{car}", sk = "AT#{time}", type = "Trip")]
struct SameTrip {
    car: String,
    time: u64,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "CAR#{car}", sk = "NOW", type = "Place")]
struct Place {
    car: String,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "CAR#{car}", sk = "NOW", type = "Speed")]
struct Speed {
    car: String,
}

#[test]
fn models_with_types_may_have_sort_keys_that_begin_alike() {
    let db = db();
    assert!(db.create_table::<(Trip, Stop)>().to_request().is_ok());
    for result in [
        // One attribute tells the types, and they differ.
        db.create_table::<(Trip, Repair)>().to_request(),
        db.create_table::<(Trip, SameTrip)>().to_request(),
    ] {
        assert!(refused(result).ends_with("or give both models a `type`"));
    }
    // A car has one item of this key, whatever its type.
    insta::assert_snapshot!(refused(db.create_table::<(Place, Speed)>().to_request()), @r#"CreateTable: the sort keys of both `Place` and `Speed` begin with "NOW", so one would be read or replaced as the other: let them begin with different words"#);
}

#[test]
fn models_whose_keys_begin_differently_or_with_a_field_share_a_table() {
    let db = db();
    assert!(db.create_table::<(User, Order, Translation)>().to_request().is_ok());
    assert!(db.create_table::<(User, Order, Anything)>().to_request().is_ok());
}

#[test]
fn an_index_is_made_with_all_its_key_attributes_and_what_it_carries() {
    #[derive(Debug, crate::Model)]
    #[dynamorm(table = "app", pk = id)]
    #[dynamorm(index = "by-region", pk = (tenant, region), sk = (status, number), projection = include(note))]
    #[dynamorm(index = "by-status", pk = status, projection = keys_only)]
    #[allow(dead_code, reason = "only its table is made")]
    struct Sale {
        id: String,
        tenant: String,
        region: String,
        status: String,
        number: u32,
        note: Option<String>,
    }
    insta::assert_snapshot!(shown(db().create_table::<Sale>().to_request()), @r#"
    {"TableName":"app",
    "BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},
    {"AttributeName":"tenant","AttributeType":"S"},
    {"AttributeName":"region","AttributeType":"S"},
    {"AttributeName":"status","AttributeType":"S"},
    {"AttributeName":"number","AttributeType":"N"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-region","KeySchema":[{"AttributeName":"tenant","KeyType":"HASH"},
    {"AttributeName":"region","KeyType":"HASH"},
    {"AttributeName":"status","KeyType":"RANGE"},
    {"AttributeName":"number","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["note"]}},
    {"IndexName":"by-status","KeySchema":[{"AttributeName":"status","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}
    "#);
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "DOC#{id}", sk = "DOC", type = "Doc")]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = dot_product, pk = lang, filters(year))]
#[dynamorm(vector_index = "by-title", vector = title, distance = euclidean, projection = keys_only)]
#[allow(dead_code)]
struct Doc {
    id: String,
    lang: String,
    year: u16,
    #[dynamorm(rename = "e")]
    embedding: crate::Vector<768>,
    title: Option<crate::Vector<4>>,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "PAGE#{id}", sk = "PAGE")]
#[dynamorm(vector_index = "pages", vector = e, distance = cosine)]
#[allow(dead_code)]
struct Page {
    id: String,
    e: crate::Vector<768>,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "TEXT#{id}", sk = "TEXT")]
#[dynamorm(vector_index = "email-index", vector = v, distance = cosine)]
#[dynamorm(vector_index = "two", vector = v, distance = cosine)]
#[dynamorm(vector_index = "three", vector = v, distance = cosine)]
#[dynamorm(vector_index = "four", vector = v, distance = cosine)]
#[allow(dead_code)]
struct Text {
    id: String,
    v: crate::Vector<2>,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "app", pk = "TYPED#{id}", sk = "TYPED")]
#[dynamorm(vector_index = "typed", vector = v, distance = cosine, filters(email))]
#[allow(dead_code)]
struct Typed {
    id: String,
    email: u32,
    v: crate::Vector<2>,
}

#[test]
fn a_table_is_made_with_its_vector_indexes_or_without() {
    let db = db();
    insta::assert_snapshot!(shown(db.create_table::<Doc>().to_request()), @r#"
    {"TableName":"app",
    "BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
    {"AttributeName":"sk","AttributeType":"S"},
    {"AttributeName":"lang","AttributeType":"S"},
    {"AttributeName":"year","AttributeType":"N"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},
    {"AttributeName":"sk","KeyType":"RANGE"}],
    "VectorIndexes":[{"IndexName":"by-embedding","VectorAttribute":{"AttributeName":"e"},"SearchSchema":[{"AttributeName":"lang","SearchSchemaElementType":"HASH"},
    {"AttributeName":"year","SearchSchemaElementType":"INLINE_FILTER"}],"Projection":{"ProjectionType":"ALL"},"Dimensions":768,"DistanceFunction":"DOT_PRODUCT"},
    {"IndexName":"by-title","VectorAttribute":{"AttributeName":"title"},"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["type"]},"Dimensions":4,"DistanceFunction":"EUCLIDEAN"}]}
    "#);
    let without = db.clone().vectors_by_scan();
    insta::assert_snapshot!(shown(without.create_table::<Doc>().to_request()), @r#"
    {"TableName":"app",
    "BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},
    {"AttributeName":"sk","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},
    {"AttributeName":"sk","KeyType":"RANGE"}]}
    "#);
}

#[test]
fn vector_indexes_that_would_mix_models_are_refused() {
    let db = db();
    insta::assert_snapshot!(refused(db.create_table::<(Doc, Page)>().to_request()), @"CreateTable: both `Doc` and `Page` have their vectors in the attribute `e`, so a search would find items of both: give one another `rename`");
    insta::assert_snapshot!(refused(db.create_table::<(User, Text)>().to_request()), @r#"CreateTable: there is an index "email-index" already: give the vector index of `Text` another name"#);
    insta::assert_snapshot!(refused(db.create_table::<(Doc, Text)>().to_request()), @"CreateTable: the models have 6 vector indexes, a table takes 5");
    insta::assert_snapshot!(refused(db.create_table::<(User, Typed)>().to_request()), @"CreateTable: attribute `email` is S in one key and N in another: a table has one type for it");
    assert!(db.vectors_by_scan().create_table::<(Doc, Text)>().to_request().is_ok());
}
