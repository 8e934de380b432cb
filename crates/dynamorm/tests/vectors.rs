//! Vector search against a reference that is as plain as it can be: every vector scored, all of them sorted.
//!
//! By the vector index of the embedded engine, by a scan, and in memory; for each distance, with filters and without. The table has
//! 300 items, of which the engine makes 900 entries; `DYNAMORM_TEST_VECTORS=10000` makes it long.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use dynamorm::transport::Operation;
use dynamorm::{Db, Distance, Meter, Model, Project, Result, Vector, VectorMatch};

const LANGS: [&str; 3] = ["en", "fr", "de"];

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "docs", pk = "DOC#{id}", sk = "DOC")]
#[dynamorm(vector_index = "by-cosine", vector = embedding, distance = cosine, filters(lang, year))]
#[dynamorm(vector_index = "by-euclidean", vector = embedding, distance = euclidean, filters(lang, year))]
#[dynamorm(vector_index = "by-product", vector = embedding, distance = dot_product, filters(lang, year))]
struct Doc {
    id: u32,
    lang: String,
    year: u16,
    embedding: Vector<256>,
}

#[derive(Debug, Project)]
#[dynamorm(of = Doc)]
struct DocId {
    id: u32,
}

fn any_vector<const N: usize>(random: &mut fastrand::Rng) -> Vector<N> {
    std::array::from_fn(|_| random.f32() * 2.0 - 1.0).try_into().unwrap()
}

fn docs(random: &mut fastrand::Rng, count: usize) -> Vec<Doc> {
    let doc = |id: usize| Doc {
        id: u32::try_from(id).unwrap(),
        lang: LANGS[id % 3].to_owned(),
        year: 2020 + u16::try_from(id % 7).unwrap(),
        embedding: any_vector(random),
    };
    (0..count).map(doc).collect()
}

/// In plain words, with no regard to speed.
fn score(distance: Distance, one: &[f32], other: &[f32]) -> f64 {
    let pairs = || one.iter().zip(other).map(|(a, b)| (f64::from(*a), f64::from(*b)));
    let length = |of: &[f32]| of.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    let product = pairs().map(|(a, b)| a * b).sum::<f64>();
    match distance {
        Distance::Cosine => 1.0 - product / (length(one) * length(other)),
        Distance::Euclidean => pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
        Distance::DotProduct => product,
    }
}

fn reference(distance: Distance, query: &Vector<256>, docs: &[&Doc], top_k: usize) -> Vec<(u32, f64)> {
    let scored = docs.iter().map(|doc| (doc.id, score(distance, query.as_slice(), doc.embedding.as_slice())));
    let mut all: Vec<(u32, f64)> = scored.collect();
    all.sort_by(|one, other| match distance {
        Distance::DotProduct => other.1.total_cmp(&one.1),
        _ => one.1.total_cmp(&other.1),
    });
    all.truncate(top_k);
    all
}

fn assert_same(found: &[(u32, f64)], expected: &[(u32, f64)], what: &str) {
    let ids = |list: &[(u32, f64)]| list.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(ids(found), ids(expected), "{what}");
    for ((_, found), (_, expected)) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{what}: {found} and {expected}");
    }
}

