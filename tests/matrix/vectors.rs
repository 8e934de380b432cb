//! Vector searches: by a vector index where there is one, and by a scan anywhere. What both show is written once.

use crate::support::{TestDb, matrix};
use dynamorm::transport::Operation;
use dynamorm::{Db, ErrorKind, Item, Meter, Model, Project, Result, TableStatus, Vector};

matrix![
    an_index_gives_the_nearest_first lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    an_index_follows_writes lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    each_tenant_finds_ones_own lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    where_the_tenant_is_an_attribute_each_finds_ones_own lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    an_index_carries_what_it_was_told_to lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    an_item_of_an_older_schema_is_an_error_of_an_index lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    an_index_refuses_vectors_of_another_length lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    a_table_describes_its_vector_indexes lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    a_search_is_charged_by_the_byte lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    a_table_that_is_there_is_checked_for_its_vector_indexes lacks(Direct: "no vector indexes", Compat: "no vector indexes"),
    an_endpoint_without_vector_indexes_says_so lacks(Embedded: "it has vector indexes"),
    a_scan_gives_the_nearest_first,
    a_scan_follows_writes,
    each_tenant_finds_ones_own_by_a_query,
    where_the_tenant_is_an_attribute_each_finds_ones_own_by_a_scan,
    a_scan_finds_items_of_its_model_alone,
    a_scan_goes_on_page_after_page,
    a_scan_refuses_vectors_of_another_length,
    a_scan_brings_items_of_an_older_schema_up,
    a_table_without_the_index_that_a_model_needs_is_an_error,
    vectors_are_stored_and_read_back_to_the_bit,
];

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(vector_index = "by-cosine", vector = embedding, distance = cosine, filters(lang, year))]
#[dynamorm(vector_index = "by-length", vector = embedding, distance = euclidean, filters(lang))]
#[dynamorm(vector_index = "by-product", vector = embedding, distance = dot_product, pk = lang, filters(year))]
struct Doc {
    id: String,
    lang: String,
    year: Option<u16>,
    #[dynamorm(rename = "e")]
    embedding: Option<Vector<3>>,
}

/// Beside the documents, with a vector in an attribute of the same name that no index is for.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "NOTE#{id}", sk = "NOTE")]
struct Note {
    id: String,
    e: Vector<3>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Doc)]
struct DocId {
    id: String,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = "TENANT#{tenant}", sk = "PAGE#{id}")]
#[dynamorm(vector_index = "pages", vector = embedding, distance = euclidean, pk = tenant)]
struct Page {
    #[dynamorm(tenant)]
    tenant: String,
    id: String,
    embedding: Vector<2>,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "other", pk = id)]
#[dynamorm(vector_index = "files", vector = embedding, distance = euclidean, pk = tenant, filters(kind))]
struct File {
    id: String,
    #[dynamorm(tenant)]
    tenant: String,
    kind: String,
    embedding: Vector<2>,
}

fn vector<const N: usize>(numbers: [f32; N]) -> Vector<N> {
    numbers.try_into().unwrap()
}

fn doc(id: &str, lang: &str, year: u16, numbers: [f32; 3]) -> Doc {
    Doc { id: id.into(), lang: lang.into(), year: Some(year), embedding: Some(vector(numbers)) }
}

async fn docs(db: &Db) -> Result<()> {
    db.create_table::<Doc>().execute().await?;
    db.batch_write()
        .put_all(&[
            doc("right", "en", 2026, [1.0, 0.0, 0.0]),
            doc("far-right", "en", 2025, [4.0, 0.0, 0.0]),
            doc("up", "fr", 2026, [0.0, 1.0, 0.0]),
            doc("left", "en", 2026, [-1.0, 0.0, 0.0]),
            doc("zero", "de", 2026, [0.0, 0.0, 0.0]),
            Doc { embedding: None, ..doc("none", "en", 2026, [0.0; 3]) },
            Doc { year: None, ..doc("undated", "en", 0, [0.5, 0.5, 0.0]) },
        ])
        .execute()
        .await
}

fn shown(found: Vec<dynamorm::VectorMatch<DocId>>) -> Vec<String> {
    found.into_iter().map(|found| format!("{} {:.2}", found.item.id, found.score)).collect()
}

