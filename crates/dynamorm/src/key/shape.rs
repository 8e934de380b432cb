//! The form of keys and indexes, as constants that a derive emits.

use super::part::Part;
use crate::codec::{CodecError, Reader};

/// DynamoDB's types that a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

impl ScalarType {
    /// DynamoDB's name for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ScalarType::S => "S",
            ScalarType::N => "N",
            ScalarType::B => "B",
        }
    }
}

/// A piece of a key template.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub enum Segment {
    /// Text as it stands.
    Literal(&'static str),
    /// The value of this attribute; `part` makes it from the attribute's JSON, for updates that know only that.
    Field { name: &'static str, part: fn(&mut Reader<'_>) -> Result<Option<Part<'static>>, CodecError> },
}

/// One key attribute of a table or an index.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct KeyShape {
    /// The attribute that DynamoDB has as the key.
    pub attribute: &'static str,
    /// Its type.
    pub kind: ScalarType,
    /// How it is made of other attributes; empty if it is an attribute of the model itself.
    pub template: &'static [Segment],
    /// `keys = "raw"`: values go into the template as they are.
    pub raw: bool,
}

impl KeyShape {
    /// No key: there is none such in a model that compiles.
    const NONE: Self = Self { attribute: "", kind: ScalarType::S, template: &[], raw: false };

    /// The text that every value of this template begins with.
    pub(crate) fn head(&self) -> &'static str {
        match self.template.first() {
            Some(Segment::Literal(text)) => text,
            _ => "",
        }
    }

    /// True if the template has no variable part.
    pub(crate) fn is_constant(&self) -> bool {
        !self.template.is_empty() && !self.template.iter().any(|s| matches!(s, Segment::Field { .. }))
    }

    /// The attributes that the value is made of.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'static str> + use<> {
        let own = if self.template.is_empty() { Some(self.attribute) } else { None };
        let named = self.template.iter().filter_map(|segment| match segment {
            Segment::Field { name, .. } => Some(*name),
            Segment::Literal(_) => None,
        });
        own.into_iter().chain(named)
    }
}

/// Which sort of index.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// The table's own key.
    Primary,
    /// A global secondary index.
    Global,
    /// A local secondary index.
    Local,
}

/// A table's key, or an index.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct IndexShape {
    /// Empty for the table's own key.
    pub name: &'static str,
    pub kind: IndexKind,
    /// One attribute; of a global index up to four.
    pub partition: &'static [KeyShape],
    /// None or one attribute; of a global index up to four.
    pub sort: &'static [KeyShape],
    pub projection: Projection,
}

/// Which attributes of an item an index carries besides the keys.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// All of them.
    All,
    /// None: the keys of the index and of the table alone.
    KeysOnly { read_as: Option<&'static str> },
    /// These.
    Include { names: &'static [&'static str], read_as: Option<&'static str> },
}

impl Projection {
    /// The struct of the model that has what the index carries, where there is one.
    pub(crate) const fn read_as(self) -> Option<&'static str> {
        match self {
            Projection::All => None,
            Projection::KeysOnly { read_as } | Projection::Include { read_as, .. } => read_as,
        }
    }

    /// The same of a model that has the index from another, whose struct is none of its own.
    pub(crate) const fn inherited(self) -> Self {
        match self {
            Projection::All => Projection::All,
            Projection::KeysOnly { .. } => Projection::KeysOnly { read_as: None },
            Projection::Include { names, .. } => Projection::Include { names, read_as: None },
        }
    }
}

impl IndexShape {
    /// The key attributes, partition first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static KeyShape> + use<> {
        self.partition.iter().chain(self.sort)
    }

    /// The first attribute of the partition key: of a table's key the only one.
    pub(crate) const fn partition_key(&self) -> &'static KeyShape {
        match self.partition {
            [first, ..] => first,
            [] => &KeyShape::NONE,
        }
    }

    /// The first attribute of the sort key: of a table's key the only one.
    pub(crate) const fn sort_key(&self) -> Option<&'static KeyShape> {
        self.sort.first()
    }
}
