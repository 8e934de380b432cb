//! Requests of vector searches, and those that never become one.

use crate::op::test_models::*;
use crate::{Db, Project, Vector};

#[derive(Debug, crate::Model)]
#[dynamorm(table = "docs", pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, filters(lang, year))]
#[dynamorm(vector_index = "by-lang", vector = embedding, distance = euclidean, pk = lang, projection = include(id))]
struct Doc {
    id: String,
    lang: String,
    year: u16,
    #[dynamorm(rename = "e")]
    embedding: Option<Vector<2>>,
}

#[derive(Debug, Project)]
#[dynamorm(of = Doc)]
struct DocId {
    #[allow(dead_code)]
    id: String,
}

#[derive(Debug, crate::Model)]
#[dynamorm(table = "pages", pk = "LANG#{lang}", sk = "PAGE#{id}", type = "Page")]
#[dynamorm(vector_index = "pages", vector = embedding, distance = cosine, pk = lang, filters(year))]
#[allow(dead_code)]
struct Page {
    lang: String,
    id: String,
    year: u16,
    embedding: Vector<2>,
}

fn query() -> Vector<2> {
    [0.5, -1e-7].try_into().unwrap()
}

fn near(db: &Db) -> super::SearchVectors<'_, Doc> {
    db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(&query()))
}

