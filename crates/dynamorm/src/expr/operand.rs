//! What an update can set an attribute to: a value, another attribute, or a calculation on one.
//!
//! DynamoDB takes one `+` or `-` between two operands, and an operand is an attribute, a value, or an attribute with a value
//! for its absence. So [`Operand`] can be calculated with, and a [`Calculation`] cannot.

use super::document_path::DocumentPath;
use super::update::Right;
use super::{EncodedValue, IntoAttr, Numeric};
use crate::{Attr, Path, Ttl};
use std::marker::PhantomData;
use std::time::Duration;

/// One side of a calculation.
#[derive(Debug, Clone)]
pub(crate) enum Term {
    Value(EncodedValue),
    Path(DocumentPath),
    /// `if_not_exists(#a, …)`
    OrElse(DocumentPath, Box<Term>),
}

/// An attribute, or another value if it is absent: made by [`or_if_absent`](Attr::or_if_absent).
#[derive(Debug, Clone)]
#[must_use = "an operand does nothing until an update sets an attribute to it"]
pub struct Operand<M, T> {
    term: Term,
    of: PhantomData<fn() -> (M, T)>,
}

/// Two operands added, or one subtracted from the other: made by `User::CREDITS.minus(7)`.
#[derive(Debug, Clone)]
#[must_use = "a calculation does nothing until an update sets an attribute to it"]
pub struct Calculation<M, T> {
    right: Right,
    of: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Operand<M, T> {
    fn new(term: Term) -> Self {
        Self { term, of: PhantomData }
    }
}

impl<M, T> Calculation<M, T> {
    fn new(left: Term, sign: &'static str, right: Term) -> Self {
        Self { right: Right::Arithmetic { left, sign, right }, of: PhantomData }
    }
}

/// Calculations: what an update can set an attribute to, from the value it has.
impl<M, T: Numeric, Role> Attr<M, T, Role> {
    /// Its value and another one, added: a value, or an attribute of the same type. The update fails if the attribute is
    /// absent; `add` takes that for 0, and [`or_if_absent`](Attr::or_if_absent) for what you say.
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
    /// db.update(User::key("u1")).set(User::CREDITS, User::CREDITS.plus(5)).execute().await?;
    /// assert_eq!(db.get(User::key("u1")).one().await?.credits, 15);
    /// # Ok(())
    /// # }
    /// ```
    pub fn plus<By>(self, other: impl IntoOperand<M, T, By>) -> Calculation<M, T> {
        Calculation::new(self.into(), "+", other.into_operand().0)
    }

    /// Its value less another one: a value, or an attribute of the same type. The update fails if the attribute is absent;
    /// `add` of a negative number takes that for 0, and [`or_if_absent`](Attr::or_if_absent) for what you say.
    pub fn minus<By>(self, other: impl IntoOperand<M, T, By>) -> Calculation<M, T> {
        Calculation::new(self.into(), "-", other.into_operand().0)
    }
}

impl<M, T, Role> Attr<M, T, Role> {
    /// Its own value, or this one if it is absent: a value, or another attribute. It can be calculated with:
    /// `User::CREDITS.or_if_absent(0).minus(7)`.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: Option<i64>, fee: Option<i64> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # db.put(&User { id: "u1".into(), credits: None, fee: Some(3) }).execute().await?;
    /// let credits = User::CREDITS.or_if_absent(10).minus(User::FEE);
    /// db.update(User::key("u1")).set(User::CREDITS, credits).execute().await?;
    /// assert_eq!(db.get(User::key("u1")).one().await?.credits, Some(7));
    /// # Ok(())
    /// # }
    /// ```
    pub fn or_if_absent<By>(self, other: impl IntoOperand<M, T, By>) -> Operand<M, T> {
        Operand::new(Term::OrElse(self.name().into(), Box::new(other.into_operand().0)))
    }
}

/// Calculations, as those on an attribute.
impl<M, T: Numeric, Role> Path<M, T, Role> {
    /// Its value and another one, added, as [`Attr::plus`].
    pub fn plus<By>(self, other: impl IntoOperand<M, T, By>) -> Calculation<M, T> {
        Calculation::new(self.into(), "+", other.into_operand().0)
    }

    /// Its value less another one, as [`Attr::minus`].
    pub fn minus<By>(self, other: impl IntoOperand<M, T, By>) -> Calculation<M, T> {
        Calculation::new(self.into(), "-", other.into_operand().0)
    }
}

impl<M, T, Role> Path<M, T, Role> {
    /// Its own value, or this one if it is absent, as [`Attr::or_if_absent`].
    pub fn or_if_absent<By>(self, other: impl IntoOperand<M, T, By>) -> Operand<M, T> {
        Operand::new(Term::OrElse(self.path, Box::new(other.into_operand().0)))
    }
}

impl<M, T: Numeric> Operand<M, T> {
    /// Its value and another one, added, as [`Attr::plus`].
    pub fn plus<By>(self, other: impl IntoOperand<M, T, By>) -> Calculation<M, T> {
        Calculation::new(self.term, "+", other.into_operand().0)
    }

