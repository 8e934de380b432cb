//! The handle behind `User::ADDRESS.dot(Address::CITY)`: something inside an attribute, whose it is, and the type it has.
//!
//! What can be said about it is what can be said about an attribute: see `attr.rs`.

use crate::attr::{Attr, Changeable, Of, Plain};
use crate::expr::document_path::{DocumentPath, Step};
use std::fmt;
use std::marker::PhantomData;

mod conditions;
mod flattened;
mod steps;
pub use flattened::Flattened;
pub use steps::{Keys, Members, Positions};

/// Something inside an attribute of the model `M`, of type `T`: the member of a document, an element of a list or a map.
///
/// An [`Attr`] makes it, by [`dot`](Attr::dot), [`at`](Attr::at) and [`key`](Attr::key), and it goes on in the same way, at
/// every depth. It stands wherever an attribute does.
///
/// ```
/// use dynamorm::{Condition, Document, Model, Path};
/// # use std::collections::HashMap;
///
/// #[derive(Document)]
/// struct Line { price: i64 }
///
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "ORDER#{id}")]
/// struct Order { id: String, lines: Vec<Line>, labels: HashMap<String, String> }
///
/// let price: Path<Order, i64> = Order::LINES.at(0).dot(Line::PRICE);
/// let dear: Condition<Order> = price.ge(100) & Order::LABELS.key("env").eq("live");
/// ```
#[must_use = "a path does nothing until a condition or an update uses it"]
pub struct Path<M, T, Role = Plain> {
    pub(crate) path: DocumentPath,
    of: Of<M, T, Role>,
}

/// An element of a list or a map: an update may set it, and always remove it.
#[derive(Debug, Clone, Copy)]
pub enum Element {}

#[diagnostic::do_not_recommend]
impl Changeable for Element {
    const IS_ELEMENT: bool = true;
}

impl<M, T, Role> Path<M, T, Role> {
    pub(crate) fn new(path: DocumentPath) -> Self {
        Self { path, of: PhantomData }
    }
}

impl<M, T, Role> Clone for Path<M, T, Role> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<M, T, Role> fmt::Debug for Path<M, T, Role> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.path)
    }
}

impl<M, T, Role> From<Attr<M, T, Role>> for Path<M, T, Role> {
    fn from(attr: Attr<M, T, Role>) -> Self {
        Path::new(attr.name().into())
    }
}

/// Where in an item something is: an [`Attr`] or a [`Path`].
#[diagnostic::on_unimplemented(
    message = "expected an attribute, found `{Self}`",
    label = "not an attribute, nor a path into one"
)]
pub trait IntoPath {
    /// Whose attribute it is.
    type Model;
    /// The type of what is there.
    type Value;
    /// What a write may do with it.
    type Role;
    /// Makes it a path.
    fn into_path(self) -> Path<Self::Model, Self::Value, Self::Role>;
}

#[diagnostic::do_not_recommend]
impl<M, T, Role> IntoPath for Attr<M, T, Role> {
    type Model = M;
    type Value = T;
    type Role = Role;
    fn into_path(self) -> Path<M, T, Role> {
        self.into()
    }
}

