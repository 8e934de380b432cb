//! What the types promise: everything in `pass/` compiles and runs, and everything in `fail/` is refused with the message
//! beside it. The file names are the promises; each mistake of a user that the compiler can name has a case.
//!
//! After a change of messages: `TRYBUILD=overwrite cargo test -p dynamorm-ui`, then read them as a newcomer would. The
//! messages are those of the toolchain that `rust-toolchain.toml` pins.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Of one error. Lines that only draw the margin do not count.
const LONGEST_MESSAGE: usize = 12;

#[test]
fn what_is_promised_compiles() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

#[test]
fn mistakes_are_named_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn each_mistake_has_its_message_and_each_message_its_mistake() {
    let (mistakes, messages) = (files("rs"), files("stderr"));
    let without = |these: &[PathBuf], others: &[PathBuf]| {
        these.iter().filter(|file| !others.contains(file)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(without(&mistakes, &messages), Vec::<PathBuf>::new(), "these have no message beside them");
    assert_eq!(without(&messages, &mistakes), Vec::<PathBuf>::new(), "these messages are of no mistake");
    assert!(!mistakes.is_empty());
}

#[test]
fn a_message_has_at_most_twelve_lines() {
    let mut long = Vec::new();
    for file in files("stderr") {
        let text = fs::read_to_string(file.with_extension("stderr")).unwrap();
        for error in text.split("\n\n") {
            let lines = error.lines().filter(|line| !is_margin(line)).count();
            if lines > LONGEST_MESSAGE {
                long.push((lines, file.clone()));
            }
        }
    }
    assert_eq!(long, [], "say it in fewer lines");
}

fn is_margin(line: &str) -> bool {
    line.chars().all(|c| matches!(c, ' ' | '|' | '.'))
}

/// The files of `fail/` that end so, without that ending.
fn files(extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let paths = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
    });
    let mut paths = paths.unwrap();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.iter_mut().for_each(|path| _ = path.set_extension(""));
    paths.sort();
    paths
}
