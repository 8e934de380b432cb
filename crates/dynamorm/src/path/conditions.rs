//! Comparisons of what a path leads to: those of an attribute, word for word.

use super::Path;
use crate::expr::tree::{Term, Tree};
use crate::expr::{
    AttributeType, Comparand, Condition, HasSize, IntoAttr, Ordered, Prefixed, Searched, Side, Size,
};

/// Comparisons: each makes a [`Condition`] for a write, or a filter for a read.
impl<M, T, Role> Path<M, T, Role> {
    /// Is equal to this value, or to another attribute.
    pub fn eq<By>(self, other: impl Comparand<M, T, By>) -> Condition<M> {
        self.compare("=", other.into_side())
    }

    /// Is not equal to this, or is absent.
    pub fn ne<By>(self, other: impl Comparand<M, T, By>) -> Condition<M> {
        self.compare("<>", other.into_side())
    }

    /// Is less than this.
    pub fn lt<By>(self, other: impl Comparand<M, T, By>) -> Condition<M>
    where
        T: Ordered,
    {
        self.compare("<", other.into_side())
    }

    /// Is less than this, or equal to it.
    pub fn le<By>(self, other: impl Comparand<M, T, By>) -> Condition<M>
    where
        T: Ordered,
    {
        self.compare("<=", other.into_side())
    }

    /// Is greater than this.
    pub fn gt<By>(self, other: impl Comparand<M, T, By>) -> Condition<M>
    where
        T: Ordered,
    {
        self.compare(">", other.into_side())
    }

    /// Is greater than this, or equal to it.
    pub fn ge<By>(self, other: impl Comparand<M, T, By>) -> Condition<M>
    where
        T: Ordered,
    {
        self.compare(">=", other.into_side())
    }

    /// Is from `low` to `high`, both included. DynamoDB refuses a value `low` above a value `high`.
    pub fn between<L, H>(self, low: impl Comparand<M, T, L>, high: impl Comparand<M, T, H>) -> Condition<M>
    where
        T: Ordered,
    {
        let (low, high) = (low.into_side().0, high.into_side().0);
        Condition::new(Tree::between(Term::Path(self.path), low, high))
    }

    /// Is one of these, 1 to 100 of them.
    pub fn is_in<V: Comparand<M, T, By>, By>(self, list: impl IntoIterator<Item = V>) -> Condition<M> {
        let list = list.into_iter().map(|one| one.into_side().0).collect();
        Condition::new(Tree::is_in(Term::Path(self.path), list))
    }

    /// Is there.
    pub fn exists(self) -> Condition<M> {
        Condition::new(Tree::about("attribute_exists", self.path))
    }

    /// Is not there.
    pub fn not_exists(self) -> Condition<M> {
        Condition::new(Tree::about("attribute_not_exists", self.path))
    }

    /// Is stored as this type, whatever the model says.
    pub fn attribute_type(self, kind: AttributeType) -> Condition<M> {
        let kind = <&str as IntoAttr<String>>::into_value(kind.as_str());
        Condition::new(Tree::with("attribute_type", self.path, Term::Value(kind)))
    }

    /// Begins with this text, or these bytes.
    pub fn begins_with<By>(self, prefix: impl Comparand<M, T::Prefix, By>) -> Condition<M>
    where
        T: Prefixed,
    {
        Condition::new(Tree::with("begins_with", self.path, prefix.into_side().0))
    }

    /// Has this text in it, or this element: for strings, sets and lists.
    pub fn contains<By>(self, element: impl Comparand<M, T::Element, By>) -> Condition<M>
    where
        T: Searched,
    {
        Condition::new(Tree::with("contains", self.path, element.into_side().0))
    }

    /// Its size, to compare: `User::TAGS.size().le(10)`.
    pub fn size(self) -> Size<M>
    where
        T: HasSize,
    {
        Size::new(self.path)
    }

    fn compare(self, operator: &'static str, other: Side) -> Condition<M> {
        Condition::new(Tree::compare(Term::Path(self.path), operator, other.0))
    }
}
