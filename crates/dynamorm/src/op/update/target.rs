//! Which item an update is about, and what of it is known: by its key, or as it was read.

use crate::codec::{CodecError, Reader, Writer};
use crate::expr::EncodedValue;
use crate::lifecycle::{ManagedValue, ManagedValues, Role};
use crate::model::ModelShape;
use crate::op::item_key::{Encode, EncodedKey};

/// The item of an update.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) key: EncodedKey,
    /// Attributes that the key is made of, as JSON: an item that the update makes must have them.
    pub(super) fields: Members,
    /// The key's own attributes, as JSON.
    key_attributes: Members,
    /// The whole item as it was read, as JSON, without the attributes that the library keeps.
    item: Option<Vec<u8>>,
    /// The version that the stored item must have.
    pub(super) version: Option<ManagedValue>,
}

/// Attributes by name, as JSON.
pub(super) type Members = Vec<(String, Vec<u8>)>;

/// The attributes of an item, or of a key.
fn members(json: &[u8]) -> Result<Members, CodecError> {
    let mut members = Members::new();
    Reader::new(json)?.object(|reader, name| {
        members.push((name.to_owned(), reader.raw()?.as_bytes().to_vec()));
        Ok(())
    })?;
    Ok(members)
}

impl Target {
    pub(super) fn of(model: &'static ModelShape, of: &dyn Encode) -> Result<Self, CodecError> {
        let key = EncodedKey::of(model, of)?;
        let mut fields = Writer::new();
        fields.item(|fields| of.key_fields(fields))?;
        let (mut item, mut managed, mut is_item) = (Writer::new(), ManagedValues::new(), false);
        item.item(|item| {
            is_item = of.item(item, &mut managed)?;
            Ok(())
        })?;
        let version = managed.into_iter().find(|(attribute, _)| attribute.role == Role::Version);
        Ok(Self {
            fields: members(&fields.into_bytes())?,
            key_attributes: members(&key.json)?,
            key,
            item: is_item.then(|| item.into_bytes()),
            version: version.map(|(_, value)| value),
        })
    }

    /// True if the item was read, and must be stored still.
    pub(super) fn must_exist(&self) -> bool {
        self.item.is_some()
    }

    /// True if the version says that the item is still as it was read. An item without a version may have been changed by
    /// whoever does not raise versions.
    pub(super) fn is_versioned(&self) -> bool {
        matches!(self.version, Some(ManagedValue::Version(_)))
    }

    /// The value of an attribute, if it is one that the key tells.
    pub(super) fn of_key(&self, name: &str) -> Option<&[u8]> {
        let known = self.fields.iter().chain(&self.key_attributes);
        known.into_iter().find(|(known, _)| known == name).map(|(_, json)| json.as_slice())
    }

    /// The value of an attribute as it was read; `Some(None)` if it was absent, `None` if the item is not known.
    pub(super) fn of_item(&self, name: &str) -> Result<Option<Option<Vec<u8>>>, CodecError> {
        let Some(item) = &self.item else { return Ok(None) };
        let mut found = None;
        Reader::new(item)?.object(|reader, known| {
            let json = reader.raw()?;
            if known == name {
                found = Some(json.as_bytes().to_vec());
            }
            Ok(())
        })?;
        Ok(Some(found))
    }
}

/// The current value of an attribute that an update leaves as it is, in the words of [`given`](crate::Update::given).
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) name: &'static str,
    pub(super) value: EncodedValue,
}

impl Given {
    /// The value as it is stored, or `None` if it is left out of the item.
    pub(super) fn json(&self, shape: &ModelShape) -> Result<Option<Vec<u8>>, CodecError> {
        let json = self.value.json(self.name)?;
        Ok(json.filter(|json| !leaves_out(shape, self.name, json)).map(<[u8]>::to_vec))
    }
}

/// True for an empty key of an index, which DynamoDB refuses: leaving the attribute out takes the item out of the index.
pub(super) fn leaves_out(shape: &ModelShape, name: &str, json: &[u8]) -> bool {
    let is_key = shape.index_keys().any(|(_, key)| key.template.is_empty() && key.attribute == name);
    is_key && matches!(json, b"{\"S\":\"\"}" | b"{\"B\":\"\"}")
}
