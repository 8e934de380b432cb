//! Which types have something inside that a path can go to, and of what type that is.

use crate::{Attribute, Nullable};
use std::collections::{BTreeMap, HashMap};

/// An attribute type that is a document, whose members [`dot`](crate::Attr::dot) goes to. The derive of `Document` fulfils
/// it.
#[diagnostic::on_unimplemented(
    message = "`dot` does not work on `{Self}`",
    label = "not a document: `at` goes to an element of a list, `key` to a value of a map",
    note = "a document is a struct with `derive(Document)`"
)]
pub trait Members {
    /// The struct whose attributes are the members.
    type Document;
    /// A struct that has them by the names of the fields.
    #[doc(hidden)]
    type Named;
    #[doc(hidden)]
    const NAMED: Self::Named;
}

#[diagnostic::do_not_recommend]
impl<T: Members> Members for Option<T> {
    type Document = T::Document;
    type Named = T::Named;
    const NAMED: T::Named = T::NAMED;
}

#[diagnostic::do_not_recommend]
impl<T: Members> Members for Box<T> {
    type Document = T::Document;
    type Named = T::Named;
    const NAMED: T::Named = T::NAMED;
}

#[diagnostic::do_not_recommend]
impl<T: Members> Members for Nullable<T> {
    type Document = T::Document;
    type Named = T::Named;
    const NAMED: T::Named = T::NAMED;
}

/// An attribute type that is a list, whose elements [`at`](crate::Attr::at) goes to.
#[diagnostic::on_unimplemented(
    message = "`at` does not work on `{Self}`",
    label = "not a list: the elements of others have no position"
)]
pub trait Positions {
    /// The type of the elements.
    type Element: Attribute;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Positions for Vec<T> {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute, const N: usize> Positions for [T; N] {
    type Element = T;
}

#[diagnostic::do_not_recommend]
impl<T: Positions> Positions for Option<T> {
    type Element = T::Element;
}

#[diagnostic::do_not_recommend]
impl<T: Positions> Positions for Box<T> {
    type Element = T::Element;
}

#[diagnostic::do_not_recommend]
impl<T: Positions> Positions for Nullable<T> {
    type Element = T::Element;
}

/// An attribute type that is a map, whose values [`key`](crate::Attr::key) goes to.
#[diagnostic::on_unimplemented(
    message = "`key` does not work on `{Self}`",
    label = "not a map: `dot` goes to a member of a document, `at` to an element of a list"
)]
pub trait Keys {
    /// The type of the values.
    type Value: Attribute;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute, H> Keys for HashMap<String, T, H> {
    type Value = T;
}

#[diagnostic::do_not_recommend]
impl<T: Attribute> Keys for BTreeMap<String, T> {
    type Value = T;
}

#[diagnostic::do_not_recommend]
impl<T: Keys> Keys for Option<T> {
    type Value = T::Value;
}

#[diagnostic::do_not_recommend]
impl<T: Keys> Keys for Box<T> {
    type Value = T::Value;
}

#[diagnostic::do_not_recommend]
impl<T: Keys> Keys for Nullable<T> {
    type Value = T::Value;
}
