//! Times DynamORM beside the official client with serde_dynamo, in one run and on the same bytes.
//!
//! ```text
//! cargo run --release -p dynamorm-bench              prints a table, and writes target/bench.json
//! cargo run --release -p dynamorm-bench -- --check   the same, and fails if a figure does not hold
//! cargo run --release -p dynamorm-bench -- decode    only the figures whose names have this word
//! ```
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use dynamorm::Db;
use dynamorm::transport::Aws;
use dynamorm_bench::measure::{RUNS, compare};
use dynamorm_bench::models::{Item, Small, User, Wide, answer, page};
use dynamorm_bench::table::{Figure, print, print_head, write};
use dynamorm_bench::{ours, theirs};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = arguments.iter().find(|word| word.starts_with('-') && *word != "--check") {
        eprintln!("dynamorm-bench: unknown option `{unknown}`\n\n{HELP}");
        return ExitCode::FAILURE;
    }
    let check = arguments.iter().any(|argument| argument == "--check");
    let words = arguments.into_iter().filter(|argument| argument != "--check").collect();
    let mut table = Table { words, figures: Vec::new() };
    println!(
        "Median CPU time of {RUNS} runs in turns, and the ratio of both sides with its spread over the runs.\n"
    );
    print_head();
    decode(&mut table);
    encode(&mut table);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    through_the_client(&mut table, &runtime);
    embedded(&mut table, &runtime);
    for (what, measure) in [("allocations", allocations as fn(&mut Table) -> Outcome), ("memory", memory)] {
        if let Err(problem) = measure(&mut table) {
            eprintln!("dynamorm-bench: {what} cannot be measured: {problem}");
            return ExitCode::FAILURE;
        }
    }

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench.json");
    let holds = match write(&table.figures, &path) {
        Ok(holds) => holds,
        Err(error) => {
            eprintln!("dynamorm-bench: target/bench.json cannot be written: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("\nwritten to target/bench.json");
    match (check, holds) {
        (_, true) => ExitCode::SUCCESS,
        (true, false) => ExitCode::FAILURE,
        (false, false) => {
            println!("not every figure holds; --check makes that a failure");
            ExitCode::SUCCESS
        }
    }
}

const HELP: &str = "Times DynamORM beside the official AWS client with serde_dynamo.

usage: cargo run --release -p dynamorm-bench [-- [--check] [WORD ...]]

  --check   exit with 1 if a figure is over its limit
  WORD      only figures whose names have one of these words, such as `decode` or `client`";

struct Table {
    words: Vec<String>,
    figures: Vec<Figure>,
}

impl Table {
    /// True if the figure is asked for.
    fn wants(&self, figure: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| figure.contains(word.as_str()))
    }

    fn add(&mut self, figure: Figure) {
        print(&figure);
        self.figures.push(figure);
    }

    /// Compares two ways, for so many pieces of work each.
    fn compare<A, B>(
        &mut self,
        name: &str,
        per: usize,
        limit: Option<f64>,
        ours: impl FnMut() -> A,
        theirs: impl FnMut() -> B,
    ) {
        if self.wants(name) {
            self.add(Figure::times(name, per, compare(ours, theirs), limit));
        }
    }
}

fn decode(table: &mut Table) {
    decode_of::<Small>(table);
    decode_of::<User>(table);
    decode_of::<Wide>(table);
}

fn decode_of<T: Item>(table: &mut Table) {
    let parser = theirs::Parser::default();
    for count in [1, 100, 1_000] {
        let items = T::many(count);
        let body = page(&items);
        let plain = serde_json::to_vec(&items).expect("JSON");
        let db = ours::db(body.clone());
        assert_eq!(ours::scan::<T>(&db), items, "both sides read the same");
        assert_eq!(parser.items::<T>(&body), items, "both sides read the same");

        // The limits are for the page as the research measured it; all others are shown beside it.
        let limited = |limit| (count == 100 && T::WHAT == User::WHAT).then_some(limit);
        let name = |against| format!("decode {count} x {} ÷ {against}", T::WHAT);
        table.compare(
            &name("(SDK + serde_dynamo)"),
            count,
            limited(1.0 / 8.0),
            || ours::scan::<T>(&db),
            || parser.items::<T>(&body),
        );
        table.compare(&name("SDK alone"), count, None, || ours::scan::<T>(&db), || parser.maps(&body));
        table.compare(
            &name("serde_json of the plain struct"),
            count,
            limited(0.8),
            || ours::scan::<T>(&db),
            || serde_json::from_slice::<Vec<T>>(&plain).expect("items"),
        );
    }
}

/// Meant to be 1/25. Writing the item alone takes 1/20, and what stands around it the rest: see README.md.
const PUT: f64 = 1.0 / 11.0;

fn encode(table: &mut Table) {
    let db = ours::db("{}".into());
    let user = User::number(1);
    let put = || db.put(&user).to_request().expect("a put");
    table.compare("encode a put ÷ (serde_dynamo + SDK)", 1, Some(PUT), put, || theirs::put(&user));
    table.compare("encode a put ÷ serde_json of the plain struct", 1, None, put, || {
        serde_json::to_vec(&user).expect("JSON")
    });

    let users = User::many(25);
    let batch = || db.batch_write().put_all(&users).to_requests().expect("a batch");
    table.compare("encode a batch of 25 ÷ (serde_dynamo + SDK)", 25, None, batch, || theirs::batch(&users));

    let query = || ours::query_request(&db, 7);
    table.compare("encode a query, 2 keys and 3 terms ÷ SDK", 1, None, query, || theirs::query(7));
    table.compare("encode a query, 2 keys and 3 terms ÷ encode of an item", 1, Some(6.0), query, || {
        ours::encoded(&user)
    });
    let update = || ours::update_request(&db, 7);
    table.compare("encode an update of 3 attributes ÷ SDK", 1, None, update, || theirs::update(7));
}

fn through_the_client(table: &mut Table, runtime: &Runtime) {
    let users = User::many(100);
    let found = theirs::client(page(&users));
    let one = theirs::client(answer(&users[1]));
    let written = theirs::client("{}".into());
    let key = || User::key("TENANT#acme-0001", "USER#01J9ZK3T7Q00000001");

    for (way, wrap, limits) in [
        ("through the client", Aws::direct as fn(_) -> Aws, [Some(1.0 / 5.5), Some(0.85), None]),
        ("in compat mode", Aws::compat, [None, None, None]),
    ] {
        let db = |client: &aws_sdk_dynamodb::Client| Db::with_transport(wrap(client.clone()));
        let name = |what| format!("{what} {way} ÷ (SDK + serde_dynamo)");
        let (pages, items, puts) = (db(&found), db(&one), db(&written));
        table.compare(
            &name("Query of 100"),
            1,
            limits[0],
            || {
                let key = User::PRIMARY_KEY.partition("TENANT#acme-0001");
                runtime.block_on(pages.query::<User>().key(key).page()).expect("a page").items
            },
            || runtime.block_on(theirs::query_through(&found)),
        );
        table.compare(
            &name("GetItem"),
            1,
            limits[1],
            || runtime.block_on(items.get(key()).one()).expect("a user"),
            || runtime.block_on(theirs::get_through(&one)),
        );
        table.compare(
            &name("PutItem"),
            1,
            limits[2],
            || runtime.block_on(puts.put(&users[1]).execute()).expect("a put"),
            || runtime.block_on(theirs::put_through(&written, &users[1])),
        );
    }
}

/// What one piece of work allocates, as `counts` tells it.
#[derive(Deserialize)]
struct Cost {
    allocations: f64,
    bytes: f64,
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What another program of this package says of itself.
fn told_by<T: DeserializeOwned>(program: &str) -> Result<T, Box<dyn std::error::Error>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--release", "--quiet", "-p", env!("CARGO_PKG_NAME"), "--bin", program, "--", "--json"])
        .stderr(Stdio::inherit())
        .output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// What stays in use, and whether a million items take longer at the end than at the beginning.
fn memory(table: &mut Table) -> Outcome {
    #[derive(Deserialize)]
    struct Told {
        stream: Stream,
        engine: Engine,
    }
    #[derive(Deserialize)]
    struct Stream {
        above_idle_mb: f64,
    }
    #[derive(Deserialize)]
    struct Engine {
        write: Tenths,
        read: Tenths,
    }
    #[derive(Deserialize)]
    struct Tenths {
        microseconds_an_item: Vec<f64>,
        megabytes: Vec<f64>,
    }
    if !table.wants("memory") {
        return Ok(());
    }
    println!("(a million items are written to a file and read: a few minutes)");
    let Told { stream, engine } = told_by("memory")?;
    let name = "memory above idle while 100,000 items are streamed";
    table.add(Figure::count(name, "MB", stream.above_idle_mb, Some(8.0)));
    for (what, tenths) in [("written to", engine.write), ("read from", engine.read)] {
        let ends = |tenths: &[f64]| {
            tenths.first().copied().zip(tenths.last().copied()).ok_or("nothing was measured")
        };
        let (first, last) = ends(&tenths.microseconds_an_item)?;
        let name = format!("1,000,000 items {what} the embedded engine: the last tenth ÷ the first");
        table.add(Figure::counts(name, "µs an item", last, first, Some(1.5)));
        let (first, last) = ends(&tenths.megabytes)?;
        let name = format!("1,000,000 items {what} the embedded engine: memory after the first tenth");
        table.add(Figure::count(name, "MB more", last - first, Some(4.0)));
    }
    Ok(())
}

/// Counted by a program of its own, whose allocator counts: here that would slow what allocates more.
fn allocations(table: &mut Table) -> Outcome {
    if !table.wants("allocations") {
        return Ok(());
    }
    let sides: BTreeMap<String, BTreeMap<String, Cost>> = told_by("counts")?;
    let cost = |side: &str, work: &str| sides.get(side)?.get(work);
    for (work, copies) in sides.get("copies").into_iter().flatten() {
        let ours = cost("ours", work).ok_or("not counted")?;
        let beyond = (ours.allocations - copies.allocations) / 100.0;
        let name = format!("allocations beyond an item's own strings and vectors, {work}");
        table.add(Figure::count(name, "an item", beyond, Some(0.1)));
    }
    for (work, items) in WORKS {
        let (Some(ours), Some(theirs)) = (cost("ours", work), cost("theirs", work)) else {
            return Err(format!("`{work}` was not counted").into());
        };
        let name = format!("allocations, {work} ÷ (SDK + serde_dynamo)");
        table.add(Figure::counts(
            name,
            "allocations",
            ours.allocations / items,
            theirs.allocations / items,
            None,
        ));
        let name = format!("bytes allocated, {work} ÷ (SDK + serde_dynamo)");
        table.add(Figure::counts(name, "an item", ours.bytes / items, theirs.bytes / items, None));
    }
    Ok(())
}

/// What is counted on both sides, and of how many items each is.
const WORKS: [(&str, f64); 7] = [
    ("decode 100 x 4 attributes", 100.0),
    ("decode 100 x 13 attributes", 100.0),
    ("decode 100 x 60 attributes", 100.0),
    ("encode a put", 1.0),
    ("encode a batch of 25", 25.0),
    ("encode a query", 1.0),
    ("encode an update", 1.0),
];

/// What the engine in this process takes, beside a client whose HTTP costs nothing.
fn embedded(table: &mut Table, runtime: &Runtime) {
    let db = Db::memory().expect("an engine");
    let mut users = User::many(100);
    users.iter_mut().for_each(|user| "TENANT#acme-0001".clone_into(&mut user.pk));
    let prepare = async {
        db.create_table::<User>().execute().await?;
        db.batch_write().put_all(&users).execute().await
    };
    runtime.block_on(prepare).expect("a table");
    let found = theirs::client(page(&users));
    let one = theirs::client(answer(&users[1]));
    let written = theirs::client("{}".into());
    let name = |what| format!("{what} on the embedded engine ÷ the client without HTTP");
    table.compare(
        &name("Query of 100"),
        1,
        None,
        || {
            let key = User::PRIMARY_KEY.partition("TENANT#acme-0001");
            runtime.block_on(db.query::<User>().key(key).page()).expect("a page").items
        },
        || runtime.block_on(theirs::query_through(&found)),
    );
    table.compare(
        &name("GetItem"),
        1,
        None,
        || {
            runtime
                .block_on(db.get(User::key("TENANT#acme-0001", users[1].sk.as_str())).one())
                .expect("a user")
        },
        || runtime.block_on(theirs::get_through(&one)),
    );
    table.compare(
        &name("PutItem"),
        1,
        None,
        || runtime.block_on(db.put(&users[1]).execute()).expect("a put"),
        || runtime.block_on(theirs::put_through(&written, &users[1])),
    );
}
