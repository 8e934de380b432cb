//! Vector search against a reference that is as plain as it can be: every vector scored, all of them sorted.
//!
//! By the vector index of the embedded engine, by a scan, and in memory; for each distance, with filters and without. The table has
//! 300 items, of which the engine makes 900 entries; `DYNAMORM_TEST_VECTORS=10000` makes it long.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

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
