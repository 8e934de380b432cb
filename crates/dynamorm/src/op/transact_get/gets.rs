//! What a transaction can read: keys, gets, and tuples and lists of them.

use crate::codec::{CodecError, Reader};
use crate::model::{FromItem, Key, Model, ModelShape};
use crate::op::body::Body;
use crate::op::hidden::Hidden;
use crate::op::item_key::{Encode, EncodedKey};
use crate::{Db, Error, Result};
use bytes::Bytes;

/// What one operation of a transaction can read: a key, or a [`Get`](crate::Get) of one.
#[diagnostic::on_unimplemented(
    message = "expected a key or `Get::new(key)`, found `{Self}`",
    label = "not a get of a transaction",
    note = "build a key with `YourModel::key(..)`; `db.get(..)` runs on its own"
)]
pub trait IntoGet {
    /// What it is read as.
    type Item: FromItem;
    /// Which handle reaches it.
    type Scope;

    #[doc(hidden)]
    fn into_get(self) -> OneGet;
}

#[diagnostic::do_not_recommend]
impl<K: Key> IntoGet for K {
    type Item = K::Model;
    type Scope = <K::Model as Model>::Scope;

    fn into_get(self) -> OneGet {
        OneGet::of(K::Model::SHAPE, &self)
    }
}

/// What a transaction can read: a tuple of up to eight keys or gets, or a `Vec` or an array of those of one type.
#[diagnostic::on_unimplemented(
    message = "expected a tuple or a list of keys, found `{Self}`",
    label = "not the gets of a transaction",
    note = "write `(User::key(\"u1\"), Order::key(..))` for up to eight, or a `Vec` or an array of keys of one model"
)]
pub trait Gets {
    /// Which handle reaches them.
    type Scope;
    /// What it gives if all items must be there.
    type Items;
    /// What it gives if any may be absent.
    type Optional;

    #[doc(hidden)]
    fn into_gets(self) -> Vec<OneGet>;
    #[doc(hidden)]
    fn decode(answers: &mut Answers) -> Result<Self::Optional>;
    /// All items, or the position of the first that is not there.
    #[doc(hidden)]
    fn all(items: Self::Optional) -> Result<Self::Items, usize>;
}

/// One get, without the type of its item.
#[doc(hidden)]
#[derive(Debug)]
pub struct OneGet {
    pub(crate) model: &'static ModelShape,
    pub(crate) key: Result<EncodedKey, CodecError>,
    pub(crate) projection: Option<&'static [&'static str]>,
}

impl OneGet {
    fn of(model: &'static ModelShape, key: &dyn Encode) -> Self {
        Self { model, key: EncodedKey::of(model, key), projection: None }
    }

    pub(super) fn key(&self) -> Result<&EncodedKey> {
        self.key.as_ref().map_err(|error| error.clone().into())
    }

    /// The operation as it stands in a transaction.
    pub(super) fn json(&self, db: &Db) -> Result<Vec<u8>> {
        let mut body = Body::new(db.table_of(self.model)?);
        body.json("Key", &self.key()?.filled(db)?);
        if let Some(names) = self.projection {
            body.projection(&Hidden::of(db, self.model, false)?.names(names))?;
        }
        Ok(body.finish())
    }
}

/// What each operation of a transaction read, in their order.
#[doc(hidden)]
#[derive(Debug)]
pub struct Answers {
    items: Vec<Option<Bytes>>,
    next: usize,
}

impl Answers {
    /// Reads the answer to `count` operations.
    pub(crate) fn of(answer: &Bytes, count: usize) -> Result<Self> {
        let mut items = Vec::with_capacity(count);
        Reader::new(answer)?.object(|reader, name| {
            if name != "Responses" {
                return reader.skip();
            }
            if reader.is_null() {
                return Ok(());
            }
            reader.array(|reader| {
                let mut item = None;
                reader.object(|reader, name| {
                    match name {
                        "Item" if !reader.is_null() => {
                            item = Some(answer.slice_ref(reader.raw()?.as_bytes()))
                        }
                        "Item" => {}
                        _ => reader.skip()?,
                    }
                    Ok(())
                })?;
                items.push(item);
                Ok(())
            })
        })?;
        // An absent item has a response too: one for each operation, or it would not be clear whose item is whose.
        if items.len() != count {
            return Err(CodecError::invalid("of the responses are not as many as the operations").into());
        }
        Ok(Self { items, next: 0 })
    }

