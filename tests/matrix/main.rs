//! Every behaviour of every operation, on every transport.
//!
//! One file per operation or theme; each lists its behaviours in `matrix![..]` and then shows them. `support` runs each on
//! the embedded engine and, if `DYNAMODB_ENDPOINT` is set, on that endpoint through both ways of the official client.
//!
//! The harness is `libtest-mimic` because the tests depend on the environment: without an endpoint its tests do not exist,
//! rather than pass or be ignored, and the last line says so. Arguments are those of any Rust test: a filter,
//! `--test-threads`, `--list`.
//!
//! ```text
//! cargo test -p dynamorm-tests
//! scripts/dynamodb-local --port 0 -- cargo test -p dynamorm-tests
//! ```

// All that is here is a test, so it may stop at the first surprise.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod batch_get;
mod batch_write;
mod cache;
mod carried;
mod changes;
mod codec;
mod collection;
mod conditions;
mod cost;
mod delete;
mod document_update;
mod enums;
mod errors;
mod get;
mod hydrate;
mod index_keys;
mod leading_parts;
mod leases;
mod lifecycle;
mod limits;
mod live;
mod models;
mod operands;
mod parallel_scan;
mod peers;
mod put;
mod query;
mod scan;
mod schema;
mod several_keys;
mod shards;
mod start_key;
mod statement;
mod stream;
mod support;
mod table;
mod tenant;
mod transact_get;
mod transact_write;
mod types;
mod unique;
mod update;
mod vectors;
mod words;

fn main() -> std::process::ExitCode {
    support::run(&[
        batch_get::BEHAVIOURS,
        batch_write::BEHAVIOURS,
        cache::BEHAVIOURS,
        carried::BEHAVIOURS,
        changes::BEHAVIOURS,
        codec::BEHAVIOURS,
        collection::BEHAVIOURS,
        conditions::BEHAVIOURS,
        cost::BEHAVIOURS,
        delete::BEHAVIOURS,
        document_update::BEHAVIOURS,
        enums::BEHAVIOURS,
        errors::BEHAVIOURS,
        get::BEHAVIOURS,
        hydrate::BEHAVIOURS,
        index_keys::BEHAVIOURS,
        leading_parts::BEHAVIOURS,
        leases::BEHAVIOURS,
        lifecycle::BEHAVIOURS,
        limits::BEHAVIOURS,
        live::BEHAVIOURS,
        operands::BEHAVIOURS,
        parallel_scan::BEHAVIOURS,
        peers::BEHAVIOURS,
        put::BEHAVIOURS,
        query::BEHAVIOURS,
        query::conditions::BEHAVIOURS,
        scan::BEHAVIOURS,
        schema::BEHAVIOURS,
        several_keys::BEHAVIOURS,
        shards::BEHAVIOURS,
        shards::growth::BEHAVIOURS,
        shards::together::BEHAVIOURS,
        start_key::BEHAVIOURS,
        statement::BEHAVIOURS,
        stream::BEHAVIOURS,
        table::BEHAVIOURS,
        tenant::BEHAVIOURS,
        transact_get::BEHAVIOURS,
        transact_write::BEHAVIOURS,
        types::BEHAVIOURS,
        unique::BEHAVIOURS,
        unique::repair::BEHAVIOURS,
        unique::together::BEHAVIOURS,
        update::BEHAVIOURS,
        vectors::BEHAVIOURS,
        words::BEHAVIOURS,
    ])
}
