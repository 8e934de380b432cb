//! The tests of this package live in `matrix/`.
