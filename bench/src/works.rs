//! Pieces of work that are counted one by one: what each allocates and executes.

use crate::models::{Item, Small, User, UserLine, Wide, answer, page};
use crate::ours;
use std::hint::black_box;

/// The work that reads items which borrow from the answer.
const BORROWED: &str = "decode 100 x 11 attributes, borrowed";

/// Something that is done again and again, of which each time costs the same.
pub struct Work {
    /// Its name in the baseline.
    pub name: &'static str,
    /// How many items are in it.
    pub items: usize,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("name", &self.name).finish_non_exhaustive()
    }
}

fn work<T>(name: &'static str, items: usize, mut run: impl FnMut() -> T + 'static) -> Work {
    Work { name, items, run: Box::new(move || drop(black_box(run()))) }
}

/// Reads a page of 100 items.
fn decode<T: Item>(name: &'static str) -> Work {
    let db = ours::db(page(&T::many(100)));
    work(name, 100, move || ours::scan::<T>(&db))
}

/// What DynamORM does.
#[must_use]
pub fn ours() -> Vec<Work> {
    let user = User::number(1);
    let users = User::many(25);
    let found = ours::db(answer(&user));
    let written = ours::db("{}".into());
    let page = ours::page_of_lines();
    let put = {
        let (db, user) = (written.clone(), user.clone());
        move || db.put(&user).to_request().expect("a put")
    };
    let execute = {
        let (db, user) = (written.clone(), user);
        move || ours::now(db.put(&user).execute()).expect("a put")
    };
    let batch = {
        let db = written.clone();
        move || db.batch_write().put_all(&users).to_requests().expect("a batch")
    };
    let query = {
        let db = written.clone();
        move || ours::query_request(&db, 7)
    };
    let update = {
        let db = written;
        move || ours::update_request(&db, 7)
    };
    let get = move || ours::now(found.get(User::key("TENANT#acme-0001", "USER#1")).one()).expect("a user");
    vec![
        decode::<Small>("decode 100 x 4 attributes"),
        decode::<User>("decode 100 x 13 attributes"),
        decode::<Wide>("decode 100 x 60 attributes"),
        work(BORROWED, 100, move || ours::lines(&page).len()),
        work("get an item", 1, get),
        work("put an item", 1, execute),
        work("encode a put", 1, put),
        work("encode a batch of 25", 25, batch),
        work("encode a query", 1, query),
        work("encode an update", 1, update),
    ]
}

/// What a copy of the items takes: their own strings and vectors.
#[must_use]
pub fn copies() -> Vec<Work> {
    fn copy<T: Item>(name: &'static str) -> Work {
        let items = T::many(100);
        work(name, 100, move || items.clone())
    }
    vec![
        copy::<Small>("decode 100 x 4 attributes"),
        copy::<User>("decode 100 x 13 attributes"),
        copy::<Wide>("decode 100 x 60 attributes"),
        work(BORROWED, 100, copy_lines()),
    ]
}

/// A copy of items that borrow: their vectors, and texts that are escaped in the answer.
fn copy_lines() -> impl FnMut() -> Vec<UserLine<'static>> {
    let page: &'static _ = Box::leak(Box::new(ours::page_of_lines()));
    let lines = ours::lines(page);
    move || lines.clone()
}

/// What the official client and serde_dynamo do for the same.
#[cfg(feature = "theirs")]
#[must_use]
pub fn theirs() -> Vec<Work> {
    use crate::theirs::{self, Parser};

    fn decode<T: Item>(name: &'static str) -> Work {
        let (parser, body) = (Parser::default(), page(&T::many(100)));
        work(name, 100, move || parser.items::<T>(&body))
    }
    let (user, users) = (User::number(1), User::many(25));
    vec![
        decode::<Small>("decode 100 x 4 attributes"),
        decode::<User>("decode 100 x 13 attributes"),
        decode::<Wide>("decode 100 x 60 attributes"),
        work("encode a put", 1, move || theirs::put(&user)),
        work("encode a batch of 25", 25, move || theirs::batch(&users)),
        work("encode a query", 1, || theirs::query(7)),
        work("encode an update", 1, || theirs::update(7)),
    ]
}
