//! The attributes that the library keeps by itself: version, created_at, updated_at and time to live.

use crate::codec::{Attribute, CodecError, Reader, Writer};
use crate::{Timestamp, Ttl};

/// An attribute that the library keeps.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManagedAttribute {
    pub name: &'static str,
    pub role: Role,
}

/// What the library does with an attribute that it keeps.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Raised by each write, and checked.
    Version,
    /// Set by the first write, unless it has a value.
    CreatedAt,
    /// Set by each write.
    UpdatedAt,
    /// When DynamoDB may delete the item. With a number of seconds: so long after each write that sets no other time.
    Ttl { after: Option<u64> },
}

/// The value of a managed attribute, as it stands in a struct.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManagedValue {
    /// None yet: the default of its type.
    Unset,
    Version(u64),
    Time(Timestamp),
}

/// The managed attributes of one item, as they stand in its struct.
#[doc(hidden)]
pub type ManagedValues = Vec<(ManagedAttribute, ManagedValue)>;

/// A type that can hold a version.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a version",
    label = "not a version",
    note = "declare the field as `u64`"
)]
pub trait VersionField: Attribute {
    fn managed(&self) -> ManagedValue;
    /// What an item without the attribute is read as.
    fn left_out() -> Self;
}

#[diagnostic::do_not_recommend]
impl VersionField for u64 {
    fn managed(&self) -> ManagedValue {
        match self {
            0 => ManagedValue::Unset,
            version => ManagedValue::Version(*version),
        }
    }

    fn left_out() -> Self {
        0
    }
}

/// A type that can hold the time of a write.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the time of a write",
    label = "not a time",
    note = "declare the field as `Timestamp` or `Option<Timestamp>`"
)]
pub trait TimeField: Attribute {
    fn managed(&self) -> ManagedValue;
    /// What an item without the attribute is read as.
    fn left_out() -> Self;
}

#[diagnostic::do_not_recommend]
impl TimeField for Timestamp {
    fn managed(&self) -> ManagedValue {
        if self.is_unset() { ManagedValue::Unset } else { ManagedValue::Time(*self) }
    }

    fn left_out() -> Self {
        Timestamp::default()
    }
}

#[diagnostic::do_not_recommend]
impl TimeField for Option<Timestamp> {
    fn managed(&self) -> ManagedValue {
        self.map_or(ManagedValue::Unset, ManagedValue::Time)
    }

    fn left_out() -> Self {
        None
    }
}

/// A type that can hold a time to live; it is stored as a number of seconds whatever the type.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a time to live",
    label = "not a time to live",
    note = "declare the field as `Ttl`, `Timestamp`, or an `Option` of one"
)]
pub trait TtlField: Sized {
    fn managed(&self) -> ManagedValue;
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError>;
    /// What an item without the attribute is read as; `None` makes its absence an error.
    fn left_out() -> Option<Self>;
    /// Reads the attribute `name` into its place.
    #[inline(never)]
    fn read(place: &mut Option<Self>, reader: &mut Reader<'_>, name: &str) -> Result<(), CodecError> {
        *place = Some(Self::decode(reader).map_err(|error| error.at(name))?);
        Ok(())
    }
    /// Puts into an empty place what the absence of the attribute `name` means.
    fn fill(place: &mut Option<Self>, name: &str) -> Result<(), CodecError> {
        crate::private::fill_with(place, Self::left_out, name)
    }
}

#[diagnostic::do_not_recommend]
impl TtlField for Ttl {
    fn managed(&self) -> ManagedValue {
        ManagedValue::Time(self.time())
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Attribute::decode(reader)
    }

    fn left_out() -> Option<Self> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl TtlField for Timestamp {
    fn managed(&self) -> ManagedValue {
        TimeField::managed(self)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        <Ttl as Attribute>::decode(reader).map(|ttl| ttl.time())
    }

    fn left_out() -> Option<Self> {
        Some(Timestamp::default())
    }
}

#[diagnostic::do_not_recommend]
impl<T: TtlField> TtlField for Option<T> {
    fn managed(&self) -> ManagedValue {
        self.as_ref().map_or(ManagedValue::Unset, TtlField::managed)
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        T::decode(reader).map(Some)
    }

    fn left_out() -> Option<Self> {
        Some(None)
    }
}

/// What one write stores in a managed attribute, and what it demands of the stored item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stamp {
    Version(u64),
    Time(Timestamp),
    Ttl(Ttl),
}

impl Stamp {
    /// The value with its type.
    pub(crate) fn encode(&self, writer: &mut Writer) -> Result<(), CodecError> {
        match self {
            Stamp::Version(version) => version.encode(writer),
            Stamp::Time(time) => time.encode(writer),
            Stamp::Ttl(ttl) => ttl.encode(writer),
        }
    }

    /// The value with its type, on its own.
    pub(crate) fn json(&self) -> Result<Vec<u8>, CodecError> {
        let mut writer = Writer::new();
        self.encode(&mut writer)?;
        Ok(writer.into_bytes())
    }
}

/// What a put stores in a managed attribute that has `value` in the struct; `None` leaves the attribute out.
pub(crate) fn stamp_put(
    attribute: ManagedAttribute,
    value: ManagedValue,
    now: Timestamp,
) -> Result<Option<Stamp>, CodecError> {
    Ok(match (attribute.role, value) {
        (Role::Version, value) => Some(Stamp::Version(next_version(attribute, value)?)),
        (Role::CreatedAt, ManagedValue::Time(time)) => Some(Stamp::Time(time)),
        (Role::CreatedAt | Role::UpdatedAt, _) => Some(Stamp::Time(now)),
        (Role::Ttl { .. }, ManagedValue::Time(time)) => Some(Stamp::Ttl(Ttl::at(time))),
        (Role::Ttl { after: Some(seconds) }, _) => Some(Stamp::Ttl(expiry(now, seconds))),
        (Role::Ttl { after: None }, _) => None,
    })
}

/// The time to live of an item that is written now.
pub(crate) fn expiry(now: Timestamp, after_seconds: u64) -> Ttl {
    Ttl::at(now + std::time::Duration::from_secs(after_seconds))
}

fn next_version(attribute: ManagedAttribute, value: ManagedValue) -> Result<u64, CodecError> {
    let current = match value {
        ManagedValue::Version(version) => version,
        ManagedValue::Unset | ManagedValue::Time(_) => 0,
    };
    current
        .checked_add(1)
        .ok_or_else(|| CodecError::invalid("is at its highest version already").at(attribute.name))
}
