//! What each attribute type can do in a condition: which ones have an order, and which a size.
//!
//! What is not here: those that `begins_with`, `contains` and updates work on (`value.rs`).

use crate::{Attribute, AttributeValue, Nullable, Number, Timestamp, Ttl, Vector};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// DynamoDB's ten types, for [`attribute_type`](crate::Attr::attribute_type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
    /// Boolean.
    Bool,
    /// NULL.
    Null,
    /// List.
    L,
    /// Map.
    M,
    /// String set.
    Ss,
    /// Number set.
    Ns,
    /// Binary set.
    Bs,
}

impl AttributeType {
    /// DynamoDB's word for it: `BOOL`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AttributeType::S => "S",
            AttributeType::N => "N",
            AttributeType::B => "B",
            AttributeType::Bool => "BOOL",
            AttributeType::Null => "NULL",
            AttributeType::L => "L",
            AttributeType::M => "M",
            AttributeType::Ss => "SS",
            AttributeType::Ns => "NS",
            AttributeType::Bs => "BS",
        }
    }
}

/// An attribute type that `<`, `<=`, `>`, `>=` and `between` work on: strings by their bytes in UTF-8, numbers, and bytes.
///
/// A type with an [`Attribute`] of its own that is stored as one of these says so by `impl Ordered for MyType {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order in DynamoDB",
    label = "not a string, a number or bytes"
)]
pub trait Ordered: Attribute {}

/// An attribute type that has a [`size`](crate::Attr::size).
///
/// A type with an [`Attribute`] of its own that is not stored as a number or a boolean says so by `impl HasSize for MyType {}`.
#[diagnostic::on_unimplemented(
    message = "`size` does not work on `{Self}`",
    label = "not a string, bytes, a set, a list or a map"
)]
pub trait HasSize: Attribute {}

macro_rules! kinds {
    ($kind:ident: $($(@($($parameters:tt)+))? $ty:ty),+ $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl $(<$($parameters)+>)? $kind for $ty where $ty: Attribute {}
    )+};
}

kinds!(Ordered: String, Cow<'static, str>, Arc<str>, Vec<u8>, @(const N: usize) [u8; N], AttributeValue, Timestamp, Ttl);
kinds!(Ordered: u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, Number);
kinds!(Ordered: @(T: Ordered) Option<T>, @(T: Ordered) Box<T>, @(T: Ordered) Nullable<T>);

kinds!(HasSize: String, Cow<'static, str>, Arc<str>, AttributeValue, @(T: Attribute) Vec<T>);
kinds!(HasSize: @(const N: usize) Vector<N>, @(T: Attribute, const N: usize) [T; N], @(T, H) HashSet<T, H>, @(T) BTreeSet<T>);
kinds!(HasSize: @(T, H) HashMap<String, T, H>, @(T) BTreeMap<String, T>);
kinds!(HasSize: @(T: HasSize) Option<T>, @(T: HasSize) Box<T>, @(T: HasSize) Nullable<T>);
