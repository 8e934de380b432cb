//! Conditions and filters: a tree that knows whose it is, and becomes one expression.
//!
//! A condition belongs to a model, so that one of another model does not compile. Handles make them
//! (`User::CREDITS.ge(5)`), and `and`, `or` and `not` join them. A new comparison: its form in `tree.rs`, and a method in
//! `attr.rs` and `path.rs`.

use super::document_path::DocumentPath;
use super::raw::RawExpression;
use super::tree::{Node, Term, Tree};
use super::{EncodedValue, Placeholders};
use crate::AttributeValue;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{BitAnd, BitOr, Not};

/// What must be true of an item of the model `M`, for a write to happen or a read to give it.
#[must_use = "a condition does nothing until it is given to an operation"]
pub struct Condition<M> {
    tree: Tree,
    of: PhantomData<fn() -> M>,
}

impl<M> Condition<M> {
    pub(crate) fn new(tree: Tree) -> Self {
        Self { tree, of: PhantomData }
    }

    /// A condition of one function on one attribute, such as `attribute_exists`.
    pub(crate) fn about(function: &'static str, path: impl Into<DocumentPath>) -> Self {
        Self::new(Tree::about(function, path.into()))
    }

    /// The attribute has this value.
    pub(crate) fn equals(path: impl Into<DocumentPath>, value: EncodedValue) -> Self {
        Self::new(Tree::compare(Term::Path(path.into()), "=", Term::Value(value)))
    }

    /// A condition in DynamoDB's own words, for what the typed ones cannot say.
    ///
    /// `values` are those that the text names, such as `(":min", 5)`. Attribute names may stand bare, reserved words too
    /// (but for `AND`, `OR`, `NOT`, `BETWEEN` and `IN`): all are aliased before they are sent. The text is parsed first, so
    /// that a mistake in it is an
    /// [`InvalidRequest`](crate::ErrorKind::InvalidRequest) of the operation that uses it.
    ///
    /// ```
    /// # use dynamorm::{Condition, Model};
    /// # #[derive(Model)]
    /// # struct User { #[dynamorm(pk)] id: String, credits: i64 }
    /// let rich: Condition<User> = Condition::raw("credits >= :min", [(":min", 5)]);
    /// ```
    ///
    /// See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>.
    pub fn raw<K, V>(text: &str, values: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<AttributeValue>,
    {
        Self::new(Tree::raw(RawExpression::parse(text, values)))
    }

    /// Both must be true.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let rich = User::CREDITS.ge(5).and(User::NICKNAME.not_exists());
    /// assert_eq!(db.scan::<User>().filter(rich).count().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn and(self, other: Condition<M>) -> Self {
        Self::new(self.tree.and(other.tree))
    }

    /// At least one must be true.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let either = User::CREDITS.lt(5).or(User::NICKNAME.not_exists());
    /// assert_eq!(db.scan::<User>().filter(either).count().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn or(self, other: Condition<M>) -> Self {
        Self::new(self.tree.or(other.tree))
    }

    /// Joins a further condition to one that may be there already.
    pub(crate) fn join(to: &mut Option<Self>, other: Self) {
        *to = Some(match to.take() {
            Some(condition) => condition.and(other),
            None => other,
        });
    }

    /// The same without its model, as a read keeps it.
    pub(crate) fn untyped(self) -> Condition<()> {
        Condition::new(self.tree)
    }

    /// How many operators and functions it has.
    pub(crate) fn operators(&self) -> usize {
        self.tree.operators()
    }

    pub(crate) fn node(&self) -> &Node {
        self.tree.node()
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self::new(self.tree.clone())
    }
}

/// The form without the values: they belong in no log.
impl<M> fmt::Debug for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        match self.tree.node().push(&mut text, &mut Placeholders::default()) {
            Ok(()) => write!(f, "Condition({text})"),
            Err(error) => write!(f, "Condition(invalid: {error})"),
        }
    }
}

impl<M> BitAnd for Condition<M> {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.and(other)
    }
}

impl<M> BitOr for Condition<M> {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// The opposite must be true.
impl<M> Not for Condition<M> {
    type Output = Self;
    fn not(self) -> Self {
        Self::new(self.tree.not())
    }
}

#[cfg(test)]
mod tests;
