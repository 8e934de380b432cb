//! Key values: what can be a key, and templates such as `USER#{id}` that are injective and keep order.

mod part;
mod shape;
mod shard;
mod template;
#[cfg(test)]
mod tests;

pub use part::{
    FurtherSortKey, HasSortKey, IndexKeyAttribute, IntoKey, KeyAttribute, KeyParts, Leading, NoMoreSortKeys,
    NoSortKey, Part, PrefixedSortKey, Several, SortKey, TemplateAttribute,
};
pub use shape::{IndexKind, IndexShape, KeyShape, Projection, ScalarType, Segment};
pub use shard::Shards;
pub(crate) use shard::{misplaced, render_shard};
pub(crate) use template::{KeyValue, push_escaped, render, render_head_of, render_leading, write_key};
