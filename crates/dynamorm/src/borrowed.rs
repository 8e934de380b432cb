//! Projections that borrow from the answer: their texts are slices of the bytes that DynamoDB sent.
//!
//! [`BorrowItem`] is what `derive(Project)` makes of a struct with a lifetime, [`Borrowed`] what its fields can be. The read that
//! gives an answer to borrow from is `op/borrowed_read.rs`.

use crate::codec::{CodecError, Reader};
use crate::kept;
use crate::model::Model;
use std::borrow::Cow;

/// Some attributes of a model, borrowed from the answer that they were read in. Derive `Project` for a struct with a lifetime.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not borrow from an answer",
    label = "not a projection with a lifetime",
    note = "derive `Project` for a struct with a lifetime: `struct Line<'a> {{ name: Cow<'a, str> }}`"
)]
pub trait BorrowItem {
    /// The model whose items these are.
    type Model: Model;
    /// The projection with the lifetime of an answer.
    type Item<'a>;

    /// The names of the attributes to ask for.
    #[doc(hidden)]
    const PROJECTION: &'static [&'static str];

    /// Reads an item: `{"name":{"S":"Ada"},…}`.
    ///
    /// # Errors
    ///
    /// If an attribute is missing, or has another type.
    #[doc(hidden)]
    fn decode<'a>(reader: &mut Reader<'a>) -> Result<Self::Item<'a>, CodecError>;
}

/// Reads an item, whose model may say something of itself.
pub(crate) fn decode<'a, P: BorrowItem>(reader: &mut Reader<'a>) -> Result<P::Item<'a>, CodecError> {
    if let Some(kept) = P::Model::SHAPE.kept {
        kept::check(kept, reader.clone())?;
    }
    P::decode(reader)
}

/// What a field that borrows can be: a text as `Cow<'a, str>`, an `Option` or a `Vec` of them.
///
/// It is a slice of the answer unless it is escaped there, as quotes and control characters are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed from an answer",
    label = "not a text",
    note = "a field that borrows is a `Cow<'a, str>`, or an `Option` or a `Vec` of one; bytes are base64 there: take a `Vec<u8>`"
)]
pub trait Borrowed<'a>: Sized {
    /// Reads a value with its type.
    ///
    /// # Errors
    ///
    /// If the stored value has another type.
    fn decode(reader: &mut Reader<'a>) -> Result<Self, CodecError>;

    /// What an absent attribute is read as; `None` makes its absence an error.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<'a> Borrowed<'a> for Cow<'a, str> {
    #[inline]
    fn decode(reader: &mut Reader<'a>) -> Result<Self, CodecError> {
        reader.s()
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Borrowed<'a>> Borrowed<'a> for Option<T> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, CodecError> {
        if reader.null()? { Ok(None) } else { T::decode(reader).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Borrowed<'a>> Borrowed<'a> for Vec<T> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, CodecError> {
        reader.list_of(T::decode)
    }
}
