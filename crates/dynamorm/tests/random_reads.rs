//! Random writes and reads through faults: whatever goes wrong and is tried again, every read gives what a model holds.

use dynamorm::transport::{Embedded, Faults};
use dynamorm::{Db, Model, Result, StartKey, StartKeys};
use std::collections::BTreeMap;

const OPERATIONS: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "SHELF#{shelf}", sk = "BOOK#{number}")]
#[dynamorm(index = "by-title", pk = title, sk = number)]
struct Book {
    shelf: u8,
    number: u8,
    /// Empty: not in the index.
    title: Option<String>,
}

/// Lies between the books.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "SHELF#{shelf}", sk = "LABEL")]
struct Label {
    shelf: u8,
}

type Held = BTreeMap<(u8, u8), Book>;

/// Tries until no fault is left. Every write here may be done twice.
async fn insist<T>(mut call: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    loop {
        match call().await {
            Err(error) if error.is_invalid_request() => return Err(error),
            Err(_) => {}
            Ok(done) => return Ok(done),
        }
    }
}

fn held(books: Vec<Book>) -> Held {
    let count = books.len();
    let held: Held = books.into_iter().map(|book| ((book.shelf, book.number), book)).collect();
    assert_eq!(held.len(), count, "an item was given twice");
    held
}

/// Everything by takes of `n`, each of which may fail and is then tried again from where the last one ended.
async fn by_takes(db: &Db, n: usize) -> Result<Vec<Book>> {
    let (mut books, mut next): (_, Option<StartKey>) = (Vec::new(), None);
    loop {
        let page = insist(async || db.scan::<Book>().start_key(next.clone()).take(n).await).await?;
        assert!(page.items.len() == n || page.next.is_none());
        books.extend(page.items);
        let Some(key) = page.next else { return Ok(books) };
        next = Some(key.to_string().parse()?);
    }
}

async fn by_parallel_takes(db: &Db, n: usize, segments: u32, concurrency: usize) -> Result<Vec<Book>> {
    let (mut books, mut next): (_, Option<StartKeys>) = (Vec::new(), None);
    loop {
        let scan = || db.scan::<Book>().parallel(segments).concurrency(concurrency);
        let page = insist(async || scan().start_key(next.clone()).take(n).await).await?;
        assert!(page.items.len() == n || page.next.is_none());
        books.extend(page.items);
        let Some(keys) = page.next else { return Ok(books) };
        next = Some(keys.to_string().parse()?);
    }
}

#[tokio::test]
async fn every_read_through_faults_gives_what_was_written() -> Result<()> {
    let faults =
        Faults::new(Embedded::memory()?).seed(11).throttle(0.02).unavailable(0.02).lost_response(0.02);
    let db = Db::with_transport(faults.clone().small_pages(7));
    insist(async || db.create_table::<(Book, Label)>().execute().await).await?;
    for shelf in 0..6 {
        insist(async || db.put(&Label { shelf }).execute().await).await?;
    }
    let mut random = fastrand::Rng::with_seed(7);
    let mut expected = Held::new();
    for _ in 0..OPERATIONS {
        let (shelf, number) = (random.u8(0..6), random.u8(0..12));
        match random.u8(0..100) {
            0..60 => {
                let title = random.bool().then(|| format!("title {}", random.u8(0..3)));
                let book = Book { shelf, number, title };
                insist(async || db.put(&book).execute().await).await?;
                expected.insert((shelf, number), book);
            }
            60..95 => {
                insist(async || db.delete(Book::key(shelf, number)).execute().await).await?;
                expected.remove(&(shelf, number));
            }
            95 => assert_eq!(held(by_takes(&db, random.usize(1..20)).await?), expected),
            96 => {
                let (n, segments, concurrency) = (random.usize(1..20), random.u32(1..6), random.usize(1..4));
                assert_eq!(held(by_parallel_takes(&db, n, segments, concurrency).await?), expected);
            }
            97 => {
                let query = || db.query::<Book>().key(Book::PRIMARY_KEY.partition(shelf));
                let books = insist(async || query().all().await).await?;
                let on_shelf: Vec<&Book> =
                    expected.range((shelf, 0)..=(shelf, u8::MAX)).map(|(_, book)| book).collect();
                assert_eq!(books.iter().collect::<Vec<_>>(), on_shelf);
            }
            98 => {
                let scan = || db.scan::<Book>().index(Book::BY_TITLE_INDEX);
                let titled = expected.values().filter(|book| book.title.is_some()).count();
                assert_eq!(insist(async || scan().all().await).await?.len(), titled);
            }
            _ => {
                let filter = || db.scan::<Book>().filter(Book::TITLE.exists()).parallel(3);
                let titled = expected.values().filter(|book| book.title.is_some()).count();
                assert_eq!(insist(async || filter().count().await).await?, titled as u64);
            }
        }
    }
    assert!(faults.injected().len() > 100);
    Ok(())
}
