//! Which item an operation of a batch or a transaction is about, so that two on the same one are told before they are sent.

use crate::codec::{Attribute, CodecError, ItemWriter, Reader, Writer};
use crate::lifecycle::{ManagedValue, ManagedValues};
use crate::model::{Key, ModelShape};
use crate::value::{AttributeValue, Item};
use crate::{Db, Result};
use crate::{tenant, unique};
use std::borrow::Cow;

/// Bytes that most keys have room in.
const ROOM: usize = 128;

/// A table and a primary key in it. Numbers compare by value: `1` and `1.0` are the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemKey {
    pub(crate) table: String,
    pub(crate) attributes: Item,
}

impl ItemKey {
    pub(crate) fn new(db: &Db, key: &EncodedKey) -> Result<Self> {
        let attributes = read_item(&mut Reader::new(&key.filled(db)?)?)?;
        Ok(Self { table: db.table_of(key.model)?.to_owned(), attributes })
    }

    /// Equal for equal keys, and for no others.
    pub(crate) fn identity(&self) -> (String, Vec<u8>) {
        (self.table.clone(), identity(&self.attributes))
    }

    /// True if these attributes, a key or a whole item, are of this key.
    pub(crate) fn is_of(&self, attributes: &Item) -> bool {
        self.attributes.iter().all(|(name, value)| attributes.get(name) == Some(value))
    }
}

/// The key of one operation, as it goes into the request.
#[derive(Debug, Clone)]
pub(crate) struct EncodedKey {
    pub(crate) json: Vec<u8>,
    pub(crate) model: &'static ModelShape,
    /// The tenant of the item that it was made of.
    pub(crate) claim: Option<String>,
}

impl EncodedKey {
    pub(crate) fn of(model: &'static ModelShape, key: &dyn Encode) -> Result<Self, CodecError> {
        let mut writer = Writer::with_capacity(ROOM);
        writer.item(|item| key.key(item))?;
        Ok(Self { json: writer.into_bytes(), model, claim: key.claim() })
    }

    /// The key with its tenant, as this `Db` sends it.
    pub(crate) fn filled(&self, db: &Db) -> Result<Cow<'_, [u8]>> {
        let filled = match tenant::of(db, self.model, self.claim.as_deref())? {
            None => Cow::Borrowed(self.json.as_slice()),
            Some(tenant) => {
                let filled = tenant::fill(&self.json, Some(tenant))?;
                tenant::check_keys(self.model, &filled)?;
                filled
            }
        };
        unique::check_key(self.model, &filled)?;
        Ok(filled)
    }

    /// The key of an item, of which no more than that need be there.
    pub(crate) fn read(reader: &mut Reader<'_>, model: &'static ModelShape) -> Result<Self, CodecError> {
        Ok(Self { json: identity(&read_key(reader, model)?), model, claim: None })
    }
}

/// A [`Key`], which may be an item, without its type: what asks it is compiled once.
pub(crate) trait Encode {
    /// Writes the key attributes.
    fn key(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError>;
    /// Writes the attributes that key templates are made of.
    fn key_fields(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError>;
    /// Writes all attributes of an item and returns true, or is none.
    fn item(&self, item: &mut ItemWriter<'_>, managed: &mut ManagedValues) -> Result<bool, CodecError>;
    /// The tenant that an item says it is of.
    fn claim(&self) -> Option<String>;
}

impl<K: Key> Encode for K {
    fn key(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        self.encode(item)
    }

    fn key_fields(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        self.encode_fields(item)
    }

    fn item(&self, item: &mut ItemWriter<'_>, managed: &mut ManagedValues) -> Result<bool, CodecError> {
        self.encode_item(item, managed)
    }

    fn claim(&self) -> Option<String> {
        self.claimed_tenant()
    }
}

/// The version that the stored item must have, if the key is an item that has one.
pub(crate) fn version(model: &ModelShape, key: &dyn Encode) -> Result<Option<ManagedValue>, CodecError> {
    let Some(version) = model.version() else { return Ok(None) };
    let mut managed = ManagedValues::new();
    Writer::new().item(|item| key.item(item, &mut managed).map(drop))?;
    Ok(managed.into_iter().find(|(attribute, _)| attribute.name == version).map(|(_, value)| value))
}

/// Equal for equal keys of one table, and for no others.
pub(crate) fn identity(key: &Item) -> Vec<u8> {
    let mut writer = Writer::new();
    // Key attributes are scalars, sorted by name, and numbers print in one form only.
    let _ = writer.item(|item| key.iter().try_for_each(|(name, value)| item.attribute(name, value)));
    writer.into_bytes()
}

/// Reads an item without a type around it.
pub(crate) fn read_item(reader: &mut Reader<'_>) -> Result<Item, CodecError> {
    let mut item = Item::new();
    reader.object(|reader, name| {
        item.insert(name.to_owned(), AttributeValue::decode(reader).map_err(|error| error.at(name))?);
        Ok(())
    })?;
    Ok(item)
}

/// Reads past an item, and gives its key attributes.
pub(crate) fn read_key(reader: &mut Reader<'_>, model: &ModelShape) -> Result<Item, CodecError> {
    let mut key = Item::new();
    reader.object(|reader, name| {
        if !model.primary.keys().any(|part| part.attribute == name) {
            return reader.skip();
        }
        key.insert(name.to_owned(), AttributeValue::decode(reader).map_err(|error| error.at(name))?);
        Ok(())
    })?;
    Ok(key)
}
