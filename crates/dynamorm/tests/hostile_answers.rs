//! Answers that are not what DynamoDB sends: an error of the codec with the attribute's path, and never a panic, a wrong value or
//! much memory.

use dynamorm::transport::{Call, Request, Transport};
use dynamorm::{AttributeValue, Db, Document, ErrorKind, Model};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::collections::BTreeMap;
use std::future::ready;
use tokio::sync::Mutex;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// One test at a time, since the allocator counts for all of them.
static ALONE: Mutex<()> = Mutex::const_new(());

#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = id)]
struct Order {
    id: String,
    total: i64,
    lines: Vec<Line>,
    notes: BTreeMap<String, Vec<String>>,
    any: AttributeValue,
}

#[derive(Debug, Clone, PartialEq, Document)]
struct Line {
    sku: String,
    count: u8,
}

#[derive(Debug)]
struct Answer(String);

impl Transport for Answer {
    fn call(&self, _request: Request) -> Call<'_> {
        Box::pin(ready(Ok(self.0.clone().into())))
    }
}

const PAGE: &str = r#"{"Count":1,"Items":[{"id":{"S":"u1"},"total":{"N":"-7"},"lines":{"L":[{"M":{"sku":{"S":"a\"b"},"count":{"N":"2"}}}]},"notes":{"M":{"x":{"L":[{"S":"y"}]}}},"any":{"NULL":true}}],"LastEvaluatedKey":{"id":{"S":"u1"}},"ScannedCount":1}"#;

/// What reading an answer says, and how much it asked the allocator for.
async fn read(answer: String) -> (Result<Vec<Order>, (ErrorKind, String)>, usize) {
    let db = Db::with_transport(Answer(answer));
    let region = Region::new(ALLOCATOR);
    let page = db.scan::<Order>().page().await;
    let bytes = region.change().bytes_allocated;
    (page.map(|page| page.items).map_err(|error| (error.kind(), error.to_string())), bytes)
}

#[tokio::test]
async fn an_answer_cut_off_anywhere_is_an_error() {
    let _alone = ALONE.lock().await;
    let (whole, _) = read(PAGE.to_owned()).await;
    assert_eq!(whole.unwrap().len(), 1);
    for end in (0..PAGE.len()).filter(|end| PAGE.is_char_boundary(*end)) {
        let (cut, _) = read(PAGE[..end].to_owned()).await;
        assert_eq!(cut.map_err(|(kind, _)| kind), Err(ErrorKind::Codec), "{}", &PAGE[..end]);
    }
}

#[tokio::test]
async fn a_wrong_type_is_named_with_its_path() {
    let _alone = ALONE.lock().await;
    for (right, wrong, problem) in [
        (r#""total":{"N":"-7"}"#, r#""total":{"S":"-7"}"#, "attribute `total` has type S, expected N"),
        (r#""total":{"N":"-7"}"#, r#""total":{"N":"-7.5"}"#, "attribute `total` is not a whole number"),
        (r#""total":{"N":"-7"}"#, r#""total":{"N":"1E+30"}"#, "attribute `total` does not fit in `i64`"),
        (r#""total":{"N":"-7"},"#, "", "attribute `total` is missing"),
        (r#""count":{"N":"2"}"#, r#""count":{"N":"256"}"#, "attribute `lines[0].count` does not fit in `u8`"),
        (r#""sku":{"S":"a\"b"},"#, "", "attribute `lines[0].sku` is missing"),
        (
            r#"[{"S":"y"}]"#,
            r#"[{"S":"y"},{"BOOL":true}]"#,
            "attribute `notes.x[1]` has type BOOL, expected S",
        ),
        (r#"{"M":{"x":"#, r#"{"M":{"x":null,"z":"#, "attribute `notes.x` is malformed at byte"),
        (r#""any":{"NULL":true}"#, r#""any":{"NULL":false}"#, "attribute `any` is malformed at byte"),
    ] {
        let answer = PAGE.replacen(right, wrong, 1);
        assert_ne!(answer, PAGE, "{right}");
        let (kind, text) = read(answer).await.0.unwrap_err();
        assert_eq!(kind, ErrorKind::Codec, "{text}");
        assert!(text.starts_with(&format!("Scan on \"app\": {problem}")), "{text}");
    }
}

#[tokio::test]
async fn ten_thousand_levels_are_refused_in_little_memory() {
    let _alone = ALONE.lock().await;
    let levels = 10_000;
    let nested =
        |open: &str, close: &str| format!("{}{{\"NULL\":true}}{}", open.repeat(levels), close.repeat(levels));
    for (open, close) in [("{\"L\":[", "]}"), ("{\"M\":{\"a\":", "}}"), ("[", "]"), ("{\"a\":", "}")] {
        for place in ["{\"NULL\":true}", "{\"S\":\"y\"}"] {
            // Where any value may stand, where a text must, and behind a name that no model has.
            for answer in [
                PAGE.replacen(place, &nested(open, close), 1),
                PAGE.replacen("\"Count\":1", &format!("\"Unknown\":{}", nested(open, close)), 1),
                PAGE.replacen("\"any\"", &format!("\"unknown\":{},\"any\"", nested(open, close)), 1),
            ] {
                let (read, bytes) = read(answer.clone()).await;
                assert_eq!(read.map_err(|(kind, _)| kind), Err(ErrorKind::Codec));
                assert!(bytes < 8 * answer.len(), "{bytes} bytes for an answer of {}", answer.len());
            }
        }
    }
}

#[tokio::test]
async fn what_an_answer_says_of_itself_takes_no_memory() {
    let _alone = ALONE.lock().await;
    let answer = PAGE.replacen("\"Count\":1", "\"Count\":18446744073709551615", 1);
    let (read, bytes) = read(answer).await;
    assert_eq!(read.unwrap().len(), 1);
    assert!(bytes < 1 << 20, "{bytes} bytes");
}
