//! The handle behind `User::EMAIL`: the name of an attribute, whose it is, and the type it has.

use crate::expr::condition::Node;
use crate::expr::{Condition, EncodedValue, IntoAttr, Numeric, Operand, Prefixed, Searched};
use std::fmt;
use std::marker::PhantomData;

/// An attribute of the model `M`, of type `T`. The derive emits one constant for each.
///
/// `Role` says what a write may do with it: [`Plain`] ones can be set, a [`KeyPart`] never, a [`Managed`] one only by the
/// library.
pub struct Attr<M, T, Role = Plain> {
    name: &'static str,
    of: Of<M, T, Role>,
}

/// Whose handle it is, without holding one of them.
pub(crate) type Of<M, T, Role> = PhantomData<fn() -> (M, T, Role)>;

/// An attribute that an update may change.
#[derive(Debug, Clone, Copy)]
pub enum Plain {}

/// An attribute that is part of the primary key: it cannot change, only another item can be written.
#[derive(Debug, Clone, Copy)]
pub enum KeyPart {}

/// An attribute that the library keeps, such as the version.
#[derive(Debug, Clone, Copy)]
pub enum Managed {}

/// The role of an attribute that an update may change: [`Plain`].
#[diagnostic::on_unimplemented(
    message = "an update cannot change an attribute whose role is `{Self}`",
    label = "this attribute is a `{Self}`",
    note = "`KeyPart`: a key never changes; put a new item and delete this one",
    note = "`Managed`: the library keeps this attribute by itself"
)]
pub trait Changeable {}

#[diagnostic::do_not_recommend]
impl Changeable for Plain {}

impl<M, T, Role> Attr<M, T, Role> {
    /// The derive calls this.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }

    /// The attribute's name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl<M, T, Role> Clone for Attr<M, T, Role> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T, Role> Copy for Attr<M, T, Role> {}

impl<M, T, Role> fmt::Debug for Attr<M, T, Role> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attr").field(&self.name).finish()
    }
}

/// Comparisons: each makes a [`Condition`] for a write, or a filter for a read.
impl<M, T, Role> Attr<M, T, Role> {
    /// Is equal to this value.
    pub fn eq(self, value: impl IntoAttr<T>) -> Condition<M> {
        self.compare("=", value)
    }

    /// Is not equal to this value, or is absent.
    pub fn ne(self, value: impl IntoAttr<T>) -> Condition<M> {
        self.compare("<>", value)
    }

    /// Is less than this value.
    pub fn lt(self, value: impl IntoAttr<T>) -> Condition<M> {
        self.compare("<", value)
    }

    /// Is less than this value, or equal to it.
    pub fn le(self, value: impl IntoAttr<T>) -> Condition<M> {
        self.compare("<=", value)
    }

    /// Is greater than this value.
    pub fn gt(self, value: impl IntoAttr<T>) -> Condition<M> {
        self.compare(">", value)
    }

    /// Is greater than this value, or equal to it.
    pub fn ge(self, value: impl IntoAttr<T>) -> Condition<M> {
        self.compare(">=", value)
    }

    /// Is from `low` to `high`, both included.
    pub fn between(self, low: impl IntoAttr<T>, high: impl IntoAttr<T>) -> Condition<M> {
        Condition::new(Node::Between {
            path: self.name.into(),
            low: low.into_value(),
            high: high.into_value(),
        })
    }

    /// Is one of these values, 1 to 100 of them.
    pub fn is_in<V: IntoAttr<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<M> {
        let values = values.into_iter().map(IntoAttr::into_value).collect();
        Condition::new(Node::In { path: self.name.into(), values })
    }

    /// Is there.
    pub fn exists(self) -> Condition<M> {
        Condition::about("attribute_exists", self.name)
    }

    /// Is not there.
    pub fn not_exists(self) -> Condition<M> {
        Condition::about("attribute_not_exists", self.name)
    }

    /// Begins with this text, or these bytes.
    pub fn begins_with(self, prefix: impl IntoAttr<T::Prefix>) -> Condition<M>
    where
        T: Prefixed,
    {
        self.with("begins_with", prefix.into_value())
    }

    /// Has this text in it, or this element: for strings, sets and lists.
    pub fn contains(self, element: impl IntoAttr<T::Element>) -> Condition<M>
    where
        T: Searched,
    {
        self.with("contains", element.into_value())
    }

    fn compare(self, operator: &'static str, value: impl IntoAttr<T>) -> Condition<M> {
        Condition::new(Node::Compare { path: self.name.into(), operator, value: value.into_value() })
    }

    fn with(self, function: &'static str, value: EncodedValue) -> Condition<M> {
        Condition::new(Node::With { function, path: self.name.into(), value })
    }
}

/// Calculations: what an update can set an attribute to, from the value it has.
impl<M, T: Numeric, Role> Attr<M, T, Role> {
    /// Its value and `value`, added. The update fails if the attribute is absent; `add` takes that for 0.
    pub fn plus(self, value: impl IntoAttr<T>) -> Operand<M, T> {
        Operand::arithmetic(self, "+", value.into_value())
    }

    /// Its value less `value`. The update fails if the attribute is absent; `add` takes that for 0.
    pub fn minus(self, value: impl IntoAttr<T>) -> Operand<M, T> {
        Operand::arithmetic(self, "-", value.into_value())
    }
}

impl<M, T> Attr<M, T> {
    /// Its own value, or this one if it is absent.
    pub fn or_if_absent(self, value: impl IntoAttr<T>) -> Operand<M, T> {
        Operand::if_not_exists(self, value.into_value())
    }
}