async fn nearest_first(db: &Db) -> Result<()> {
    docs(db).await?;
    let query = vector([1.0, 0.0, 0.0]);
    let cosine = || db.search_vectors(Doc::BY_COSINE_INDEX.near(&query)).project::<DocId>();
    // Of equal scores the order is not told.
    let mut found = shown(cosine().top_k(100).await?);
    found[..2].sort();
    found[3..5].sort();
    assert_eq!(found, ["far-right 0.00", "right 0.00", "undated 0.29", "up 1.00", "zero 1.00", "left 2.00"]);
    assert_eq!(cosine().top_k(2).await?.len(), 2);
    let length = || db.search_vectors(Doc::BY_LENGTH_INDEX.near(&query)).project::<DocId>();
    assert_eq!(shown(length().top_k(3).await?), ["right 0.00", "undated 0.71", "zero 1.00"]);
    let of =
        |lang: &str| db.search_vectors(Doc::BY_PRODUCT_INDEX.partition(lang).near(&query)).project::<DocId>();
    assert_eq!(
        shown(of("en").top_k(9).await?),
        ["far-right 4.00", "right 1.00", "undated 0.50", "left -1.00"]
    );
    assert_eq!(shown(of("en").filter(Doc::YEAR, 2026).top_k(9).await?), ["right 1.00", "left -1.00"]);
    assert_eq!(shown(of("it").top_k(9).await?), Vec::<String>::new());
    let filtered = || cosine().filter(Doc::LANG, "en").filter(Doc::YEAR, 2026);
    assert_eq!(shown(filtered().top_k(9).await?), ["right 0.00", "left 2.00"]);
    assert_eq!(shown(cosine().filter(Doc::YEAR, 1999).top_k(9).await?), Vec::<String>::new());

    let whole = db.search_vectors(Doc::BY_LENGTH_INDEX.near(&query)).top_k(1).await?;
    assert_eq!((&whole[0].item, whole[0].score), (&doc("right", "en", 2026, [1.0, 0.0, 0.0]), 0.0));
    Ok(())
}

async fn an_index_gives_the_nearest_first(db: TestDb) -> Result<()> {
    nearest_first(&db).await?;
    assert_eq!((db.calls_of(Operation::Scan), db.calls_of(Operation::Query)), (0, 0));
    Ok(())
}

async fn a_scan_gives_the_nearest_first(db: TestDb) -> Result<()> {
    nearest_first(&db.clone().vectors_by_scan()).await?;
    assert_eq!(db.calls_of(Operation::SearchVectors), 0);
    Ok(())
}

async fn follows_writes(db: &Db) -> Result<()> {
    docs(db).await?;
    let query = vector([0.0, 0.0, 1.0]);
    let nearest = async || -> Result<String> {
        let found =
            db.search_vectors(Doc::BY_LENGTH_INDEX.near(&query)).filter(Doc::LANG, "fr").top_k(1).await?;
        Ok(found.into_iter().map(|found| found.item.id).collect())
    };
    assert_eq!(nearest().await?, "up");
    db.update(Doc::key("left")).set(Doc::LANG, "fr").set(Doc::EMBEDDING, query.clone()).execute().await?;
    assert_eq!(nearest().await?, "left");
    db.update(Doc::key("left")).remove(Doc::EMBEDDING).execute().await?;
    assert_eq!(nearest().await?, "up");
    db.delete(Doc::key("up")).execute().await?;
    assert_eq!(nearest().await?, "");
    // An empty text is no partition: the item is in no part of the index.
    db.put(&doc("nowhere", "", 2026, [1.0, 0.0, 0.0])).execute().await?;
    assert_eq!(db.get(Doc::key("nowhere")).one().await?.lang, "");
    Ok(())
}

async fn an_index_follows_writes(db: TestDb) -> Result<()> {
    follows_writes(&db).await
}

async fn a_scan_follows_writes(db: TestDb) -> Result<()> {
    follows_writes(&db.clone().vectors_by_scan()).await
}

