//! The cache takes the bytes that it may, as the allocator counts them, and hardly more.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use dynamorm::transport::{Call, Request, Transport};
use dynamorm::{Db, Model};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Debug, Model)]
#[dynamorm(table = "app", pk = id)]
struct Blob {
    id: u32,
    text: String,
}

/// Any item there is, of a size that depends on its key.
#[derive(Debug)]
struct Endless {
    longest: usize,
}

impl Transport for Endless {
    fn call(&self, request: Request) -> Call<'_> {
        let json = request.json();
        let id: usize =
            json.split("\"N\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().parse().unwrap();
        let text = "x".repeat(id * 7_919 % self.longest);
        let answer = format!(r#"{{"Item":{{"id":{{"N":"{id}"}},"text":{{"S":"{text}"}}}}}}"#);
        Box::pin(async move { Ok(answer.into()) })
    }
}

#[tokio::test]
async fn the_cache_takes_the_bytes_that_it_may_and_hardly_more() {
    let limit = 8 << 20;
    for longest in [200, 4_000, 100_000] {
        let region = Region::new(ALLOCATOR);
        let db = Db::with_transport(Endless { longest }).cache(limit);
        let mut most = 0;
        let items = 4 * u32::try_from(limit).unwrap() / u32::try_from(longest / 2 + 400).unwrap();
        for id in 0..items {
            let blob = db.get(Blob::key(id)).cached(Duration::from_secs(3600)).one().await.unwrap();
            assert!(blob.text.len() < longest);
            let stats = region.change();
            most = most.max(stats.bytes_allocated.saturating_sub(stats.bytes_deallocated) as u64);
        }
        println!("items of up to {longest} bytes: {most} of {limit} bytes");
        assert!(
            most < limit + limit / 10,
            "items of up to {longest} bytes: {most} bytes are taken, {limit} may be"
        );
        assert!(most > limit / 2, "items of up to {longest} bytes: only {most} of {limit} bytes are used");
    }
}
