//! The models that the cases in `pass/` and `fail/` share, so that each shows one mistake and little else.
//!
//! What each case promises is its file name. `../ui.rs` runs them.

use dynamorm::{Document, Model, Project, Timestamp};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// A user of the service, found by id or by email.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
#[dynamorm(index = "email-index", pk = email)]
pub struct User {
    /// Unique.
    pub id: String,
    /// In the key of an index.
    pub email: String,
    /// An attribute like any other.
    pub name: String,
    /// A number.
    pub credits: i64,
    /// A boolean.
    pub active: bool,
    /// May be absent.
    pub nickname: Option<String>,
    /// May be empty, which is to be absent.
    pub tags: BTreeSet<String>,
    /// A document.
    pub address: Option<Address>,
    /// A list.
    pub past: Vec<Address>,
    /// A map.
    pub labels: HashMap<String, String>,
    /// Kept by the library.
    #[dynamorm(version)]
    pub version: u64,
    /// Kept by the library.
    #[dynamorm(created_at)]
    pub created_at: Timestamp,
}

/// An order of a user, in the user's partition.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{number}")]
pub struct Order {
    /// Whose it is.
    pub customer: String,
    /// Counts up.
    pub number: u32,
    /// In cents.
    pub total: i64,
}

/// Some attributes of an order.
#[derive(Debug, Project)]
#[dynamorm(of = Order)]
pub struct OrderSummary {
    /// In cents.
    pub total: i64,
}

/// Where somebody lives.
#[derive(Debug, Clone, Document)]
pub struct Address {
    /// Its name.
    pub city: String,
}

/// A sale, found by place: an index whose keys are several attributes.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "SALE#{id}", sk = "SALE")]
#[dynamorm(index = "by-place", pk = (tenant, region), sk = (status, number))]
pub struct Sale {
    /// Unique.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// Where it was.
    pub region: String,
    /// How far it is.
    pub status: String,
    /// Counts up.
    pub number: u32,
}

/// An item whose sort key has several fields.
#[derive(Debug, Clone, Model)]
#[dynamorm(table = "app", pk = "USER#{customer}", sk = "ON#{year}#{month}#{number}")]
pub struct Dated {
    /// Whose it is.
    pub customer: String,
    /// Of our era.
    pub year: u16,
    /// From 1 to 12.
    pub month: u8,
    /// Counts up.
    pub number: u32,
}

/// A user in a list, borrowed from the answer.
#[derive(Debug, Project)]
#[dynamorm(of = User)]
pub struct UserLine<'a> {
    /// Text.
    pub name: Cow<'a, str>,
}