#[test]
fn each_setter_adds_what_it_says() {
    let db = db();
    insta::assert_snapshot!(shown(near(&db).to_request(10)), @r##"
    {"TableName":"docs",
    "IndexName":"by-embedding",
    "SearchVector":[{"N":"0.5"},
    {"N":"-1e-7"}],
    "TopK":10,
    "ProjectionExpression":"#n0, #n1, #n2, #n3",
    "ExpressionAttributeNames":{"#n0":"id","#n1":"lang","#n2":"year","#n3":"e"}}
    "##);
    insta::assert_snapshot!(shown(near(&db).project::<DocId>().to_request(1)), @r##"
    {"TableName":"docs",
    "IndexName":"by-embedding",
    "SearchVector":[{"N":"0.5"},
    {"N":"-1e-7"}],
    "TopK":1,
    "ProjectionExpression":"#n0",
    "ExpressionAttributeNames":{"#n0":"id"}}
    "##);
    let filtered = near(&db).filter(Doc::LANG, "en").filter(Doc::YEAR, 2026);
    insta::assert_snapshot!(shown(filtered.project::<DocId>().to_request(100)), @r##"
    {"TableName":"docs",
    "IndexName":"by-embedding",
    "SearchVector":[{"N":"0.5"},
    {"N":"-1e-7"}],
    "TopK":100,
    "SearchConditionExpression":"#n0 = :v0 AND #n1 = :v1",
    "ProjectionExpression":"#n2",
    "ExpressionAttributeNames":{"#n0":"lang","#n1":"year","#n2":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"en"},":v1":{"N":"2026"}}}
    "##);
    let of_lang = db.search_vectors(Doc::BY_LANG_INDEX.partition("en").near(&query()));
    insta::assert_snapshot!(shown(of_lang.project::<DocId>().to_request(10)), @r##"
    {"TableName":"docs",
    "IndexName":"by-lang",
    "SearchVector":[{"N":"0.5"},
    {"N":"-1e-7"}],
    "TopK":10,
    "SearchConditionExpression":"#n0 = :v0",
    "ProjectionExpression":"#n1",
    "ExpressionAttributeNames":{"#n0":"lang","#n1":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"en"}}}
    "##);
    // What an item says of its type is asked for with the whole of it.
    let typed = db.search_vectors(Page::PAGES_INDEX.partition("en").near(&query()));
    insta::assert_snapshot!(shown(typed.to_request(10)), @r##"
    {"TableName":"pages",
    "IndexName":"pages",
    "SearchVector":[{"N":"0.5"},
    {"N":"-1e-7"}],
    "TopK":10,
    "SearchConditionExpression":"#n0 = :v0",
    "ProjectionExpression":"#n0, #n1, #n2, #n3, #n4",
    "ExpressionAttributeNames":{"#n0":"lang","#n1":"id","#n2":"year","#n3":"embedding","#n4":"type"},
    "ExpressionAttributeValues":{":v0":{"S":"en"}}}
    "##);
}

#[test]
fn a_search_by_scan_reads_the_table_or_its_partition() {
    let db = db().vectors_by_scan();
    insta::assert_snapshot!(shown(near(&db).filter(Doc::LANG, "en").to_request(10)), @r##"
    {"TableName":"docs",
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1 AND (attribute_exists(#n2) AND #n3 = :v2)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"e","#n3":"lang"},
    "ExpressionAttributeValues":{":v0":{"S":"DOC#"},":v1":{"S":"DOC"},":v2":{"S":"en"}}}
    "##);
    insta::assert_snapshot!(shown(near(&db).project::<DocId>().to_request(10)), @r##"
    {"TableName":"docs",
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1 AND (attribute_exists(#n2))",
    "ProjectionExpression":"#n3, #n2",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"e","#n3":"id"},
    "ExpressionAttributeValues":{":v0":{"S":"DOC#"},":v1":{"S":"DOC"}}}
    "##);
    let page = || db.search_vectors(Page::PAGES_INDEX.partition("en").near(&query()));
    insta::assert_snapshot!(shown(page().filter(Page::YEAR, 2026).to_request(10)), @r##"
    {"TableName":"pages",
    "KeyConditionExpression":"#n0 = :v0 AND begins_with(#n1, :v1)",
    "FilterExpression":"(attribute_not_exists(#n2) OR #n2 = :v2) AND (attribute_exists(#n3) AND #n4 = :v3)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"type","#n3":"embedding","#n4":"year"},
    "ExpressionAttributeValues":{":v0":{"S":"LANG#en"},":v1":{"S":"PAGE#"},":v2":{"S":"Page"},":v3":{"N":"2026"}}}
    "##);
    // It is not limited to what the index carries.
    let of_lang = db.search_vectors(Doc::BY_LANG_INDEX.partition("en").near(&query()));
    insta::assert_snapshot!(shown(of_lang.to_request(10)), @r##"
    {"TableName":"docs",
    "FilterExpression":"begins_with(#n0, :v0) AND #n1 = :v1 AND (attribute_exists(#n2) AND #n3 = :v2)",
    "ReturnConsumedCapacity":"TOTAL",
    "ExpressionAttributeNames":{"#n0":"pk","#n1":"sk","#n2":"e","#n3":"lang"},
    "ExpressionAttributeValues":{":v0":{"S":"DOC#"},":v1":{"S":"DOC"},":v2":{"S":"en"}}}
    "##);
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let db = db();
    insta::assert_snapshot!(refused(near(&db).to_request(0)), @r#"SearchVectors on "docs": the search is for 0 items, it takes 1 to 100"#);
    insta::assert_snapshot!(refused(near(&db).to_request(101)), @r#"SearchVectors on "docs": the search is for 101 items, it takes 1 to 100"#);
    insta::assert_snapshot!(refused(near(&db).filter(Doc::ID, "d1").to_request(1)), @r#"SearchVectors on "docs": attribute `id` is no filter of index "by-embedding": its filters are `lang`, `year`"#);
    let twice = near(&db).filter(Doc::LANG, "en").filter(Doc::LANG, "en");
    insta::assert_snapshot!(refused(twice.to_request(1)), @r#"SearchVectors on "docs": attribute `lang` is filtered by twice, and a search takes one value for each"#);
    let of = |lang: &str| db.search_vectors(Doc::BY_LANG_INDEX.partition(lang).near(&query()));
    insta::assert_snapshot!(refused(of("en").filter(Doc::LANG, "fr").project::<DocId>().to_request(1)), @r#"SearchVectors on "docs": attribute `lang` is the partition of index "by-lang", which is given already: remove the filter"#);
    insta::assert_snapshot!(refused(of("en").filter(Doc::YEAR, 1).project::<DocId>().to_request(1)), @r#"SearchVectors on "docs": attribute `year` is no filter of index "by-lang": it has none"#);
    insta::assert_snapshot!(refused(of("").project::<DocId>().to_request(1)), @r#"SearchVectors on "docs": attribute `lang` is empty, and DynamoDB keys must not be"#);
    insta::assert_snapshot!(refused(of("en").to_request(1)), @r#"SearchVectors on "docs": index "by-lang" does not carry `year`, `e`, only `lang`, `pk`, `sk`, `id`: read a projection of these"#);
}

#[test]
fn nothing_of_a_search_is_shown_but_its_names() {
    let db = db();
    insta::assert_snapshot!(format!("{:?}", near(&db).filter(Doc::LANG, SECRET)), @r#"SearchVectors { model: "Doc", index: "by-embedding", .. }"#);
    insta::assert_snapshot!(format!("{:?}", Doc::BY_LANG_INDEX.partition(SECRET).near(&query())), @r#"Near("by-lang")"#);
}
