//! What stays in use while much is read and written, each in a process of its own: the high-water mark is the process's.
//!
//! ```text
//! cargo run --release -p dynamorm-bench --bin memory                prints all of it
//! cargo run --release -p dynamorm-bench --bin memory -- --json      the same as JSON, for the table of times
//! cargo run --release -p dynamorm-bench --bin memory -- ITEMS       with so many items on the embedded engine instead of 1,000,000
//! ```
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use dynamorm::Db;
use dynamorm::transport::{Call, Request, Transport};
use dynamorm_bench::models::{Item, Small, User};
use dynamorm_bench::ours::item_json;
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

type Outcome = std::result::Result<Value, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("memory: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> std::result::Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let figures = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--stream"] => stream().await?,
        ["--engine", items] => engine(items.parse()?).await?,
        arguments => {
            let is_json = arguments.contains(&"--json");
            let items = arguments.iter().find(|argument| **argument != "--json").unwrap_or(&"1000000");
            let figures = json!({ "stream": part(&["--stream"])?, "engine": part(&["--engine", items])? });
            if !is_json {
                println!("{figures:#}");
                return Ok(());
            }
            figures
        }
    };
    println!("{figures}");
    Ok(())
}

/// One of the measurements, in a process of its own.
fn part(arguments: &[&str]) -> Outcome {
    let output = Command::new(std::env::current_exe()?).args(arguments).stderr(Stdio::inherit()).output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A line of `/proc/self/status`, in megabytes.
fn status(line: &str) -> std::result::Result<f64, Box<dyn Error>> {
    let status =
        std::fs::read_to_string("/proc/self/status").map_err(|_| "memory is read from Linux's /proc")?;
    let line =
        status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':')).ok_or("no such line")?;
    let kilobytes = line.split_whitespace().next().ok_or("no number")?;
    Ok(kilobytes.parse::<f64>()? / 1_024.0)
}

/// Pages of 2,000 items, about a megabyte each, as DynamoDB gives them.
#[derive(Debug)]
struct Pages {
    left: AtomicUsize,
}

const PAGE: usize = 2_000;

impl Transport for Pages {
    fn call(&self, _request: Request) -> Call<'_> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        let items: Vec<String> =
            (left * PAGE..(left + 1) * PAGE).map(|n| item_json(&User::number(n))).collect();
        let last = match left {
            1 => String::new(),
            _ => format!(r#","LastEvaluatedKey":{{"pk":{{"S":"page"}},"sk":{{"S":"{left}"}}}}"#),
        };
        let answer =
            format!(r#"{{"Count":{PAGE},"Items":[{}]{last},"ScannedCount":{PAGE}}}"#, items.join(","));
        drop(items);
        Box::pin(std::future::ready(Ok(answer.into())))
    }
}

/// How much more than before is in use at most while 100,000 items are read one by one, the answers and their making included.
async fn stream() -> Outcome {
    let read = async |pages| {
        let db = Db::with_transport(Pages { left: AtomicUsize::new(pages) });
        db.scan::<User>().stream().try_fold(0, async |count, _| Ok::<usize, dynamorm::Error>(count + 1)).await
    };
    std::fs::write("/proc/self/clear_refs", "5")?;
    let idle = status("VmHWM")?;
    let items = read(50).await?;
    let above = status("VmHWM")? - idle;
    Ok(json!({ "items": items, "idle_mb": idle, "above_idle_mb": above }))
}

/// Writes and reads many items on the engine, in a file, and tells what a tenth of them takes at the beginning and at the end.
async fn engine(items: usize) -> Outcome {
    const AT_ONCE: usize = 1_000;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target")
        .join(format!("memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = async {
        let db = Db::open(folder.join("items.db"))?;
        db.create_table::<Small>().execute().await?;
        let mut writing = Tenths::new(items);
        for from in (0..items).step_by(AT_ONCE) {
            let batch: Vec<Small> = (from..(from + AT_ONCE).min(items)).map(Small::number).collect();
            db.batch_write().put_all(&batch).execute().await?;
            writing.add(batch.len());
        }
        let mut reading = Tenths::new(items);
        let mut read = pin!(db.scan::<Small>().stream());
        while read.try_next().await?.is_some() {
            reading.add(1);
        }
        Ok(json!({ "items": items, "write": writing.figures(), "read": reading.figures() }))
    };
    let measured: dynamorm::Result<Value> = measured.await;
    std::fs::remove_dir_all(&folder)?;
    Ok(measured?)
}

/// Time and memory after each tenth of the work.
struct Tenths {
    each: usize,
    done: usize,
    since: Instant,
    microseconds: Vec<f64>,
    megabytes: Vec<f64>,
}

impl Tenths {
    fn new(items: usize) -> Self {
        let each = (items / 10).max(1);
        Self { each, done: 0, since: Instant::now(), microseconds: Vec::new(), megabytes: Vec::new() }
    }

    fn add(&mut self, items: usize) {
        self.done += items;
        if self.done >= self.each {
            self.microseconds.push(self.since.elapsed().as_secs_f64() * 1e6 / self.done as f64);
            self.megabytes.push(status("VmRSS").unwrap_or_default());
            (self.done, self.since) = (0, Instant::now());
        }
    }

    fn figures(&self) -> Value {
        json!({ "microseconds_an_item": self.microseconds, "megabytes": self.megabytes })
    }
}
