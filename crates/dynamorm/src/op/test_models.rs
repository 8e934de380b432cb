//! Models for the tests of the operations, and how a request is shown in them.

use crate::transport::Request;
use crate::{Db, Document, Error, Model, Project, Result, Timestamp, Ttl};
use std::collections::BTreeSet;

/// Keys by template, a sparse index, optional attributes. The library keeps nothing of it.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = email)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) credits: i64,
    pub(crate) nickname: Option<String>,
    pub(crate) tags: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Project)]
#[dynamorm(of = User)]
pub(crate) struct UserName {
    pub(crate) name: String,
}

/// All that the library keeps.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "ACCOUNT#{id}", sk = "ACCOUNT")]
#[dynamorm(index = "all-accounts", pk = "ACCOUNTS", sk = "{id}")]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) balance: i64,
    #[dynamorm(flatten)]
    pub(crate) kept: Kept,
}

#[derive(Debug, Clone, PartialEq, Project)]
#[dynamorm(of = Account)]
pub(crate) struct Balance {
    pub(crate) balance: i64,
}

/// What the library keeps, flattened into a model.
#[derive(Debug, Clone, Default, PartialEq, Document)]
pub(crate) struct Kept {
    #[dynamorm(version)]
    pub(crate) version: u64,
    #[dynamorm(created_at)]
    pub(crate) created: Timestamp,
    #[dynamorm(updated_at)]
    pub(crate) updated: Timestamp,
    #[dynamorm(ttl = "1d")]
    pub(crate) expires: Option<Ttl>,
}

/// A sort key with a literal head, a global index by several attributes, a local index by a number.
#[derive(Debug, Clone, PartialEq, Model)]
#[allow(clippy::duplicated_attributes, reason = "the table and an index sort by the same template")]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
#[dynamorm(
    index = "by-status",
    pk = "STATUS#{status}#{region}",
    sk = "AT#{number}",
    pk_attribute = "by_status"
)]
#[dynamorm(local_index = "by-total", sk = total)]
pub(crate) struct Order {
    pub(crate) customer: String,
    pub(crate) number: u16,
    pub(crate) status: String,
    pub(crate) region: Option<String>,
    pub(crate) total: i64,
}

#[derive(Debug, Clone, PartialEq, Project)]
#[dynamorm(of = Order)]
pub(crate) struct OrderTotal {
    pub(crate) total: i64,
}

/// One partition that is spread over several, and that grows.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "log", pk = "LOG#{topic}", sk = "AT#{at}", shards = 4, shards_from("AT#00500", 16))]
pub(crate) struct Entry {
    pub(crate) topic: String,
    pub(crate) at: u16,
    pub(crate) text: String,
}

/// Keys that are attributes of the model itself.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "notes", pk = id, sk = at)]
#[dynamorm(index = "by-topic", pk = "TOPIC#{topic}#{id}")]
pub(crate) struct Note {
    pub(crate) id: String,
    pub(crate) at: u64,
    pub(crate) topic: String,
}

/// A time to live that only its user sets.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(table = "app", pk = "LEASE#{id}")]
pub(crate) struct Lease {
    pub(crate) id: String,
    #[dynamorm(ttl)]
    pub(crate) expires: Option<Ttl>,
}

/// A model without a table of its own.
#[derive(Debug, Clone, PartialEq, Model)]
#[dynamorm(pk = "HOMELESS#{id}")]
pub(crate) struct Homeless {
    pub(crate) id: String,
}

/// A text that stands in no name, for tests of what is shown.
pub(crate) const SECRET: &str = "s3cret";

pub(crate) fn user() -> User {
    User {
        id: "u1".into(),
        email: "ada@example.com".into(),
        name: "Ada".into(),
        credits: 10,
        nickname: None,
        tags: BTreeSet::new(),
    }
}

pub(crate) fn account(version: u64) -> Account {
    Account { id: "a1".into(), balance: 5, kept: Kept { version, ..Kept::default() } }
}

pub(crate) fn order() -> Order {
    Order { customer: "u1".into(), number: 7, status: "open".into(), region: Some("eu".into()), total: 70 }
}

/// A database in memory, where it is always the same second.
pub(crate) fn db() -> Db {
    Db::memory().unwrap().clock(|| Timestamp::from_epoch_seconds(1_790_000_000))
}

/// The exact JSON of a request, broken into lines after each member and each element.
///
/// A quote after an escaped backslash would be misread; no test has one.
pub(crate) fn shown(request: Result<Request>) -> String {
    let request = request.unwrap();
    let (mut text, mut depth, mut quoted, mut before) = (String::new(), 0, false, ' ');
    let json = request.json();
    for (at, c) in json.char_indices() {
        match c {
            // The highest character bounds a range of keys, and is shown nowhere.
            '\u{10FFFF}' => text.push_str("\\u{10FFFF}"),
            c => text.push(c),
        }
        match c {
            '"' if before != '\\' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            ',' if !quoted && (depth == 1 || (before == '}' && json[at..].starts_with(",{"))) => {
                text.push('\n')
            }
            _ => {}
        }
        before = c;
    }
    text
}

/// What an operation is refused for.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error: Error = result.unwrap_err();
    assert!(error.is_invalid_request(), "{error:?}");
    error.to_string()
}