    /// Its value less another one, as [`Attr::minus`].
    pub fn minus<By>(self, other: impl IntoOperand<M, T, By>) -> Calculation<M, T> {
        Calculation::new(self.term, "-", other.into_operand().0)
    }
}

/// What an attribute of type `T` can be calculated with: a value, or an attribute of the same type.
#[diagnostic::on_unimplemented(
    message = "expected a value for an attribute of type `{T}`, found `{Self}`",
    label = "not a `{T}`, nor an attribute of `{M}` that is one"
)]
pub trait IntoOperand<M, T, By> {
    #[doc(hidden)]
    fn into_operand(self) -> AnyOperand;
}

/// One side of a calculation, opaque.
#[doc(hidden)]
#[derive(Debug)]
pub struct AnyOperand(Term);

/// By a value; tells the kinds of [`SetValue`] and [`IntoOperand`] apart.
#[derive(Debug, Clone, Copy)]
pub enum ByValue {}

/// By an attribute, or a calculation on one; tells the kinds of [`SetValue`] and [`IntoOperand`] apart.
#[derive(Debug, Clone, Copy)]
pub enum ByCalculation {}

/// By a span of time; tells the kinds of [`SetValue`] apart.
#[derive(Debug, Clone, Copy)]
pub enum BySpan {}

#[diagnostic::do_not_recommend]
impl<M, T, V: IntoAttr<T>> IntoOperand<M, T, ByValue> for V {
    fn into_operand(self) -> AnyOperand {
        AnyOperand(Term::Value(self.into_value()))
    }
}

/// What an update can set an attribute of type `T` to: a value, an attribute of the same type, a calculation, or, for a time to
/// live, how long after the write.
#[diagnostic::on_unimplemented(
    message = "expected a value for an attribute of type `{T}`, found `{Self}`",
    label = "not a `{T}`, nor a calculation on an attribute of `{M}` that gives one"
)]
pub trait SetValue<M, T, By> {
    #[doc(hidden)]
    fn into_right(self) -> SetRight;
}

/// The right side of a `SET`, opaque.
#[doc(hidden)]
#[derive(Debug)]
pub struct SetRight(pub(crate) Right);

#[diagnostic::do_not_recommend]
impl<M, T, V: IntoAttr<T>> SetValue<M, T, ByValue> for V {
    fn into_right(self) -> SetRight {
        SetRight(Right::Value(self.into_value()))
    }
}

/// A time to live, so long after the write. A fraction of a second is dropped.
#[diagnostic::do_not_recommend]
impl<M> SetValue<M, Ttl, BySpan> for Duration {
    fn into_right(self) -> SetRight {
        SetRight(Right::After { seconds: self.as_secs() })
    }
}

#[diagnostic::do_not_recommend]
impl<M> SetValue<M, Option<Ttl>, BySpan> for Duration {
    fn into_right(self) -> SetRight {
        <Duration as SetValue<M, Ttl, BySpan>>::into_right(self)
    }
}

/// What stands for an attribute of the same type, optional or not: DynamoDB fails where an absent one is needed.
macro_rules! operands {
    ($(impl[$($generic:ident),*] $operand:ty => $type:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<M, $($generic),*> IntoOperand<M, $type, ByCalculation> for $operand {
            fn into_operand(self) -> AnyOperand {
                AnyOperand(Term::from(self))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<M, $($generic),*> SetValue<M, $type, ByCalculation> for $operand {
            fn into_right(self) -> SetRight {
                SetRight(Right::Term(Term::from(self)))
            }
        }
    )+};
}

operands! {
    impl[T, R] Attr<M, T, R> => T;
    impl[T, R] Attr<M, T, R> => Option<T>;
    impl[T, R] Attr<M, Option<T>, R> => T;
    impl[T, R] Path<M, T, R> => T;
    impl[T, R] Path<M, T, R> => Option<T>;
    impl[T, R] Path<M, Option<T>, R> => T;
    impl[T, R] &Path<M, T, R> => T;
    impl[T, R] &Path<M, T, R> => Option<T>;
    impl[T, R] &Path<M, Option<T>, R> => T;
    impl[T] Operand<M, T> => T;
    impl[T] Operand<M, T> => Option<T>;
    impl[T] Operand<M, Option<T>> => T;
}

impl<M, T, R> From<Attr<M, T, R>> for Term {
    fn from(attr: Attr<M, T, R>) -> Self {
        Term::Path(attr.name().into())
    }
}

impl<M, T, R> From<Path<M, T, R>> for Term {
    fn from(path: Path<M, T, R>) -> Self {
        Term::Path(path.path)
    }
}

impl<M, T, R> From<&Path<M, T, R>> for Term {
    fn from(path: &Path<M, T, R>) -> Self {
        Term::Path(path.path.clone())
    }
}

impl<M, T> From<Operand<M, T>> for Term {
    fn from(operand: Operand<M, T>) -> Self {
        operand.term
    }
}

macro_rules! calculations {
    ($(impl Calculation<M, $of:ty> for $type:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<M, T> SetValue<M, $type, ByCalculation> for Calculation<M, $of> {
            fn into_right(self) -> SetRight {
                SetRight(self.right)
            }
        }
    )+};
}

calculations! {
    impl Calculation<M, T> for T;
    impl Calculation<M, T> for Option<T>;
    impl Calculation<M, Option<T>> for T;
}
