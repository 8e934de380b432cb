//! An item as a put writes it: alone, in a batch, in a transaction, and as the image of a change.

use super::body::check_item_size;
use super::index_limit;
use super::item_key::{Encode, EncodedKey};
use super::update::version_condition;
use crate::codec::{CodecError, Writer};
use crate::expr::Condition;
use crate::lifecycle::{ManagedAttribute, ManagedValue, ManagedValues, Role, Stamp, stamp_put};
use crate::model::ModelShape;
use crate::{Db, Error, Result, Timestamp, Ttl, tenant};
use std::sync::atomic::{AtomicUsize, Ordering};

/// For how many bytes there is room when the next item is written: a little more than the last one took, since a program's
/// items are often alike.
static ROOM: AtomicUsize = AtomicUsize::new(512);

/// The least and the most of it, so that one large item does not make all others wasteful.
const LEAST_ROOM: usize = 128;
const MOST_ROOM: usize = 8_192;

/// An item without the attributes that the library keeps: those are added when it is sent, by the clock of the `Db`.
#[derive(Debug, Clone)]
pub(crate) struct EncodedItem {
    /// Without what the library keeps.
    pub(super) json: Vec<u8>,
    managed: ManagedValues,
    pub(crate) key: EncodedKey,
}

impl EncodedItem {
    pub(crate) fn of(model: &'static ModelShape, item: &dyn Encode) -> Result<Self, CodecError> {
        let key = EncodedKey::of(model, item)?;
        let mut writer = Writer::with_capacity(ROOM.load(Ordering::Relaxed));
        let mut managed = ManagedValues::new();
        writer.item(|members| {
            item.item(members, &mut managed)?;
            if let Some(kept) = model.kept {
                kept.encode(members);
            }
            Ok(())
        })?;
        let bytes = writer.as_bytes().len();
        ROOM.store((bytes + bytes / 8).clamp(LEAST_ROOM, MOST_ROOM), Ordering::Relaxed);
        index_limit::check_item(key.model, writer.as_bytes())?;
        Ok(Self { json: writer.into_bytes(), managed, key })
    }

    /// The whole item, as it is stored.
    pub(crate) fn stamped(&self, db: &Db, now: Timestamp) -> Result<Vec<u8>> {
        let mut writer = self.writer();
        self.write_stamped(&mut writer, db, now)?;
        Ok(writer.into_bytes())
    }

    /// Appends the whole item, as it is stored.
    pub(super) fn write_stamped(&self, writer: &mut Writer, db: &Db, now: Timestamp) -> Result<()> {
        let stamp = |attribute, value| stamp_put(attribute, value, now);
        let from = writer.as_bytes().len();
        match tenant::of(db, self.key.model, self.key.claim.as_deref())? {
            None => self.write(writer, stamp)?,
            tenant => {
                let mut item = self.writer();
                self.write(&mut item, stamp)?;
                let filled = tenant::fill(item.as_bytes(), tenant)?;
                tenant::check_keys(self.key.model, &filled)?;
                writer.raw_bytes(&filled);
            }
        }
        check_item_size(writer.as_bytes().get(from..).unwrap_or_default())
    }

    /// The item with all its attributes as they stand in its struct.
    pub(crate) fn image(&self) -> Result<Vec<u8>, CodecError> {
        let mut writer = self.writer();
        self.write(&mut writer, |attribute, value| {
            Ok(match (attribute.role, value) {
                (_, ManagedValue::Unset) => None,
                (_, ManagedValue::Version(version)) => Some(Stamp::Version(version)),
                (Role::Ttl { .. }, ManagedValue::Time(time)) => Some(Stamp::Ttl(Ttl::at(time))),
                (_, ManagedValue::Time(time)) => Some(Stamp::Time(time)),
            })
        })?;
        Ok(writer.into_bytes())
    }

    /// With room for the item.
    fn writer(&self) -> Writer {
        Writer::with_capacity(self.room())
    }

    /// About how many bytes the item takes.
    pub(super) fn room(&self) -> usize {
        self.json.len() + 64 * self.managed.len()
    }

    /// Appends the item and the attributes that the library keeps, as far as `stamp` gives them a value.
    fn write(
        &self,
        writer: &mut Writer,
        stamp: impl Fn(ManagedAttribute, ManagedValue) -> Result<Option<Stamp>, CodecError>,
    ) -> Result<(), CodecError> {
        writer.raw_bytes(self.json.strip_suffix(b"}").unwrap_or(&self.json));
        let mut empty = self.json == b"{}";
        for (attribute, value) in &self.managed {
            if let Some(stamp) = stamp(*attribute, *value)? {
                writer.raw(if empty { "" } else { "," });
                empty = false;
                writer.json_string(attribute.name);
                writer.raw(":");
                stamp.encode(writer)?;
            }
        }
        writer.raw("}");
        Ok(())
    }

    /// True if the version says that there is none yet.
    pub(super) fn is_first_version(&self) -> bool {
        self.managed.iter().any(|(attribute, value)| {
            attribute.role == Role::Version && !matches!(value, ManagedValue::Version(_))
        })
    }

    /// What the version demands of the stored item, or the wish that there is none.
    pub(super) fn own_condition(
        &self,
        shape: &ModelShape,
        must_not_exist: bool,
    ) -> Result<Option<Condition<()>>> {
        let not_exists = || Condition::about("attribute_not_exists", shape.primary.partition_key().attribute);
        let version = self.managed.iter().find(|(attribute, _)| attribute.role == Role::Version);
        match version {
            Some((attribute, ManagedValue::Version(_))) if must_not_exist => Err(Error::invalid(format!(
                "`if_not_exists` makes a new item, and attribute `{}` has the version of a stored one: set it to 0",
                attribute.name
            ))),
            Some((_, ManagedValue::Version(version))) => {
                Ok(Some(version_condition(shape, ManagedValue::Version(*version))))
            }
            Some((_, ManagedValue::Unset | ManagedValue::Time(_))) => Ok(Some(not_exists())),
            None => Ok(must_not_exist.then(not_exists)),
        }
    }
}
