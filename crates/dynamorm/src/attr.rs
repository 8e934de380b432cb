//! The handle behind `User::EMAIL`: the name of an attribute, whose it is, and the type it has.

use crate::expr::tree::{Term, Tree};
use crate::expr::{
    AttributeType, Comparand, Condition, HasSize, IntoAttr, Ordered, Prefixed, Searched, Side, Size,
};
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

/// The role of an attribute that an update may change: [`Plain`], or [`Element`](crate::Element) of a list or a map.
#[diagnostic::on_unimplemented(
    message = "an update cannot change an attribute whose role is `{Self}`",
    label = "this attribute is a `{Self}`",
    note = "`KeyPart`: a key never changes; put a new item and delete this one",
    note = "`Managed`: the library keeps this attribute by itself"
)]
pub trait Changeable {
    /// True for an element of a list or a map, where nothing is absent: `None` is written as NULL there.
    #[doc(hidden)]
    const IS_ELEMENT: bool = false;
}

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
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// assert_eq!(User::NICKNAME.name(), "nickname");
    /// # Ok(())
    /// # }
    /// ```
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
///
/// The other side is a value, another attribute or [`Path`](crate::Path) of the same type, or for numbers a [`Size`]. As
/// DynamoDB has it, an absent attribute is equal to nothing and ordered below or above nothing, on either side.
///
/// ```
/// # use dynamorm::{AttributeType, Db, Model, Result};
/// # use std::collections::BTreeSet;
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}", sk = "PROFILE")]
/// struct User {
///     id: String,
///     name: String,
///     credits: i64,
///     floor: i64,
///     nickname: Option<String>,
///     tags: BTreeSet<String>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let db = Db::memory()?;
/// db.create_table::<User>().execute().await?;
/// let tags = ["admin", "new"].map(str::to_owned).into();
/// # let (id, name) = ("u1".to_owned(), "Ada".to_owned());
/// db.put(&User { id, name, credits: 10, floor: 3, nickname: None, tags }).execute().await?;
///
/// for condition in [
///     User::NAME.eq("Ada") & User::NAME.ne("Bob"),
///     User::CREDITS.gt(9) & User::CREDITS.le(10) & User::CREDITS.between(5, 10),
///     User::CREDITS.ge(User::FLOOR) & !User::CREDITS.lt(User::FLOOR),
///     User::NAME.is_in(["Ada", "Bob"]) & User::NAME.begins_with("A"),
///     User::NAME.exists() & User::NICKNAME.not_exists(),
///     User::TAGS.contains("admin") & User::TAGS.attribute_type(AttributeType::Ss),
///     User::TAGS.size().eq(2) & User::FLOOR.gt(User::TAGS.size()),
/// ] {
///     let key = User::PRIMARY_KEY.partition("u1");
///     assert_eq!(db.query::<User>().key(key).filter(condition).count().await?, 1);
/// }
/// # Ok(())
/// # }
/// ```
impl<M, T, Role> Attr<M, T, Role> {
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
        Condition::new(Tree::between(Term::Path(self.name.into()), low, high))
    }

    /// Is one of these, 1 to 100 of them.
    pub fn is_in<V: Comparand<M, T, By>, By>(self, list: impl IntoIterator<Item = V>) -> Condition<M> {
        let list = list.into_iter().map(|one| one.into_side().0).collect();
        Condition::new(Tree::is_in(Term::Path(self.name.into()), list))
    }

    /// Is there.
    pub fn exists(self) -> Condition<M> {
        Condition::new(Tree::about("attribute_exists", self.name.into()))
    }

    /// Is not there.
    pub fn not_exists(self) -> Condition<M> {
        Condition::new(Tree::about("attribute_not_exists", self.name.into()))
    }

    /// Is stored as this type, whatever the model says.
    pub fn attribute_type(self, kind: AttributeType) -> Condition<M> {
        let kind = <&str as IntoAttr<String>>::into_value(kind.as_str());
        Condition::new(Tree::with("attribute_type", self.name.into(), Term::Value(kind)))
    }

    /// Begins with this text, or these bytes.
    pub fn begins_with<By>(self, prefix: impl Comparand<M, T::Prefix, By>) -> Condition<M>
    where
        T: Prefixed,
    {
        Condition::new(Tree::with("begins_with", self.name.into(), prefix.into_side().0))
    }

    /// Has this text in it, or this element: for strings, sets and lists.
    pub fn contains<By>(self, element: impl Comparand<M, T::Element, By>) -> Condition<M>
    where
        T: Searched,
    {
        Condition::new(Tree::with("contains", self.name.into(), element.into_side().0))
    }

    /// Its size, to compare: `User::TAGS.size().le(10)`.
    pub fn size(self) -> Size<M>
    where
        T: HasSize,
    {
        Size::new(self.name.into())
    }

    fn compare(self, operator: &'static str, other: Side) -> Condition<M> {
        Condition::new(Tree::compare(Term::Path(self.name.into()), operator, other.0))
    }
}
