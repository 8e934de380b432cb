//! Every public method is called in an example that compiles: in its own docs, or in those of its type.
//!
//! Read from the sources as text: what stands between the fences of doc comments is compiled and run by `cargo test`, so a method
//! that is called there has an example.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// What is public for generated code only, by way of `dynamorm::private`.
const FOR_GENERATED_CODE: [&str; 3] = ["collection.rs", "kept.rs", "private.rs"];

#[test]
fn every_public_method_of_the_library_is_called_in_an_example() {
    all_have_examples("src");
}

#[test]
fn every_public_method_of_lift_is_called_in_an_example() {
    all_have_examples("../lift/src");
}

fn all_have_examples(sources: &str) {
    let sources = sources_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources));
    assert!(sources.len() > 20, "these are not the sources");
    let examples: String = sources.iter().map(|(_, text)| examples_of(text)).collect();
    assert!(examples.lines().count() > 100, "examples are not found");
    let missing = sources.iter().flat_map(|(path, text)| {
        let named = methods_of(text).filter(|method| !is_called(&examples, method));
        named.map(|method| format!("{}: {method}", path.display())).collect::<Vec<_>>()
    });
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<String>::new(), "these have no example");
}

fn sources_in(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            sources.extend(sources_in(&path));
        } else if name.ends_with(".rs")
            && !name.contains("test")
            && !FOR_GENERATED_CODE.contains(&name.as_str())
        {
            let text = fs::read_to_string(&path).unwrap();
            // Unit tests stand at the end of a file.
            let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            sources.push((path, text));
        } else if name == "testing.rs" {
            sources.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    sources
}

/// The code between the fences of doc comments, hidden lines too.
fn examples_of(text: &str) -> String {
    let mut examples = String::new();
    let mut inside = false;
    for line in text.lines().map(str::trim_start) {
        let Some(doc) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            inside = false;
            continue;
        };
        let doc = doc.trim_start();
        if doc.starts_with("```") {
            inside = !inside;
        } else if inside {
            examples.push_str(doc.strip_prefix("# ").unwrap_or(doc));
            examples.push('\n');
        }
    }
    examples
}

/// The names of public functions, but for those that the docs hide.
fn methods_of(text: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let is_hidden = |at: usize, lines: &[&str]| {
        let about =
            lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
        about.into_iter().any(|line| line.contains("doc(hidden)"))
    };
    let found: Vec<&str> = lines
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_hidden(*at, &lines))
        .filter_map(|(_, line)| {
            let mut rest = line.strip_prefix("pub ")?;
            while let Some(after) = ["async ", "const "].iter().find_map(|word| rest.strip_prefix(word)) {
                rest = after;
            }
            rest.strip_prefix("fn ")?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
        })
        .collect();
    found.into_iter()
}

/// True if the method is called, or named by its path, somewhere in the examples.
fn is_called(examples: &str, method: &str) -> bool {
    examples.match_indices(method).any(|(at, _)| {
        let before = examples[..at].chars().next_back();
        let after = examples[at + method.len()..].chars().next();
        let by_path = examples[..at].ends_with("::");
        (before == Some('.') || by_path) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
