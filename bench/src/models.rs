//! The structs that both sides read and write, and items of them: a small one, one of 13 attributes and about 500 bytes, and
//! a wide one of 60 attributes with lists and maps in them.

use bytes::Bytes;
use dynamorm::{Document, Model, Project, ReachedByDb, Within};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Four attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Model)]
#[dynamorm(table = "app", pk = id)]
pub struct Small {
    /// The key.
    pub id: String,
    /// Text.
    pub name: String,
    /// A number.
    pub credits: i64,
    /// A boolean.
    pub active: bool,
}

/// Thirteen attributes, about 500 bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Model)]
#[dynamorm(table = "app", pk = pk, sk = sk)]
#[allow(missing_docs)]
pub struct User {
    pub pk: String,
    pub sk: String,
    pub email: String,
    pub name: String,
    pub tenant_id: String,
    pub created_at: String,
    pub revision: u64,
    pub credits: i64,
    pub score: f64,
    pub active: bool,
    pub roles: Vec<String>,
    pub address: Address,
    #[cfg_attr(feature = "theirs", serde(serialize_with = "serde_dynamo::string_set::serialize"))]
    pub tags: BTreeSet<String>,
}

/// A map in a [`User`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[allow(missing_docs)]
pub struct Address {
    pub street: String,
    pub city: String,
    pub zip: u32,
}

/// What of a [`User`] is text or a number, borrowed from the answer.
#[derive(Debug, Clone, PartialEq, Project)]
#[dynamorm(of = User)]
#[allow(missing_docs)]
pub struct UserLine<'a> {
    pub pk: Cow<'a, str>,
    pub sk: Cow<'a, str>,
    pub email: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub tenant_id: Cow<'a, str>,
    pub created_at: Cow<'a, str>,
    pub revision: u64,
    pub credits: i64,
    pub score: f64,
    pub active: bool,
    pub roles: Vec<Cow<'a, str>>,
}

/// A map in a list of a [`Wide`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[allow(missing_docs)]
pub struct Line {
    pub sku: String,
    pub count: u32,
    pub price: f64,
}

macro_rules! wide {
    ($($name:ident: $type:ty = $value:expr;)+) => {
        /// Sixty attributes, with lists and maps in them.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Model)]
        #[dynamorm(table = "app", pk = id)]
        #[allow(missing_docs)]
        pub struct Wide {
            pub id: String,
            $(pub $name: $type,)+
        }

        impl Item for Wide {
            const WHAT: &'static str = "60 attributes";

            fn number(n: usize) -> Self {
                Self { id: format!("WIDE#{n:08}"), $($name: $value(n),)+ }
            }
        }
    };
}

fn text(n: usize) -> String {
    format!("value {n} of it")
}

fn number(n: usize) -> u64 {
    n as u64 * 7_919
}

fn fraction(n: usize) -> f64 {
    n as f64 * 0.25 + 0.5
}

fn truth(n: usize) -> bool {
    n.is_multiple_of(2)
}

fn lines(n: usize) -> Vec<Line> {
    (0..3).map(|at| Line { sku: format!("SKU-{n}-{at}"), count: at + 1, price: 9.75 }).collect()
}

fn labels(n: usize) -> BTreeMap<String, String> {
    (0..4).map(|at| (format!("label{at}"), format!("value {n}"))).collect()
}

fn matrix(n: usize) -> Vec<Vec<u64>> {
    vec![vec![n as u64, 2, 3], vec![4, 5]]
}

wide! {
    s01: String = text; s02: String = text; s03: String = text; s04: String = text; s05: String = text; s06: String = text;
    s07: String = text; s08: String = text; s09: String = text; s10: String = text; s11: String = text; s12: String = text;
    s13: String = text; s14: String = text; s15: String = text; s16: String = text; s17: String = text; s18: String = text;
    s19: String = text; s20: String = text; s21: String = text; s22: String = text; s23: String = text;
    n01: u64 = number; n02: u64 = number; n03: u64 = number; n04: u64 = number; n05: u64 = number; n06: u64 = number;
    n07: u64 = number; n08: u64 = number; n09: u64 = number; n10: u64 = number; n11: u64 = number; n12: u64 = number;
    n13: u64 = number; n14: u64 = number; n15: u64 = number; n16: u64 = number;
    f01: f64 = fraction; f02: f64 = fraction; f03: f64 = fraction; f04: f64 = fraction;
    b01: bool = truth; b02: bool = truth; b03: bool = truth; b04: bool = truth; b05: bool = truth; b06: bool = truth;
    b07: bool = truth; b08: bool = truth;
    l01: Vec<Line> = lines; l02: Vec<Line> = lines; l03: Vec<Line> = lines; l04: Vec<Line> = lines;
    m01: BTreeMap<String, String> = labels; m02: BTreeMap<String, String> = labels;
    v01: Vec<Vec<u64>> = matrix; v02: Vec<Vec<u64>> = matrix;
}

/// A model that both sides know.
pub trait Item:
    Model + Within<ReachedByDb> + Clone + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned + Send
{
    /// Its name in figures.
    const WHAT: &'static str;

    /// One of many, each a little different.
    fn number(n: usize) -> Self;

    /// So many of them.
    fn many(count: usize) -> Vec<Self> {
        (0..count).map(Self::number).collect()
    }
}

impl Item for Small {
    const WHAT: &'static str = "4 attributes";

    fn number(n: usize) -> Self {
        Self {
            id: format!("SMALL#{n:08}"),
            name: format!("Ada Lovelace {n}"),
            credits: 1_000 - n as i64,
            active: truth(n),
        }
    }
}

impl Item for User {
    const WHAT: &'static str = "13 attributes";

    fn number(n: usize) -> Self {
        let words = |words: [&str; 3]| words.map(str::to_owned);
        Self {
            pk: format!("TENANT#acme-{:04}", n % 7),
            sk: format!("USER#01J9ZK3T7Q{n:08}"),
            email: format!("user{n}@example.com"),
            // One in ten has what JSON must escape, as names of people have.
            name: if n.is_multiple_of(10) {
                format!("Zo\u{eb} \"{n}\" O'Neil")
            } else {
                format!("Ada Lovelace {n}")
            },
            tenant_id: format!("acme-{:04}", n % 7),
            created_at: "2026-08-21T13:35:45.123456Z".into(),
            revision: n as u64 + 1,
            credits: 1_000_000 - n as i64 * 37,
            score: 0.5 + n as f64 * 1.25,
            active: !n.is_multiple_of(3),
            roles: words(["admin", "billing", "viewer"]).to_vec(),
            address: Address {
                street: format!("{n} Main Street"),
                city: "Springfield".into(),
                zip: 10_000 + n as u32,
            },
            tags: words(["blue", "green", "red"]).into(),
        }
    }
}

/// The body of DynamoDB's answer to a query that found these items.
#[must_use]
pub fn page<T: Item>(items: &[T]) -> Bytes {
    let items: Vec<String> = items.iter().map(crate::ours::item_json).collect();
    let count = items.len();
    format!(r#"{{"Count":{count},"Items":[{}],"ScannedCount":{count}}}"#, items.join(",")).into()
}

/// The body of DynamoDB's answer to a get that found this item.
#[must_use]
pub fn answer<T: Item>(item: &T) -> Bytes {
    format!(r#"{{"Item":{}}}"#, crate::ours::item_json(item)).into()
}