    /// Leaves out what is hidden from this `Db`.
    pub(super) fn hide(&mut self, db: &Db, gets: &[OneGet]) -> Result<()> {
        for (item, get) in self.items.iter_mut().zip(gets) {
            let hidden = Hidden::of(db, get.model, false)?;
            let is_hidden = |item: &Bytes| match std::str::from_utf8(item) {
                Ok(item) if !hidden.is_nothing() => hidden.hides(item),
                Ok(_) | Err(_) => Ok(false),
            };
            if item.as_ref().map_or(Ok(false), is_hidden)? {
                *item = None;
            }
        }
        Ok(())
    }

    pub(crate) fn take<R: FromItem>(&mut self) -> Result<Option<R>> {
        let operation = self.next;
        self.next += 1;
        let Some(item) = self.items.get(operation).cloned().flatten() else { return Ok(None) };
        let decoded = Reader::new(&item).and_then(|mut reader| R::decode(&mut reader));
        decoded.map(Some).map_err(|error| Error::from(error).in_operation(operation))
    }

    pub(crate) fn remaining(&self) -> usize {
        self.items.len().saturating_sub(self.next)
    }
}

#[diagnostic::do_not_recommend]
impl<G: IntoGet> Gets for Vec<G> {
    type Scope = G::Scope;
    type Items = Vec<G::Item>;
    type Optional = Vec<Option<G::Item>>;

    fn into_gets(self) -> Vec<OneGet> {
        self.into_iter().map(IntoGet::into_get).collect()
    }

    fn decode(answers: &mut Answers) -> Result<Self::Optional> {
        (0..answers.remaining()).map(|_| answers.take()).collect()
    }

    fn all(items: Self::Optional) -> Result<Self::Items, usize> {
        items.into_iter().enumerate().map(|(operation, item)| item.ok_or(operation)).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<G: IntoGet, const N: usize> Gets for [G; N] {
    type Scope = G::Scope;
    type Items = Vec<G::Item>;
    type Optional = Vec<Option<G::Item>>;

    fn into_gets(self) -> Vec<OneGet> {
        self.into_iter().map(IntoGet::into_get).collect()
    }

    fn decode(answers: &mut Answers) -> Result<Self::Optional> {
        <Vec<G> as Gets>::decode(answers)
    }

    fn all(items: Self::Optional) -> Result<Self::Items, usize> {
        <Vec<G> as Gets>::all(items)
    }
}

macro_rules! tuples {
    ($(($($get:ident $item:ident $nth:literal),+))+) => {$(
        #[diagnostic::do_not_recommend]
        impl<S, $($get: IntoGet<Scope = S>),+> Gets for ($($get,)+) {
            type Scope = S;
            type Items = ($($get::Item,)+);
            type Optional = ($(Option<$get::Item>,)+);

            fn into_gets(self) -> Vec<OneGet> {
                let ($($item,)+) = self;
                vec![$($item.into_get()),+]
            }

            fn decode(answers: &mut Answers) -> Result<Self::Optional> {
                Ok(($(answers.take::<$get::Item>()?,)+))
            }

            fn all(items: Self::Optional) -> Result<Self::Items, usize> {
                let ($($item,)+) = items;
                Ok(($($item.ok_or($nth)?,)+))
            }
        }
    )+};
}

tuples! {
    (A a 0_usize)
    (A a 0_usize, B b 1_usize)
    (A a 0_usize, B b 1_usize, C c 2_usize)
    (A a 0_usize, B b 1_usize, C c 2_usize, D d 3_usize)
    (A a 0_usize, B b 1_usize, C c 2_usize, D d 3_usize, E e 4_usize)
    (A a 0_usize, B b 1_usize, C c 2_usize, D d 3_usize, E e 4_usize, F f 5_usize)
    (A a 0_usize, B b 1_usize, C c 2_usize, D d 3_usize, E e 4_usize, F f 5_usize, G g 6_usize)
    (A a 0_usize, B b 1_usize, C c 2_usize, D d 3_usize, E e 4_usize, F f 5_usize, G g 6_usize, H h 7_usize)
}
