//! Any bytes as an answer of DynamoDB's: never a panic, and never another value than the bytes say.
//!
//! What is read is compared with what serde_json makes of the same bytes, and with itself after it was written and read again.
#![no_main]

use bytes::Bytes;
use dynamorm::codec::{Reader, Writer};
use dynamorm::transport::{Call, Request, Transport};
use dynamorm::{AttributeValue, Db, Document, FromItem, Item, Model, Number, Project, Timestamp, Ttl};
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::{Future, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A field of every kind, each absent if it likes.
#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = id)]
struct Everything {
    id: String,
    text: Option<String>,
    integer: Option<i64>,
    small: Option<u8>,
    wide: Option<i128>,
    fraction: Option<f64>,
    exact: Option<Number>,
    truth: Option<bool>,
    bytes: Option<Vec<u8>>,
    list: Vec<String>,
    array: Option<[u16; 2]>,
    words: BTreeSet<String>,
    numbers: BTreeSet<u32>,
    binaries: BTreeSet<Vec<u8>>,
    map: BTreeMap<String, Vec<Option<i32>>>,
    inner: Option<Box<Inner>>,
    choice: Option<Choice>,
    at: Option<Timestamp>,
    any: Option<AttributeValue>,
    #[dynamorm(version)]
    version: u64,
    #[dynamorm(ttl)]
    expires: Option<Ttl>,
}

#[derive(Debug, Document)]
struct Inner {
    name: String,
    more: Option<Box<Inner>>,
}

#[derive(Debug, Document)]
enum Choice {
    Card { last4: String },
    Cash,
}

#[derive(Debug, Project)]
#[dynamorm(of = Everything)]
struct Line<'a> {
    text: Option<Cow<'a, str>>,
    list: Option<Vec<Cow<'a, str>>>,
    integer: Option<i64>,
}

#[derive(Debug)]
struct Answer(Bytes);

impl Transport for Answer {
    fn call(&self, _request: Request) -> Call<'_> {
        Box::pin(ready(Ok(self.0.clone())))
    }
}

/// Drives a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the answer is there at once"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    as_an_item(bytes);
    let db = Db::with_transport(Answer(Bytes::copy_from_slice(bytes)));
    let page = now(db.scan::<Everything>().page());
    let borrowed = now(db.scan::<Everything>().project_borrowed::<Line>().page());
    let lines = borrowed.as_ref().map(|page| page.items());
    if let (Ok(page), Ok(Ok(lines))) = (&page, lines) {
        let owned = page.items.iter().map(|item| (item.text.as_deref(), item.integer));
        let borrowed = lines.iter().map(|line| (line.text.as_deref(), line.integer));
        assert!(owned.eq(borrowed), "what borrows is another value");
    }
    let _ = now(db.get(Everything::key("a")).optional());
    let _ = now(db.get(Everything::key("a")).consistent_read().to_request().map(ready).unwrap());
});

/// One item without a model, in every way there is to read it.
fn as_an_item(bytes: &[u8]) {
    let read = |bytes: &[u8]| {
        let mut reader = Reader::new(bytes).ok()?;
        let item = <Item as FromItem>::decode(&mut reader).ok()?;
        reader.end().ok()?;
        Some(item)
    };
    let Some(item) = read(bytes) else { return };
    let json: serde_json::Value = serde_json::from_slice(bytes).expect("what is read is JSON");
    let members: HashMap<&str, &serde_json::Value> =
        json.as_object().expect("an object").iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(item.len(), members.len());
    for (name, value) in &item {
        assert_same(value, members[name.as_str()]);
    }
    let mut writer = Writer::new();
    // What is nested deeper than DynamoDB allows is read, and cannot be written.
    if writer.item(|members| item.iter().try_for_each(|(name, value)| members.attribute(name, value))).is_ok()
    {
        assert_eq!(read(writer.as_bytes()).as_ref(), Some(&item), "what is written is read back");
    }
}

/// The value is what the JSON says.
fn assert_same(value: &AttributeValue, json: &serde_json::Value) {
    let text = |tag: &str| json[tag].as_str().expect("a text");
    let count = |tag: &str| json[tag].as_array().expect("an array").len();
    match value {
        AttributeValue::S(value) => assert_eq!(value, text("S")),
        AttributeValue::N(value) => assert_eq!(value, &text("N").parse::<Number>().expect("a number")),
        AttributeValue::Bool(value) => assert_eq!(Some(*value), json["BOOL"].as_bool()),
        AttributeValue::Null => assert_eq!(json["NULL"].as_bool(), Some(true)),
        AttributeValue::B(_) => assert!(json["B"].is_string()),
        AttributeValue::L(values) => {
            assert_eq!(values.len(), count("L"));
            values
                .iter()
                .zip(json["L"].as_array().expect("an array"))
                .for_each(|(value, json)| assert_same(value, json));
        }
        AttributeValue::M(values) => {
            let members = json["M"].as_object().expect("an object");
            assert_eq!(values.len(), members.len());
            values.iter().for_each(|(name, value)| assert_same(value, &members[name.as_str()]));
        }
        // Of elements that are the same, one stays.
        AttributeValue::Ss(values) => assert!(values.len() <= count("SS")),
        AttributeValue::Ns(values) => assert!(values.len() <= count("NS")),
        AttributeValue::Bs(values) => assert!(values.len() <= count("BS")),
        _ => {}
    }
}
