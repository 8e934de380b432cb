//! DynamORM's side: what a program would write.

use crate::models::{Item, User, UserLine};
use bytes::Bytes;
use dynamorm::transport::{Call, Request, Transport};
use dynamorm::{BorrowedPage, Db};
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A DynamoDB that gives one answer to everything, at once.
#[derive(Debug)]
pub struct Canned(pub Bytes);

impl Transport for Canned {
    fn call(&self, _request: Request) -> Call<'_> {
        Box::pin(ready(Ok(self.0.clone())))
    }
}

/// A database that answers so.
#[must_use]
pub fn db(answer: Bytes) -> Db {
    Db::with_transport(Canned(answer))
}

/// Drives a future that never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the answer is there at once"),
    }
}

/// An item as it stands in a request.
#[must_use]
pub fn item_json<T: Item>(item: &T) -> String {
    let request = db(Bytes::new()).put(item).to_request().expect("an item that can be written");
    let json = request.json();
    let item = json.strip_prefix(r#"{"TableName":"app","Item":"#).expect("a put");
    item.strip_suffix('}').expect("a put of nothing else").to_owned()
}

/// Reads a page of users by their key.
#[must_use]
pub fn users(db: &Db) -> Vec<User> {
    now(db.query::<User>().key(User::PRIMARY_KEY.partition("TENANT#acme-0001")).page()).expect("a page").items
}

/// Reads a page of anything.
#[must_use]
pub fn scan<T: Item>(db: &Db) -> Vec<T> {
    now(db.scan::<T>().page()).expect("a page").items
}

/// An answer of 100 users.
#[must_use]
pub fn page_of_lines() -> BorrowedPage<'static, UserLine<'static>> {
    let db: &'static Db = Box::leak(Box::new(db(crate::models::page(&User::many(100)))));
    now(db.scan::<User>().project_borrowed::<UserLine<'static>>().page()).expect("a page")
}

/// The users in it, borrowed.
#[must_use]
pub fn lines<'a>(page: &'a BorrowedPage<'static, UserLine<'static>>) -> Vec<UserLine<'a>> {
    page.items().expect("users")
}

/// The request of a query by both keys, with a filter of three terms.
#[must_use]
pub fn query_request(db: &Db, revision: u64) -> Request {
    let filter = User::ACTIVE.eq(true) & User::CREDITS.ge(100) & User::REVISION.lt(revision);
    let key = User::PRIMARY_KEY.partition("TENANT#acme-0001").begins_with("USER#");
    db.query::<User>().key(key).filter(filter).limit(100).to_request().expect("a query")
}

/// The request of an update of three attributes under a condition.
#[must_use]
pub fn update_request(db: &Db, credits: i64) -> Request {
    db.update(User::key("TENANT#acme-0001", "USER#01J9ZK3T7Q00000001"))
        .set(User::NAME, "Ada Lovelace")
        .add(User::CREDITS, credits)
        .set(User::ACTIVE, true)
        .condition(User::CREDITS.ge(credits))
        .to_request()
        .expect("an update")
}

/// The item alone, as a put writes it.
#[must_use]
pub fn encoded(user: &User) -> Vec<u8> {
    let mut writer = dynamorm::codec::Writer::with_capacity(1_024);
    writer
        .item(|item| {
            item.attribute("pk", &user.pk)?;
            item.attribute("sk", &user.sk)?;
            item.attribute("email", &user.email)?;
            item.attribute("name", &user.name)?;
            item.attribute("tenant_id", &user.tenant_id)?;
            item.attribute("created_at", &user.created_at)?;
            item.attribute("revision", &user.revision)?;
            item.attribute("credits", &user.credits)?;
            item.attribute("score", &user.score)?;
            item.attribute("active", &user.active)?;
            item.attribute("roles", &user.roles)?;
            item.attribute("address", &user.address)?;
            item.attribute("tags", &user.tags)
        })
        .expect("an item that can be written");
    writer.into_bytes()
}
