//! What the models of one table say of it, together: its keys, its indexes, its time to live. And whether they agree.

use super::describe::TableDescription;
use super::request;
use super::stream::{self, StreamViewType};
use super::vectors::{self, PlannedVectors};
use crate::codec::Writer;
use crate::collection::are_of_types;
use crate::key::{IndexKind, IndexShape, KeyShape, Projection, ScalarType, Segment};
use crate::lifecycle::Role;
use crate::model::ModelShape;
use crate::transport::{Operation, Request};
use crate::{Db, Error, Result};

/// What the models of one table say of it, together.
pub(super) struct Plan {
    pub(super) table: String,
    pub(super) primary: IndexShape,
    pub(super) indexes: Vec<PlannedIndex>,
    pub(super) vectors: Vec<PlannedVectors>,
    pub(super) ttl: Option<&'static str>,
    pub(super) stream: Option<StreamViewType>,
}

/// An index, and what it carries for all of its models besides the keys; `None` for everything.
pub(super) struct PlannedIndex {
    shape: &'static IndexShape,
    carries: Option<Vec<&'static str>>,
}

impl PlannedIndex {
    fn of(shape: &'static IndexShape, model: &ModelShape) -> Self {
        // What tells an item's type and schema is looked at by every read.
        let kept = model.kept.map_or(&[][..], |kept| kept.names);
        let carries = match shape.projection {
            Projection::All => None,
            Projection::KeysOnly { .. } => Some(kept.to_vec()),
            Projection::Include { names, .. } => Some([names, kept].concat()),
        };
        Self { shape, carries }
    }

    /// Carries what another model needs too.
    fn join(&mut self, other: Self) {
        self.carries = match (self.carries.take(), other.carries) {
            (Some(mut names), Some(more)) => {
                names.extend(more);
                names.sort_unstable();
                names.dedup();
                Some(names)
            }
            (None, _) | (_, None) => None,
        };
    }
}

impl Plan {
    pub(super) fn of(db: &Db, shapes: &[&'static ModelShape]) -> Result<Self> {
        let Some(first) = shapes.first() else { return Err(Error::invalid("there is no model")) };
        let mut plan = Plan {
            table: db.table_of(first)?.to_owned(),
            primary: first.primary,
            indexes: Vec::new(),
            vectors: Vec::new(),
            ttl: None,
            stream: None,
        };
        for (nth, shape) in shapes.iter().enumerate() {
            if db.table_of(shape)? != plan.table {
                return Err(Error::invalid(format!(
                    "`{}` and `{}` live in different tables",
                    first.name, shape.name
                )));
            }
            if !same_keys(&plan.primary, &shape.primary) {
                return Err(Error::invalid(format!(
                    "`{}` and `{}` have different primary keys, in name or type, and cannot share a table",
                    first.name, shape.name
                )));
            }
            for earlier in shapes.iter().take(nth) {
                check_apart(earlier, shape)?;
            }
            for index in shape.indexes {
                match plan.indexes.iter_mut().find(|known| known.shape.name == index.name) {
                    None => plan.indexes.push(PlannedIndex::of(index, shape)),
                    Some(known) if same_keys(known.shape, index) && known.shape.kind == index.kind => {
                        known.join(PlannedIndex::of(index, shape));
                    }
                    Some(_) => {
                        return Err(Error::invalid(format!(
                            "index \"{}\" of `{}` has another key than that of an earlier model",
                            index.name, shape.name
                        )));
                    }
                }
            }
            for attribute in shape.managed().filter(|managed| matches!(managed.role, Role::Ttl { .. })) {
                match plan.ttl {
                    Some(known) if known != attribute.name => {
                        return Err(Error::invalid(format!(
                            "a table has one time to live, and its models have it in `{known}` and `{}`",
                            attribute.name
                        )));
                    }
                    _ => plan.ttl = Some(attribute.name),
                }
            }
        }
        plan.vectors = match db.are_vectors_scanned() {
            true => Vec::new(),
            false => vectors::planned(shapes)?,
        };
        plan.check_types()?;
        Ok(plan)
    }

    /// Each key attribute of the table and its indexes.
    fn keys(&self) -> impl Iterator<Item = &'static KeyShape> {
        let indexes = self.indexes.iter().flat_map(|index| index.shape.keys());
        let vectors = self.vectors.iter().flat_map(|index| index.shape.keys());
        self.primary.keys().chain(indexes).chain(vectors)
    }

