//! What the programs of this package share: the models, the bytes that both sides read, and each side of a comparison.
//!
//! `models` are the structs, which both sides decode into; `ours` and `theirs` are the two sides, each as a program would write
//! it; `measure` times two of them in turns; `works` are pieces of work that are counted, not timed; `table` prints and judges,
//! `callgrind` counts instructions. The programs
//! are `main` (times), `counts` (allocations, bytes, instructions), `memory` (what stays in use), and `lift` (what its
//! default stack costs). `canned` and `peer` are for peers/run.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to say")]

pub mod callgrind;
pub mod measure;
pub mod models;
pub mod ours;
pub mod table;
#[cfg(feature = "theirs")]
pub mod theirs;
pub mod works;
