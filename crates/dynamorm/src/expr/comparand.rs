//! The right side of a comparison: a value, another attribute, or the size of one.

use super::document_path::DocumentPath;
use super::tree::{Term, Tree};
use super::{ByValue, Condition, EncodedValue, IntoAttr, Numeric};
use crate::{Attr, Path};
use std::fmt;
use std::marker::PhantomData;

/// What something of type `T` in the model `M` can be compared with: a value, another attribute or path of the same type, or
/// the size of one.
#[diagnostic::on_unimplemented(
    message = "expected a value for an attribute of type `{T}`, found `{Self}`",
    label = "not a `{T}`, nor an attribute of `{M}` that is one"
)]
pub trait Comparand<M, T, By> {
    #[doc(hidden)]
    fn into_side(self) -> Side;
}

/// One side of a comparison, opaque.
#[doc(hidden)]
#[derive(Debug)]
pub struct Side(pub(crate) Term);

/// Compares with an attribute; tells the kinds of [`Comparand`] apart.
#[derive(Debug, Clone, Copy)]
pub enum ByAttribute {}

/// Compares with a size; tells the kinds of [`Comparand`] apart.
#[derive(Debug, Clone, Copy)]
pub enum BySize {}

#[diagnostic::do_not_recommend]
impl<M, T, V: IntoAttr<T>> Comparand<M, T, ByValue> for V {
    fn into_side(self) -> Side {
        Side(Term::Value(self.into_value()))
    }
}

#[diagnostic::do_not_recommend]
impl<M, T: Numeric> Comparand<M, T, BySize> for Size<M> {
    fn into_side(self) -> Side {
        Side(Term::Size(self.path))
    }
}

macro_rules! by_attribute {
    ($($handle:ident),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<M, T, R> Comparand<M, T, ByAttribute> for $handle<M, T, R> {
            fn into_side(self) -> Side {
                Side(Term::Path(Path::from(self).path))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<M, T, R> Comparand<M, Option<T>, ByAttribute> for $handle<M, T, R> {
            fn into_side(self) -> Side {
                Side(Term::Path(Path::from(self).path))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<M, T, R> Comparand<M, T, ByAttribute> for $handle<M, Option<T>, R> {
            fn into_side(self) -> Side {
                Side(Term::Path(Path::from(self).path))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<M, T: Numeric, R> SizeComparand<M> for $handle<M, T, R> {
            fn into_side(self) -> Side {
                Side(Term::Path(Path::from(self).path))
            }
        }
    )+};
}

by_attribute!(Attr, Path);

/// The size of an attribute of the model `M`, made by `User::TAGS.size()`: of a string its length in UTF-16, so that `é`
/// counts once and an emoji twice, of a binary the bytes, of a set, a list or a map the elements.
#[must_use = "a size does nothing until it is compared"]
pub struct Size<M> {
    path: DocumentPath,
    of: PhantomData<fn() -> M>,
}

impl<M> Size<M> {
    pub(crate) fn new(path: DocumentPath) -> Self {
        Self { path, of: PhantomData }
    }

    /// Is equal to this.
    pub fn eq(self, other: impl SizeComparand<M>) -> Condition<M> {
        self.compare("=", other.into_side())
    }

    /// Is not equal to this, or the attribute is absent.
    pub fn ne(self, other: impl SizeComparand<M>) -> Condition<M> {
        self.compare("<>", other.into_side())
    }

    /// Is less than this.
    pub fn lt(self, other: impl SizeComparand<M>) -> Condition<M> {
        self.compare("<", other.into_side())
    }

    /// Is less than this, or equal to it.
    pub fn le(self, other: impl SizeComparand<M>) -> Condition<M> {
        self.compare("<=", other.into_side())
    }

    /// Is greater than this.
    pub fn gt(self, other: impl SizeComparand<M>) -> Condition<M> {
        self.compare(">", other.into_side())
    }

    /// Is greater than this, or equal to it.
    pub fn ge(self, other: impl SizeComparand<M>) -> Condition<M> {
        self.compare(">=", other.into_side())
    }

    /// Is from `low` to `high`, both included.
    pub fn between(self, low: impl SizeComparand<M>, high: impl SizeComparand<M>) -> Condition<M> {
        let (low, high) = (low.into_side().0, high.into_side().0);
        Condition::new(Tree::between(Term::Size(self.path), low, high))
    }

    /// Is one of these, 1 to 100 of them.
    pub fn is_in<V: SizeComparand<M>>(self, list: impl IntoIterator<Item = V>) -> Condition<M> {
        let list = list.into_iter().map(|one| one.into_side().0).collect();
        Condition::new(Tree::is_in(Term::Size(self.path), list))
    }

    fn compare(self, operator: &'static str, other: Side) -> Condition<M> {
        Condition::new(Tree::compare(Term::Size(self.path), operator, other.0))
    }
}

impl<M> Clone for Size<M> {
    fn clone(&self) -> Self {
        Self::new(self.path.clone())
    }
}

impl<M> fmt::Debug for Size<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Size({})", self.path)
    }
}

/// What a size can be compared with: an integer, an attribute that is a number, or another size.
#[diagnostic::on_unimplemented(
    message = "a size is not compared with `{Self}`",
    label = "not an integer, a number of `{M}` or another size of it"
)]
pub trait SizeComparand<M> {
    #[doc(hidden)]
    fn into_side(self) -> Side;
}

#[diagnostic::do_not_recommend]
impl<M> SizeComparand<M> for Size<M> {
    fn into_side(self) -> Side {
        Side(Term::Size(self.path))
    }
}

macro_rules! size_comparand {
    ($($integer:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<M> SizeComparand<M> for $integer {
            fn into_side(self) -> Side {
                Side(Term::Value(EncodedValue::of(&self)))
            }
        }
    )+};
}

size_comparand!(u8, u16, u32, u64, usize, i32, i64);
