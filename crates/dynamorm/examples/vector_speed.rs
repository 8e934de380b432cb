//! How fast vectors are searched here: 10,000 of 768 numbers, in memory and in the bytes of a scan's answers, beside a plain loop over
//! one contiguous array.
//!
//! ```sh
//! cargo run --release -p dynamorm --example vector_speed
//! ```

use bytes::Bytes;
use dynamorm::codec::Writer;
use dynamorm::transport::{Call, Request, Transport};
use dynamorm::{Attribute, Db, Distance, Model, Project, Result, Vector};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const ITEMS: usize = 10_000;
const DIMENSIONS: usize = 768;
/// About a megabyte of JSON.
const ITEMS_OF_A_PAGE: usize = 70;
const RUNS: usize = 7;

#[derive(Model)]
#[dynamorm(table = "docs", pk = id)]
#[dynamorm(vector_index = "by-cosine", vector = embedding, distance = cosine)]
struct Doc {
    id: String,
    embedding: Vector<DIMENSIONS>,
}

#[derive(Project)]
#[dynamorm(of = Doc)]
struct DocId {
    id: String,
}

/// Answers scans with pages that were made before.
#[derive(Debug)]
struct Pages {
    pages: Vec<Bytes>,
    next: AtomicUsize,
}

impl Transport for Pages {
    fn call(&self, _: Request) -> Call<'_> {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.pages.len();
        let page = self.pages.get(at).cloned().unwrap_or_default();
        Box::pin(std::future::ready(Ok(page)))
    }
}

fn pages(vectors: &[Vector<DIMENSIONS>]) -> Result<Vec<Bytes>> {
    let mut pages = Vec::new();
    for (nth, chunk) in vectors.chunks(ITEMS_OF_A_PAGE).enumerate() {
        let mut page = String::from("{\"Items\":[");
        let mut last = String::new();
        for (at, vector) in chunk.iter().enumerate() {
            let mut writer = Writer::new();
            vector.encode(&mut writer)?;
            last = format!("{{\"id\":{{\"S\":\"d{}\"}}", nth * ITEMS_OF_A_PAGE + at);
            page.push_str(if at == 0 { "" } else { "," });
            page.push_str(&format!("{last},\"embedding\":{}}}", String::from_utf8_lossy(writer.as_bytes())));
        }
        page.push_str(&format!("],\"Count\":{0},\"ScannedCount\":{0}", chunk.len()));
        if (nth + 1) * ITEMS_OF_A_PAGE < vectors.len() {
            page.push_str(&format!(",\"LastEvaluatedKey\":{last}}}"));
        }
        page.push('}');
        pages.push(Bytes::from(page));
    }
    Ok(pages)
}

/// The loop that anyone would write first. The ten nearest are found by it too.
fn plain(distance: Distance, query: &[f32], all: &[f32]) -> Vec<(f64, usize)> {
    let mut best: Vec<(f64, usize)> = Vec::new();
    for (at, vector) in all.chunks_exact(query.len()).enumerate() {
        let (mut product, mut of_query, mut of_vector, mut difference) = (0.0, 0.0, 0.0, 0.0);
        for (a, b) in query.iter().zip(vector) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            match distance {
                Distance::Cosine => {
                    product += a * b;
                    of_query += a * a;
                    of_vector += b * b;
                }
                Distance::Euclidean => difference += (a - b) * (a - b),
                Distance::DotProduct => product += a * b,
            }
        }
        let rank = match distance {
            Distance::Cosine => 1.0 - product / f64::sqrt(of_query * of_vector),
            Distance::Euclidean => f64::sqrt(difference),
            Distance::DotProduct => -product,
        };
        let place = best.partition_point(|(other, _)| *other <= rank);
        if place < 10 {
            best.insert(place, (rank, at));
            best.truncate(10);
        }
    }
    best
}

/// The shortest of several runs.
fn measured<T>(mut run: impl FnMut() -> T) -> Duration {
    let one = |_| {
        let began = Instant::now();
        black_box(run());
        began.elapsed()
    };
    (0..RUNS).map(one).min().unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut random = fastrand::Rng::with_seed(1);
    let all: Vec<f32> = (0..ITEMS * DIMENSIONS).map(|_| random.f32() * 0.2 - 0.1).collect();
    let vectors = all.chunks_exact(DIMENSIONS).map(Vector::try_from).collect::<Result<Vec<_>, _>>()?;
    let query: Vector<DIMENSIONS> =
        (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect::<Vec<_>>().try_into()?;

    for distance in [Distance::Cosine, Distance::Euclidean, Distance::DotProduct] {
        let plainly = measured(|| plain(distance, query.as_slice(), &all));
        let ours = measured(|| distance.nearest(&query, &vectors, 10));
        let found = distance.nearest(&query, &vectors, 10).into_iter().map(|(at, _)| at);
        let same = plain(distance, query.as_slice(), &all).into_iter().map(|(_, at)| at).eq(found);
        println!(
            "{distance:?}: a plain loop {plainly:.2?}, `nearest` {ours:.2?}: {:.2} times as fast, the same items: {same}",
            plainly.as_secs_f64() / ours.as_secs_f64()
        );
    }

    let pages = pages(&vectors)?;
    let bytes = pages.iter().map(Bytes::len).sum::<usize>();
    let db = Db::with_transport(Pages { pages, next: AtomicUsize::new(0) });
    let mut shortest = Duration::MAX;
    for _ in 0..RUNS {
        let began = Instant::now();
        let search = db.search_vectors(Doc::BY_COSINE_INDEX.near(&query)).project::<DocId>();
        let found = search.scan_top_k(10).await?;
        shortest = shortest.min(began.elapsed());
        let nearest = Distance::Cosine.nearest(&query, &vectors, 10);
        let same = found.iter().zip(&nearest).all(|(found, (at, _))| found.item.id == format!("d{at}"));
        assert!(same && found.len() == 10, "the items of the scan are others");
    }
    let megabytes = bytes as f64 / 1e6;
    println!(
        "`scan_top_k` over {megabytes:.0} MB of answers, reading the digits and all: {shortest:.2?}, {:.0} MB/s, {:.0} ns a number",
        megabytes / shortest.as_secs_f64(),
        shortest.as_secs_f64() * 1e9 / (ITEMS * DIMENSIONS) as f64
    );
    Ok(())
}