    fn check_types(&self) -> Result<()> {
        for key in self.keys() {
            if let Some(other) =
                self.keys().find(|other| other.attribute == key.attribute && other.kind != key.kind)
            {
                return Err(Error::invalid(format!(
                    "attribute `{}` is {} in one key and {} in another: a table has one type for it",
                    key.attribute,
                    key.kind.name(),
                    other.kind.name()
                )));
            }
        }
        Ok(())
    }

    pub(super) fn request(&self) -> Request {
        let mut writer = Writer::new();
        writer.raw("{\"TableName\":");
        writer.json_string(&self.table);
        writer.raw(",\"BillingMode\":\"PAY_PER_REQUEST\",\"AttributeDefinitions\":[");
        let mut defined: Vec<(&str, ScalarType)> = Vec::new();
        for key in self.keys() {
            if !defined.iter().any(|(name, _)| *name == key.attribute) {
                defined.push((key.attribute, key.kind));
            }
        }
        for (nth, (name, kind)) in defined.iter().enumerate() {
            writer.raw(if nth == 0 { "{\"AttributeName\":" } else { ",{\"AttributeName\":" });
            writer.json_string(name);
            writer.raw(",\"AttributeType\":\"");
            writer.raw(kind.name());
            writer.raw("\"}");
        }
        writer.raw("],\"KeySchema\":");
        write_key_schema(&mut writer, &self.primary);
        self.write_indexes(&mut writer, "GlobalSecondaryIndexes", IndexKind::Global);
        self.write_indexes(&mut writer, "LocalSecondaryIndexes", IndexKind::Local);
        vectors::write(&mut writer, &self.vectors);
        if let Some(view_type) = self.stream {
            stream::write(&mut writer, view_type);
        }
        writer.raw("}");
        request(Operation::CreateTable, &self.table, writer)
    }

    fn write_indexes(&self, writer: &mut Writer, member: &str, kind: IndexKind) {
        for (nth, index) in self.indexes.iter().filter(|index| index.shape.kind == kind).enumerate() {
            if nth == 0 {
                writer.raw(",\"");
                writer.raw(member);
                writer.raw("\":[");
            } else {
                writer.raw(",");
            }
            writer.raw("{\"IndexName\":");
            writer.json_string(index.shape.name);
            writer.raw(",\"KeySchema\":");
            write_key_schema(writer, index.shape);
            write_projection(writer, index.carries.as_deref());
            writer.raw("}");
        }
        if self.indexes.iter().any(|index| index.shape.kind == kind) {
            writer.raw("]");
        }
    }

    /// Says what a table that exists already lacks.
    pub(super) fn check(&self, found: &TableDescription) -> Result<()> {
        if found.key != key_names(&self.primary) {
            return Err(Error::invalid(format!(
                "the table exists with another key: it has {}, the models have {}",
                listed(&found.key),
                listed(&key_names(&self.primary))
            )));
        }
        for PlannedIndex { shape, carries } in &self.indexes {
            let name = shape.name;
            let Some(found) = found.indexes.iter().find(|index| index.name == name) else {
                return Err(Error::invalid(format!(
                    "the table exists without index \"{name}\": add it, or delete the table"
                )));
            };
            let names = |keys: &mut dyn Iterator<Item = &KeyShape>| -> Vec<String> {
                keys.map(|key| key.attribute.to_owned()).collect()
            };
            let (partition, sort) = (names(&mut shape.partition.iter()), names(&mut shape.sort.iter()));
            if found.partition_key != partition || found.sort_key != sort {
                return Err(Error::invalid(format!(
                    "the table exists with another key for index \"{name}\": it has {}, the models have {}",
                    listed_key(&found.partition_key, &found.sort_key),
                    listed_key(&partition, &sort)
                )));
            }
            let Some(there) = &found.carries else { continue };
            let lacks: Vec<String> = match carries {
                None => vec!["all attributes".to_owned()],
                Some(names) => names
                    .iter()
                    .filter(|name| !there.iter().any(|there| there == *name))
                    .map(|name| format!("`{name}`"))
                    .collect(),
            };
            if !lacks.is_empty() {
                return Err(Error::invalid(format!(
                    "the table exists with index \"{name}\" that does not carry {}: make it anew",
                    lacks.join(" and ")
                )));
            }
        }
        vectors::check(&self.vectors, found)
    }
}

