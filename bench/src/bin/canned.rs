//! A DynamoDB on loopback that gives the same answers to everybody: a page of 100 users, and that a put was done.
//!
//! `canned FILE` writes its address to the file, answers at most so many requests, and ends by itself after so many minutes.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use bytes::Bytes;
use dynamorm_bench::models::{Item, User, page};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const AT_MOST_REQUESTS: usize = 1_000_000;
const AT_MOST: Duration = Duration::from_secs(30 * 60);

/// Requests and bytes that are larger than any program of this benchmark sends.
const AT_MOST_BODY: usize = 1 << 20;

fn main() {
    let file = std::env::args().nth(1).expect("usage: canned FILE");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::fs::write(file, format!("http://{address}")).expect("the file of the address");
    std::thread::spawn(|| {
        std::thread::sleep(AT_MOST);
        std::process::exit(0);
    });
    let page = page(&User::many(100));
    let requests = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        let (page, requests) = (page.clone(), Arc::clone(&requests));
        std::thread::spawn(move || serve(stream, &page, &requests));
    }
}

/// Answers the requests of one connection, until it is closed or says what is no request.
fn serve(stream: TcpStream, page: &Bytes, requests: &AtomicUsize) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let (mut target, mut length, mut line) = (String::new(), 0, String::new());
        loop {
            line.clear();
            if reader.by_ref().take(16 << 10).read_line(&mut line).ok()? == 0 {
                return None;
            }
            let (name, value) = match line.trim_end() {
                "" => break,
                line => line.split_once(':').unwrap_or_default(),
            };
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => value.trim().clone_into(&mut target),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
        if length > AT_MOST_BODY || requests.fetch_add(1, Ordering::Relaxed) >= AT_MOST_REQUESTS {
            return None;
        }
        std::io::copy(&mut reader.by_ref().take(length as u64), &mut std::io::sink()).ok()?;
        let answer: &[u8] = if target.ends_with(".Query") { page } else { b"{}" };
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        writer.write_all(&[head.as_bytes(), answer].concat()).ok()?;
    }
}