async fn tenants(db: &Db) -> Result<()> {
    db.create_table::<Page>().execute().await?;
    let page = |id: &str, x: f32| Page { tenant: String::new(), id: id.into(), embedding: vector([x, 0.0]) };
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("acme#"));
    acme.put(&page("a", 1.0)).execute().await?;
    acme.put(&page("b", 2.0)).execute().await?;
    umbrella.put(&page("c", 0.0)).execute().await?;
    let query = vector([0.0, 0.0]);
    for (tenant, name, expected) in
        [(&acme, "acme", "a b"), (&umbrella, "acme#", "c"), (&db.tenant("x"), "x", "")]
    {
        let found = tenant.search_vectors(Page::PAGES_INDEX.near(&query)).top_k(100).await?;
        let ids: Vec<_> = found.iter().map(|found| found.item.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
        assert!(found.iter().all(|found| found.item.tenant == name));
    }
    let nobody = db.tenant("").search_vectors(Page::PAGES_INDEX.near(&query)).top_k(1).await;
    assert!(nobody.is_err_and(|err| err.is_invalid_request()));
    Ok(())
}

async fn each_tenant_finds_ones_own(db: TestDb) -> Result<()> {
    tenants(&db).await
}

async fn each_tenant_finds_ones_own_by_a_query(db: TestDb) -> Result<()> {
    tenants(&db.clone().vectors_by_scan()).await?;
    assert_eq!(
        (db.calls_of(Operation::Query), db.calls_of(Operation::Scan)),
        (3, 0),
        "of the tenant's partition"
    );
    Ok(())
}

async fn tenants_by_attribute(db: &Db) -> Result<()> {
    db.create_table::<File>().execute().await?;
    let file = |id: &str, kind: &str, x: f32| File {
        id: id.into(),
        tenant: String::new(),
        kind: kind.into(),
        embedding: vector([x, 0.0]),
    };
    let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    acme.put(&file("a", "text", 1.0)).execute().await?;
    acme.put(&file("b", "image", 2.0)).execute().await?;
    umbrella.put(&file("c", "text", 0.0)).execute().await?;
    let query = vector([0.0, 0.0]);
    let search = || acme.search_vectors(File::FILES_INDEX.near(&query));
    let ids = |found: Vec<dynamorm::VectorMatch<File>>| -> Vec<String> {
        found.into_iter().map(|found| format!("{}/{}", found.item.tenant, found.item.id)).collect()
    };
    assert_eq!(ids(search().top_k(100).await?), ["acme/a", "acme/b"]);
    assert_eq!(ids(search().filter(File::KIND, "image").top_k(100).await?), ["acme/b"]);
    Ok(())
}

async fn where_the_tenant_is_an_attribute_each_finds_ones_own(db: TestDb) -> Result<()> {
    tenants_by_attribute(&db).await
}

async fn where_the_tenant_is_an_attribute_each_finds_ones_own_by_a_scan(db: TestDb) -> Result<()> {
    tenants_by_attribute(&db.clone().vectors_by_scan()).await
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "SLIM#{id}", sk = "SLIM", type = "Slim")]
#[dynamorm(vector_index = "slim", vector = embedding, distance = euclidean, filters(lang), projection = include(id))]
struct Slim {
    id: String,
    lang: String,
    text: String,
    embedding: Vector<2>,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Slim)]
struct SlimId {
    id: String,
    lang: String,
}

#[derive(Debug, PartialEq, Project)]
#[dynamorm(of = Slim)]
struct SlimText {
    text: String,
}

async fn an_index_carries_what_it_was_told_to(db: TestDb) -> Result<()> {
    db.create_table::<Slim>().execute().await?;
    let slim =
        Slim { id: "s1".into(), lang: "en".into(), text: "long".into(), embedding: vector([1.0, 0.0]) };
    db.put(&slim).execute().await?;
    let search = || db.search_vectors(Slim::SLIM_INDEX.near(&slim.embedding));
    assert_eq!(
        search().project::<SlimId>().top_k(1).await?[0].item,
        SlimId { id: "s1".into(), lang: "en".into() }
    );
    let calls = db.calls();
    for refused in
        [search().top_k(1).await.unwrap_err(), search().project::<SlimText>().top_k(1).await.unwrap_err()]
    {
        assert!(
            refused.is_invalid_request() && refused.to_string().contains("does not carry `text`"),
            "{refused}"
        );
    }
    assert_eq!(db.calls(), calls, "before the network");
    // What is read whole is not limited to what the index carries.
    assert_eq!(search().scan_top_k(1).await?[0].item, slim);
    Ok(())
}

/// A document as it should not be.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
struct Short {
    id: String,
    e: Vector<2>,
}

async fn an_index_refuses_vectors_of_another_length(db: TestDb) -> Result<()> {
    docs(&db).await?;
    let short = Short { id: "short".into(), e: vector([1.0, 2.0]) };
    assert!(db.put(&short).execute().await.is_err_and(|err| err.is_invalid_request()));
    Ok(())
}

