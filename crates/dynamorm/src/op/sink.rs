//! Where items go that are read. That is all that an operation has to know of their type, so that it is compiled once.

use crate::codec::{CodecError, Reader};
use crate::model::{Collect, FromItem, Readable};

/// Takes items, of whatever type.
pub(crate) trait Sink {
    /// Reads the next item and keeps it.
    fn item(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError>;

    /// Is told that the next item is not there.
    fn absent(&mut self) {}

    /// Is told that so many items will come, which need not be true.
    fn expect(&mut self, items: usize) {
        let _ = items;
    }
}

impl<F: FnMut(&mut Reader<'_>) -> Result<(), CodecError>> Sink for F {
    fn item(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        self(reader)
    }
}

/// At most one item; of several the last.
pub(crate) struct One<R>(pub(crate) Option<R>);

impl<R: FromItem> Sink for One<R> {
    fn item(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        self.0 = Some(R::decode(reader)?);
        Ok(())
    }
}

/// All items.
pub(crate) struct All<R: Readable>(pub(crate) R::Items);

impl<R: Readable> All<R> {
    pub(crate) fn new() -> Self {
        Self(R::Items::empty())
    }
}

impl<R: Readable> Sink for All<R> {
    fn item(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        self.0.push(R::Item::decode(reader)?)
    }

    fn expect(&mut self, items: usize) {
        self.0.reserve(items);
    }
}

/// Each item that was asked for, `None` if it is not there.
pub(crate) struct Each<R>(pub(crate) Vec<Option<R>>);

impl<R: FromItem> Sink for Each<R> {
    fn item(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        self.0.push(Some(R::decode(reader)?));
        Ok(())
    }

    fn absent(&mut self) {
        self.0.push(None);
    }
}