/// Refuses two models of which a query for one would read the other's items, or a put of one replace the other's.
///
/// Only what their templates say is compared: keys that begin with a field may hold anything, and are up to who writes them. So
/// are those of models with a `type`, by which a query tells their items apart, unless all keys of both are the same.
fn check_apart(one: &ModelShape, other: &ModelShape) -> Result<()> {
    if one.name == other.name || !same_form(one.primary.partition_key(), other.primary.partition_key()) {
        return Ok(());
    }
    let (word, keys) = match (one.primary.sort_key(), other.primary.sort_key()) {
        (Some(one), Some(other)) => ("sort", (one, other)),
        _ => ("partition", (one.primary.partition_key(), other.primary.partition_key())),
    };
    let Some(begin) = shared_begin(keys.0, keys.1) else { return Ok(()) };
    let differ = word == "sort" && !(keys.0.is_constant() && keys.1.is_constant());
    if differ && are_of_types(one, other) {
        return Ok(());
    }
    let or_typed = if differ { ", or give both models a `type`" } else { "" };
    Err(Error::invalid(format!(
        "the {word} keys of both `{}` and `{}` begin with \"{begin}\", so one would be read or replaced as the other: let them begin with different words{or_typed}",
        one.name, other.name
    )))
}

/// True if two keys are made alike, whatever their fields are called: then they can be equal.
fn same_form(one: &KeyShape, other: &KeyShape) -> bool {
    one.template.len() == other.template.len()
        && one.template.iter().zip(other.template).all(|pair| match pair {
            (Segment::Literal(one), Segment::Literal(other)) => one == other,
            (Segment::Field { .. }, Segment::Field { .. }) => true,
            (Segment::Literal(_), Segment::Field { .. }) | (Segment::Field { .. }, Segment::Literal(_)) => {
                false
            }
        })
}

/// What keys of both begin with, if a query for one would read the other: it reads all that its template begins with.
fn shared_begin(one: &KeyShape, other: &KeyShape) -> Option<&'static str> {
    let rank = |key: &KeyShape| (key.head().len(), key.is_constant());
    let (short, long) = if rank(one) <= rank(other) { (one, other) } else { (other, one) };
    let begin = short.head();
    // A key without a variable part is asked for as it is, so that longer ones beside it are not read.
    let read = if short.is_constant() { begin == long.head() } else { long.head().starts_with(begin) };
    (read && !begin.is_empty()).then_some(begin)
}

fn key_names(index: &IndexShape) -> Vec<String> {
    index.keys().map(|key| key.attribute.to_owned()).collect()
}

pub(super) fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

/// `` `a` and `b`, sorted by `c` ``
fn listed_key(partition: &[String], sort: &[String]) -> String {
    match sort {
        [] => listed(partition),
        sort => format!("{}, sorted by {}", listed(partition), listed(sort)),
    }
}

fn same_keys(a: &IndexShape, b: &IndexShape) -> bool {
    let form = |key: &KeyShape| (key.attribute, key.kind);
    let same = |a: &[KeyShape], b: &[KeyShape]| a.iter().map(form).eq(b.iter().map(form));
    same(a.partition, b.partition) && same(a.sort, b.sort)
}

pub(super) fn write_projection(writer: &mut Writer, carries: Option<&[&str]>) {
    let (kind, names) = match carries {
        None => ("ALL", [].as_slice()),
        Some([]) => ("KEYS_ONLY", [].as_slice()),
        Some(names) => ("INCLUDE", names),
    };
    writer.raw(",\"Projection\":{\"ProjectionType\":\"");
    writer.raw(kind);
    writer.raw("\"");
    for (nth, name) in names.iter().enumerate() {
        writer.raw(if nth == 0 { ",\"NonKeyAttributes\":[" } else { "," });
        writer.json_string(name);
    }
    writer.raw(if names.is_empty() { "}" } else { "]}" });
}

fn write_key_schema(writer: &mut Writer, index: &IndexShape) {
    let partition = index.partition.iter().map(|key| (key, "HASH"));
    let sort = index.sort.iter().map(|key| (key, "RANGE"));
    for (nth, (key, word)) in partition.chain(sort).enumerate() {
        writer.raw(if nth == 0 { "[" } else { "," });
        writer.raw("{\"AttributeName\":");
        writer.json_string(key.attribute);
        writer.raw(",\"KeyType\":\"");
        writer.raw(word);
        writer.raw("\"}");
    }
    writer.raw("]");
}