async fn a_scan_refuses_vectors_of_another_length(db: TestDb) -> Result<()> {
    let db = db.clone().vectors_by_scan();
    docs(&db).await?;
    db.put(&Short { id: "short".into(), e: vector([1.0, 2.0]) }).execute().await?;
    let search = db.search_vectors(Doc::BY_COSINE_INDEX.near(&vector([1.0, 0.0, 0.0])));
    let error = search.top_k(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().ends_with("attribute `e` is a list of 2 numbers, expected 3"), "{error}");
    Ok(())
}

async fn a_table_describes_its_vector_indexes(db: TestDb) -> Result<()> {
    db.create_table::<Doc>().execute().await?;
    let table = db.describe_table::<Doc>().one().await?;
    assert!(table.status == TableStatus::Active && table.indexes_active);
    let names: Vec<_> = table.vector_indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["by-cosine", "by-length", "by-product"]);
    let last = &table.vector_indexes[2];
    assert_eq!((last.attribute.as_str(), last.dimensions, last.distance.as_str()), ("e", 3, "DOT_PRODUCT"));
    assert_eq!(
        (last.partition.as_deref(), last.filters.as_slice()),
        (Some("lang"), &["year".to_owned()][..])
    );
    assert_eq!(last.carries, None);
    Ok(())
}

async fn a_search_is_charged_by_the_byte(db: TestDb) -> Result<()> {
    docs(&db).await?;
    let meter = Meter::default();
    let metered = db.metered(&meter);
    metered.search_vectors(Doc::BY_COSINE_INDEX.near(&vector([1.0, 0.0, 0.0]))).top_k(2).await?;
    let usage = meter.reset();
    assert_eq!((usage.requests, usage.items_read, usage.read_units), (1, 2, 0.0));
    assert!(usage.vector_search_bytes >= 1024.0);
    assert_eq!(usage.tables.len(), 1);
    assert_eq!(usage.tables[db.table_name()].vector_search_bytes, usage.vector_search_bytes);
    metered.put(&doc("new", "en", 2026, [1.0, 0.0, 0.0])).execute().await?;
    assert!(meter.usage().vector_write_bytes >= 1024.0, "{:?}", meter.usage());
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(vector_index = "by-cosine", vector = e, distance = cosine, filters(lang, topic))]
struct Filtered {
    id: String,
    lang: String,
    topic: String,
    e: Vector<3>,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(vector_index = "by-cosine", vector = e, distance = cosine)]
struct Longer {
    id: String,
    e: Vector<4>,
}

async fn a_table_that_is_there_is_checked_for_its_vector_indexes(db: TestDb) -> Result<()> {
    db.create_table::<Doc>().execute().await?;
    db.create_table::<Doc>().if_not_exists().execute().await?;
    db.create_table::<Note>().if_not_exists().execute().await?;
    let filtered = db.create_table::<Filtered>().if_not_exists().execute().await.unwrap_err();
    assert!(filtered.to_string().contains("\"by-cosine\" without the filter `topic`"), "{filtered}");
    let longer = db.create_table::<Longer>().if_not_exists().execute().await.unwrap_err();
    assert!(longer.to_string().contains("of vectors of 3 numbers, not of 4"), "{longer}");
    Ok(())
}

async fn a_table_without_the_index_that_a_model_needs_is_an_error(db: TestDb) -> Result<()> {
    db.create_table::<Note>().execute().await?;
    let error = db.create_table::<Longer>().if_not_exists().execute().await.unwrap_err();
    assert!(error.to_string().contains("without vector index \"by-cosine\""), "{error}");
    assert!(error.to_string().contains("`db.vectors_by_scan()`"), "{error}");
    let scanned = db.clone().vectors_by_scan();
    scanned.create_table::<Longer>().if_not_exists().execute().await?;
    // Without it there is nothing to search by, but the table.
    let longer = Longer { id: "l1".into(), e: vector([1.0; 4]) };
    db.put(&longer).execute().await?;
    let search = || db.search_vectors(Longer::BY_COSINE_INDEX.near(&longer.e));
    assert!(search().top_k(1).await.is_err());
    assert_eq!(search().scan_top_k(1).await?[0].item, longer);
    Ok(())
}