fn pairs(found: &[VectorMatch<DocId>]) -> Vec<(u32, f64)> {
    found.iter().map(|found| (found.item.id, found.score)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nearest_by_index_and_by_scan_are_those_of_a_plain_sort() -> Result<()> {
    let mut random = fastrand::Rng::with_seed(4);
    let count =
        std::env::var("DYNAMORM_TEST_VECTORS").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    let docs = docs(&mut random, count);
    let db = Db::memory()?;
    db.create_table::<Doc>().execute().await?;
    db.batch_write().put_all(&docs).execute().await?;
    for distance in [Distance::Cosine, Distance::Euclidean, Distance::DotProduct] {
        let index = match distance {
            Distance::Cosine => Doc::BY_COSINE_INDEX,
            Distance::Euclidean => Doc::BY_EUCLIDEAN_INDEX,
            Distance::DotProduct => Doc::BY_PRODUCT_INDEX,
        };
        let query = any_vector(&mut random);
        for (lang, year, top_k) in [(None, None, 100), (Some("fr"), None, 10), (Some("de"), Some(2022), 10)] {
            let what = format!("{distance:?} {lang:?} {year:?}");
            let among: Vec<&Doc> = docs
                .iter()
                .filter(|doc| {
                    lang.is_none_or(|lang| doc.lang == lang) && year.is_none_or(|year| doc.year == year)
                })
                .collect();
            let expected = reference(distance, &query, &among, top_k);
            assert_eq!(expected.len(), top_k);

            let search = || {
                let search = db.search_vectors(index.near(&query)).project::<DocId>();
                let search = match lang {
                    Some(lang) => search.filter(Doc::LANG, lang),
                    None => search,
                };
                match year {
                    Some(year) => search.filter(Doc::YEAR, year),
                    None => search,
                }
            };
            let by_index = pairs(&search().top_k(top_k).await?);
            assert_same(&by_index, &expected, &what);
            let by_scan = pairs(&search().scan_top_k(top_k).await?);
            assert_eq!(by_scan, by_index, "{what}: to the bit");
            let in_memory = distance.nearest(&query, among.iter().map(|doc| &doc.embedding), top_k);
            let in_memory: Vec<_> = in_memory.into_iter().map(|(at, score)| (among[at].id, score)).collect();
            assert_eq!(in_memory, by_index, "{what}: to the bit");
        }
    }
    let meter = Meter::default();
    let metered = db.metered(&meter);
    let query = any_vector(&mut random);
    let whole = metered.search_vectors(Doc::BY_COSINE_INDEX.near(&query)).top_k(1).await?;
    let id = usize::try_from(whole[0].item.id).unwrap();
    assert_eq!(whole[0].item.embedding, docs[id].embedding, "the vector comes with the whole item");
    let usage = meter.usage();
    assert!(
        usage.vector_search_bytes >= 1024.0 && usage.read_units == 0.0 && usage.items_read == 1,
        "{usage:?}"
    );
    Ok(())
}

#[test]
fn the_nearest_of_10_000_in_memory_are_those_of_a_plain_sort() {
    let mut random = fastrand::Rng::with_seed(5);
    let docs = docs(&mut random, 10_000);
    let all: Vec<&Doc> = docs.iter().collect();
    for distance in [Distance::Cosine, Distance::Euclidean, Distance::DotProduct] {
        let query = any_vector(&mut random);
        let nearest = distance.nearest(&query, all.iter().map(|doc| &doc.embedding), 100);
        let nearest: Vec<_> = nearest.into_iter().map(|(at, score)| (docs[at].id, score)).collect();
        assert_same(&nearest, &reference(distance, &query, &all, 100), &format!("{distance:?}"));
    }
}

macro_rules! partitioned {
    ($($model:ident: $ty:ty, $table:literal, $pk:literal;)+) => {$(
        #[derive(Debug, Clone, Model)]
        #[dynamorm(table = $table, pk = $pk, sk = "ITEM#{id}")]
        #[dynamorm(vector_index = "near", vector = embedding, distance = euclidean, pk = part, filters(lang))]
        struct $model {
            part: $ty,
            id: u32,
            lang: Option<String>,
            embedding: Option<Vector<2>>,
        }
    )+};
}

partitioned! {
    ByText: String, "by-text", "PART#{part}";
    ByNumber: i32, "by-number", "PART#{part}";
    ByTwo: String, "by-two", "PART#{part}#{id}";
}

#[derive(Debug, Clone, Model)]
#[dynamorm(table = "by-itself", pk = part, sk = id)]
#[dynamorm(vector_index = "near", vector = embedding, distance = euclidean, pk = part, filters(lang, id))]
struct ByItself {
    part: Vec<u8>,
    id: u32,
    lang: Option<String>,
    embedding: Option<Vector<2>>,
}

/// In shards, whose keys a partition's value alone does not tell.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "by-shards", pk = "PART#{part}", sk = "ITEM#{id}", shards = 4)]
#[dynamorm(vector_index = "near", vector = embedding, distance = euclidean, pk = part, filters(lang))]
struct ByShards {
    part: String,
    id: u32,
    lang: Option<String>,
    embedding: Option<Vector<2>>,
}

/// Each partition by the index and by reading the table, which is by a query where the table has the same partitions.
#[tokio::test]
async fn a_partition_is_the_same_by_index_and_by_reading_the_table() -> Result<()> {
    macro_rules! compared {
        ($random:ident, $model:ident, $parts:expr, $operation:ident) => {{
            let db = Db::memory()?;
            db.create_table::<$model>().execute().await?;
            let parts = $parts;
            for id in 0..60_u32 {
                let part = parts[$random.usize(..parts.len())].clone();
                let lang = Some(LANGS[$random.usize(..3)].to_owned()).filter(|lang| lang != "de");
                let embedding = Some(any_vector(&mut $random)).filter(|_| id % 5 > 0);
                db.put(&$model { part, id, lang, embedding }).execute().await?;
            }
            let mut found_any = 0;
            for part in &parts {
                let query = any_vector(&mut $random);
                let search = || db.search_vectors($model::NEAR_INDEX.partition(part).near(&query));
                let pairs = |found: Vec<VectorMatch<$model>>| -> Vec<(u32, f64)> {
                    found.into_iter().map(|found| (found.item.id, found.score)).collect()
                };
                let by_index = pairs(search().top_k(100).await?);
                assert_eq!(pairs(search().scan_top_k(100).await?), by_index);
                let of_french = pairs(search().filter($model::LANG, "fr").top_k(3).await?);
                assert_eq!(pairs(search().filter($model::LANG, "fr").scan_top_k(3).await?), of_french);
                assert!(of_french.len() <= 3 && by_index.len() < 60);
                found_any += by_index.len();
                let scanned = db.clone().vectors_by_scan();
                let request =
                    scanned.search_vectors($model::NEAR_INDEX.partition(part).near(&query)).to_request(1)?;
                assert_eq!(request.operation, Operation::$operation);
            }
            assert_eq!(found_any, 48, "all that have a vector are in one of the partitions");
        }};
    }
    let mut random = fastrand::Rng::with_seed(9);
    let texts = ["a", "a#b", "%23", "ITEM#7"].map(str::to_owned);
    compared!(random, ByText, texts.clone(), Query);
    compared!(random, ByNumber, [0_i32, 7, -7, i32::MIN], Query);
    compared!(random, ByItself, [vec![0_u8], vec![1, 2], b"a".to_vec()], Query);
    // Where the table's partitions are others, all of it is read.
    compared!(random, ByTwo, texts.clone(), Scan);
    compared!(random, ByShards, texts, Scan);
    Ok(())
}

#[tokio::test]
async fn a_filter_by_a_key_of_the_table_reads_all_of_it() -> Result<()> {
    let db = Db::memory()?;
    db.create_table::<ByItself>().execute().await?;
    let embedding: Vector<2> = [1.0, 2.0].try_into()?;
    for id in [1, 2] {
        db.put(&ByItself { part: vec![7], id, lang: None, embedding: Some(embedding.clone()) })
            .execute()
            .await?;
    }
    let search = || {
        db.search_vectors(ByItself::NEAR_INDEX.partition([7_u8].as_slice()).near(&embedding))
            .filter(ByItself::ID, 2)
    };
    for found in [search().top_k(9).await?, search().scan_top_k(9).await?] {
        assert_eq!(found.iter().map(|found| found.item.id).collect::<Vec<_>>(), [2]);
    }
    Ok(())
}
