//! Counts what pieces of work allocate and execute, which no busy machine changes, and compares it with what it was.
//!
//! ```text
//! cargo run --release -p dynamorm-bench --no-default-features --bin counts              prints a table
//! … --bin counts -- --check    fails if a count is more than 3 % over bench/baseline.json
//! … --bin counts -- --accept   makes the counts the new baseline, and says what changed
//! ```
//!
//! Instructions are counted by callgrind, where valgrind is installed.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

use dynamorm_bench::callgrind;
use dynamorm_bench::works::{self, Work, ours};
use serde::{Deserialize, Serialize};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How far a count may rise before it is a failure.
const TOLERANCE: f64 = 1.03;

/// What one piece of work costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Cost {
    /// Allocations, those that make an allocation larger among them.
    allocations: u64,
    /// Bytes asked for.
    bytes: u64,
    /// Instructions; none where valgrind is not installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<u64>,
}

type Costs = BTreeMap<String, Cost>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        // What callgrind runs.
        ["--run", name, times] => {
            run(name, times.parse().expect("a number"));
            ExitCode::SUCCESS
        }
        ["--json"] => {
            println!("{}", serde_json::to_string(&all_sides()).expect("JSON"));
            ExitCode::SUCCESS
        }
        [] => {
            print(&our_costs(), &read_baseline());
            ExitCode::SUCCESS
        }
        ["--check"] => check(),
        ["--accept"] => accept(),
        _ => {
            eprintln!("usage: counts [--check | --accept | --json]");
            ExitCode::FAILURE
        }
    }
}

fn baseline() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
}

fn read_baseline() -> Costs {
    let text = std::fs::read_to_string(baseline()).unwrap_or_else(|_| "{}".into());
    serde_json::from_str(&text).expect("bench/baseline.json is what --accept wrote")
}

fn run(name: &str, times: usize) {
    let mut work = ours().into_iter().find(|work| work.name == name).expect("a piece of work");
    (0..times).for_each(|_| (work.run)());
}

/// What all sides allocate, for the table of times.
fn all_sides() -> BTreeMap<&'static str, Costs> {
    #[cfg(feature = "theirs")]
    let theirs = works::theirs();
    #[cfg(not(feature = "theirs"))]
    let theirs = Vec::new();
    let sides = [("ours", ours()), ("copies", works::copies()), ("theirs", theirs)];
    sides.into_iter().map(|(side, works)| (side, costs(works, false))).collect()
}

/// Counts our side, instructions too where that can be had.
fn our_costs() -> Costs {
    let valgrind = callgrind::is_there();
    if !valgrind {
        println!("skipped: instructions, because valgrind is not installed");
    }
    costs(ours(), valgrind)
}

fn costs(works: Vec<Work>, valgrind: bool) -> Costs {
    let cost = |mut work: Work| {
        // The first time makes what stays: buffers that are kept, what a library looks up once.
        (0..3).for_each(|_| (work.run)());
        let region = Region::new(ALLOCATOR);
        (work.run)();
        let change = region.change();
        let cost = Cost {
            allocations: (change.allocations + change.reallocations) as u64,
            bytes: change.bytes_allocated as u64,
            instructions: valgrind.then(|| callgrind::instructions(&["--run", work.name])).flatten(),
        };
        (work.name.to_owned(), cost)
    };
    works.into_iter().map(cost).collect()
}

fn print(costs: &Costs, baseline: &Costs) {
    println!("{:<32} {:>24} {:>24} {:>24}", "work", "allocations", "bytes", "instructions");
    for (name, cost) in costs {
        let before = baseline.get(name);
        println!(
            "{name:<32} {:>24} {:>24} {:>24}",
            beside(Some(cost.allocations), before.map(|cost| cost.allocations)),
            beside(Some(cost.bytes), before.map(|cost| cost.bytes)),
            beside(cost.instructions, before.and_then(|cost| cost.instructions)),
        );
    }
}

/// `120 (+3.4 %)`
fn beside(now: Option<u64>, before: Option<u64>) -> String {
    match (now, before) {
        (None, _) => "-".into(),
        (Some(now), Some(before)) if before > 0 && now != before => {
            format!("{now} ({:+.1} %)", (now as f64 / before as f64 - 1.0) * 100.0)
        }
        (Some(now), _) => now.to_string(),
    }
}

fn check() -> ExitCode {
    let (costs, before) = (our_costs(), read_baseline());
    print(&costs, &before);
    let mut failures = Vec::new();
    for (name, cost) in &costs {
        let Some(before) = before.get(name) else {
            failures.push(format!("`{name}` is not in the baseline"));
            continue;
        };
        let of = [
            ("allocations", Some(cost.allocations), Some(before.allocations)),
            ("bytes", Some(cost.bytes), Some(before.bytes)),
            ("instructions", cost.instructions, before.instructions),
        ];
        for (what, now, before) in of {
            if let (Some(now), Some(before)) = (now, before)
                && now as f64 > before as f64 * TOLERANCE
            {
                failures.push(format!("`{name}` takes {now} {what}, which were {before}"));
            }
        }
    }
    failures.extend(
        before
            .keys()
            .filter(|name| !costs.contains_key(*name))
            .map(|name| format!("`{name}` is in the baseline, and is counted no more")),
    );
    if failures.is_empty() {
        println!("\nnothing rose by more than 3 %");
        return ExitCode::SUCCESS;
    }
    println!();
    failures.iter().for_each(|failure| println!("{failure}"));
    println!("\nif that is meant, say why in the commit, and run the same with --accept");
    ExitCode::FAILURE
}

fn accept() -> ExitCode {
    let (mut costs, before) = (our_costs(), read_baseline());
    print(&costs, &before);
    // Without valgrind, what it counted elsewhere stays.
    for (name, cost) in &mut costs {
        cost.instructions = cost.instructions.or_else(|| before.get(name)?.instructions);
    }
    let json = serde_json::to_string_pretty(&costs).expect("JSON");
    match std::fs::write(baseline(), json + "\n") {
        Ok(()) => {
            println!("\nwritten to bench/baseline.json");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("counts: bench/baseline.json cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}