async fn an_endpoint_without_vector_indexes_says_so(db: TestDb) -> Result<()> {
    let error = db.create_table::<Longer>().execute().await.unwrap_err();
    assert!(error.to_string().contains("`db.vectors_by_scan()`"), "{error}");
    Ok(())
}

async fn a_scan_finds_items_of_its_model_alone(db: TestDb) -> Result<()> {
    let db = db.clone().vectors_by_scan();
    docs(&db).await?;
    let query = vector([0.0, 0.0, 1.0]);
    db.put(&Note { id: "n1".into(), e: query.clone() }).execute().await?;
    let found = db.search_vectors(Doc::BY_COSINE_INDEX.near(&query)).project::<DocId>().top_k(100).await?;
    assert_eq!(found.len(), 6);
    Ok(())
}

async fn a_scan_goes_on_page_after_page(db: TestDb) -> Result<()> {
    docs(&db.clone().vectors_by_scan()).await?;
    let paged = db.faulty(|faults| faults.small_pages(2)).vectors_by_scan();
    let before = db.calls_of(Operation::Scan);
    let search = paged.search_vectors(Doc::BY_LENGTH_INDEX.near(&vector([1.0, 0.0, 0.0])));
    assert_eq!(shown(search.project::<DocId>().top_k(2).await?), ["right 0.00", "undated 0.71"]);
    assert!(db.calls_of(Operation::Scan) - before >= 3);
    Ok(())
}

async fn vectors_are_stored_and_read_back_to_the_bit(db: TestDb) -> Result<()> {
    let db = db.clone().vectors_by_scan();
    db.create_table::<Doc>().execute().await?;
    for numbers in
        [[f32::MAX, f32::MIN, 0.1], [f32::MIN_POSITIVE, -1e-45, 1e-45], [-0.0, 16_777_217.0, 0.333_333_34]]
    {
        let doc = doc("d", "en", 1, numbers);
        db.put(&doc).execute().await?;
        let read = db.get(Doc::key("d")).one().await?;
        let bits = |doc: &Doc| {
            doc.embedding.as_ref().map(|e| e.as_slice().iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        };
        assert_eq!(bits(&read), bits(&doc));
    }
    Ok(())
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "POST#{id}", sk = "POST", schema = 1)]
#[dynamorm(vector_index = "posts", vector = embedding, distance = euclidean)]
struct OldPost {
    id: String,
    title: String,
    embedding: Vector<2>,
}

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "POST#{id}", sk = "POST", schema = 2, upcast(rename_title))]
#[dynamorm(vector_index = "posts", vector = embedding, distance = euclidean)]
struct Post {
    id: String,
    heading: String,
    embedding: Vector<2>,
}

fn rename_title(mut item: Item) -> std::result::Result<Item, &'static str> {
    let title = item.remove("title").ok_or("no title")?;
    item.insert("heading".into(), title);
    Ok(item)
}

async fn posts(db: &Db) -> Result<Vector<2>> {
    db.create_table::<OldPost>().execute().await?;
    let embedding = vector([1.0, 0.0]);
    db.put(&OldPost { id: "p1".into(), title: "Tides".into(), embedding: embedding.clone() })
        .execute()
        .await?;
    db.put(&Post { id: "p2".into(), heading: "Bread".into(), embedding: vector([5.0, 0.0]) })
        .execute()
        .await?;
    Ok(embedding)
}

async fn an_item_of_an_older_schema_is_an_error_of_an_index(db: TestDb) -> Result<()> {
    let near = posts(&db).await?;
    let error = db.search_vectors(Post::POSTS_INDEX.near(&near)).top_k(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    assert!(error.to_string().contains("has schema 1"), "{error}");
    // Only what is found is looked at.
    let far = vector([6.0, 0.0]);
    assert_eq!(db.search_vectors(Post::POSTS_INDEX.near(&far)).top_k(1).await?[0].item.heading, "Bread");
    Ok(())
}

async fn a_scan_brings_items_of_an_older_schema_up(db: TestDb) -> Result<()> {
    let db = db.clone().vectors_by_scan();
    let near = posts(&db).await?;
    let found = db.search_vectors(Post::POSTS_INDEX.near(&near)).top_k(2).await?;
    let headings: Vec<_> = found.iter().map(|found| found.item.heading.as_str()).collect();
    assert_eq!(headings, ["Tides", "Bread"]);
    Ok(())
}
