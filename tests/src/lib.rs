//! The tests of this package live in `matrix/`, and in the README, whose tour is compiled and run here:
//!
#![doc = include_str!("../../README.md")]
