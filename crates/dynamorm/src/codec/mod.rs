//! Bytes to Rust values and back: the only place that knows how a Rust type is stored.
//!
//! DynamoDB speaks JSON in which each value carries its type, `{"S":"ada"}`. A [`Writer`] puts a Rust value into a request
//! in that form, a [`Reader`] takes one out of a response, with no tree of values between. Start at [`Attribute`].
//! The families of types have a file each: `scalar`, `absence` (`Option` and [`Nullable`]), `collection`, `set`, `vector`.
//! What is not here: expressions (`expr/`), key templates (`key/`).

mod absence;
mod collection;
mod error;
mod reader;
mod scalar;
mod set;
mod size;
mod tag;
mod text;
mod vector;
mod writer;

pub use absence::Nullable;
pub(crate) use collection::decode_member;
pub use error::CodecError;
pub(crate) use error::{Cause, Problem};
pub use reader::Reader;
pub use set::SetElement;
pub(crate) use size::{item_bytes, value_bytes};
pub use tag::Tag;
pub use writer::{ItemWriter, Writer};

/// A Rust type that is stored as one DynamoDB attribute.
///
/// Strings, booleans, numbers, bytes, times, collections and `Option` have it; derive `Document` for your own structs,
/// newtypes and enums.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as a DynamoDB attribute",
    label = "not an attribute type",
    note = "derive `Document` for a struct, a newtype or an enum of your own"
)]
pub trait Attribute: Sized {
    /// Writes the value with its type: `{"S":"ada"}`.
    ///
    /// # Errors
    ///
    /// If DynamoDB cannot hold the value: a float that is not finite, an empty set inside a list.
    fn encode(&self, writer: &mut Writer) -> Result<(), CodecError>;

    /// Reads a value with its type.
    ///
    /// # Errors
    ///
    /// If the stored value has another type, or does not fit.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError>;

    /// True if the attribute is left out of the item: `None`, an empty set.
    fn is_absent(&self) -> bool {
        false
    }

    /// What an absent attribute is read as; `None` makes its absence an error.
    fn absent() -> Option<Self> {
        None
    }

    /// True if the type has a value for DynamoDB's NULL, so that an `Option` around it must not take NULL for absence.
    #[doc(hidden)]
    const HOLDS_NULL: bool = false;

    /// Writes several values as one attribute: a list, or for bytes a binary.
    ///
    /// # Errors
    ///
    /// The first one of its elements, with its position.
    #[doc(hidden)]
    fn encode_all(values: &[Self], writer: &mut Writer) -> Result<(), CodecError> {
        writer.list(values)
    }

    /// Reads what [`encode_all`](Attribute::encode_all) wrote.
    ///
    /// # Errors
    ///
    /// If the stored value has another type.
    #[doc(hidden)]
    fn decode_all(reader: &mut Reader<'_>) -> Result<Vec<Self>, CodecError> {
        reader.list()
    }
}
