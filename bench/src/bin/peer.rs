//! Our side of the comparison with mappers of other languages, and the official client with serde_dynamo: so many pages and so
//! many puts over loopback, and what they cost this process on the processor.
//!
//! `peer dynamorm|serde_dynamo ENDPOINT PAGES PUTS` prints `{"page_us": …, "put_us": …}`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing to say"
)]

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use cpu_time::ProcessTime;
use dynamorm::Db;
use dynamorm_bench::models::{Item, User};
use dynamorm_bench::theirs::{put_through, query_through};
use std::hint::black_box;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [who, endpoint, pages, puts] = arguments.as_slice() else {
        panic!("usage: peer dynamorm|serde_dynamo ENDPOINT PAGES PUTS")
    };
    let (pages, puts) = (pages.parse().expect("a number"), puts.parse().expect("a number"));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "bench"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint);
    let client = Client::from_conf(config.build());
    let user = User::number(1);
    let (page, put) = match who.as_str() {
        "dynamorm" => {
            let db = &Db::new(client);
            let page = async || {
                let key = User::PRIMARY_KEY.partition("TENANT#acme-0001").begins_with("USER#");
                assert_eq!(db.query::<User>().key(key).page().await.expect("a page").items.len(), 100);
            };
            (
                time(pages, page).await,
                time(puts, async || db.put(&user).execute().await.expect("a put")).await,
            )
        }
        _ => {
            let page = async || assert_eq!(black_box(query_through(&client).await).len(), 100);
            (time(pages, page).await, time(puts, async || put_through(&client, &user).await).await)
        }
    };
    println!(r#"{{"page_us": {page:.1}, "put_us": {put:.1}}}"#);
}

/// Microseconds of this process on the processor for each, after a fifth of them to warm up.
async fn time(times: u32, each: impl AsyncFn()) -> f64 {
    for _ in 0..times / 5 {
        each().await;
    }
    let start = ProcessTime::now();
    for _ in 0..times {
        each().await;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}