#[diagnostic::do_not_recommend]
impl<M, T, Role> IntoPath for Path<M, T, Role> {
    type Model = M;
    type Value = T;
    type Role = Role;
    fn into_path(self) -> Self {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<M, T, Role> IntoPath for &Path<M, T, Role> {
    type Model = M;
    type Value = T;
    type Role = Role;
    fn into_path(self) -> Path<M, T, Role> {
        self.clone()
    }
}

/// The ways into a document, a list or a map.
impl<M, T, Role> Attr<M, T, Role> {
    /// The member of a document: `User::ADDRESS.dot(Address::CITY)`. Through an `Option` too.
    pub fn dot<U, R>(self, member: Attr<T::Document, U, R>) -> Path<M, U, R>
    where
        T: Members,
    {
        Path::from(self).dot(member)
    }

    /// The member of a document by its field: what `cond!` makes of `address.city`.
    #[doc(hidden)]
    pub fn __member<U, R>(self, select: impl FnOnce(T::Named) -> Attr<T::Document, U, R>) -> Path<M, U, R>
    where
        T: Members,
    {
        Path::from(self).__member(select)
    }

    /// The element of a list at a position, from 0. A condition on one beyond the end is as on an absent attribute.
    pub fn at<E>(self, position: usize) -> Path<M, E, Element>
    where
        T: Positions<Element = E>,
    {
        Path::from(self).at(position)
    }

    /// The value of a map under a key, whatever letters the key has.
    pub fn key<V>(self, key: &str) -> Path<M, V, Element>
    where
        T: Keys<Value = V>,
    {
        Path::from(self).key(key)
    }
}

/// The ways further in.
impl<M, T, Role> Path<M, T, Role> {
    /// The member of a document, as [`Attr::dot`].
    pub fn dot<U, R>(self, member: Attr<T::Document, U, R>) -> Path<M, U, R>
    where
        T: Members,
    {
        Path::new(self.path.step(Step::Name(member.name().into())))
    }

    /// The member of a document by its field: what `cond!` makes of `address.city`.
    #[doc(hidden)]
    pub fn __member<U, R>(self, select: impl FnOnce(T::Named) -> Attr<T::Document, U, R>) -> Path<M, U, R>
    where
        T: Members,
    {
        self.dot(select(T::NAMED))
    }

    /// The element of a list at a position, as [`Attr::at`].
    pub fn at<E>(self, position: usize) -> Path<M, E, Element>
    where
        T: Positions<Element = E>,
    {
        Path::new(self.path.step(Step::Position(position)))
    }

    /// The value of a map under a key, as [`Attr::key`].
    pub fn key<V>(self, key: &str) -> Path<M, V, Element>
    where
        T: Keys<Value = V>,
    {
        Path::new(self.path.step(Step::Name(key.to_owned().into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Placeholders;
    use crate::{Document, Model};
    use std::collections::HashMap;

    #[derive(Document)]
    struct Address {
        city: String,
        #[dynamorm(rename = "post-code")]
        code: Option<String>,
        other: Option<Box<Address>>,
    }

    #[derive(Model)]
    #[dynamorm(pk = "USER#{id}")]
    struct User {
        id: String,
        address: Option<Address>,
        past: Vec<Address>,
        labels: HashMap<String, Vec<String>>,
    }

    fn text<T, R>(path: impl IntoPath<Model = User, Value = T, Role = R>) -> String {
        let (mut text, mut request) = (String::new(), Placeholders::default());
        let path = path.into_path();
        path.path.push(&mut text, &mut request).unwrap();
        format!("{text}  {path:?}")
    }

    #[test]
    fn every_name_of_a_path_is_aliased() {
        let texts = [
            text(User::ADDRESS),
            text(User::ADDRESS.dot(Address::CITY)),
            text(User::ADDRESS.dot(Address::OTHER).dot(Address::OTHER).dot(Address::CODE)),
            text(User::PAST.at(0).dot(Address::CITY)),
            text(User::LABELS.key("a.b [0] #n").at(12)),
        ];
        insta::assert_snapshot!(texts.join("\n"), @"
        #n0  Path(address)
        #n0.#n1  Path(address.city)
        #n0.#n1.#n1.#n2  Path(address.other.other.post-code)
        #n0[0].#n1  Path(past[0].city)
        #n0.#n1[12]  Path(labels.a.b [0] #n[12])
        ");
    }

    #[test]
    fn a_path_has_the_type_of_what_it_leads_to() {
        let _: Path<User, Option<String>> = User::ADDRESS.dot(Address::CODE);
        let _: Path<User, Address, Element> = User::PAST.at(1);
        let _: Path<User, String, Element> = User::LABELS.key("env").at(0);
    }
}
