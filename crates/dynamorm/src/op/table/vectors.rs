//! Vector indexes of a table: what its models say of them together, and what it says itself.

use super::describe::{TableDescription, decode_projection};
use super::plan::{listed, write_projection};
use crate::codec::{CodecError, Reader, Writer};
use crate::key::Projection;
use crate::limits::VECTOR_INDEXES;
use crate::model::ModelShape;
use crate::vector::VectorShape;
use crate::{Error, Result};

/// A vector index as the table has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorIndexDescription {
    /// Its name.
    pub name: String,
    /// The attribute that holds the vector.
    pub attribute: String,
    /// How many numbers a vector has.
    pub dimensions: u64,
    /// DynamoDB's word for its distance, such as `COSINE`.
    pub distance: String,
    /// The attribute whose value parts it.
    pub partition: Option<String>,
    /// The attributes that a search can filter by.
    pub filters: Vec<String>,
    /// What it carries besides these and the table's key; `None` for everything.
    pub carries: Option<Vec<String>>,
}

/// A vector index of one of the models, and what it carries besides its own attributes; `None` for everything.
pub(super) struct PlannedVectors {
    pub(super) shape: &'static VectorShape,
    carries: Option<Vec<&'static str>>,
}

/// The vector indexes of all models.
///
/// # Errors
///
/// If two models have an index of the same name or on the same attribute, or there are too many. An index holds every item that has
/// its attribute, so one of two models would give the items of both.
pub(super) fn planned(models: &[&'static ModelShape]) -> Result<Vec<PlannedVectors>> {
    let mut planned: Vec<(PlannedVectors, &ModelShape)> = Vec::new();
    for model in models {
        for shape in model.vectors {
            let others = planned.iter().filter(|(_, other)| other.name != model.name);
            for (PlannedVectors { shape: earlier, .. }, other) in others {
                if earlier.attribute == shape.attribute {
                    return Err(Error::invalid(format!(
                        "both `{}` and `{}` have their vectors in the attribute `{}`, so a search would find items of both: give one another `rename`",
                        other.name, model.name, shape.attribute
                    )));
                }
            }
            if planned.iter().any(|(known, other)| known.shape.name == shape.name && other.name == model.name)
            {
                continue;
            }
            let names = models.iter().flat_map(|model| model.indexes).map(|index| index.name);
            let mut names = names.chain(planned.iter().map(|(known, _)| known.shape.name));
            if names.any(|name| name == shape.name) {
                return Err(Error::invalid(format!(
                    "there is an index \"{}\" already: give the vector index of `{}` another name",
                    shape.name, model.name
                )));
            }
            planned.push((PlannedVectors { shape, carries: carries(shape, model) }, model));
        }
    }
    if planned.len() > VECTOR_INDEXES {
        return Err(Error::invalid(format!(
            "the models have {} vector indexes, a table takes {VECTOR_INDEXES}",
            planned.len()
        )));
    }
    Ok(planned.into_iter().map(|(planned, _)| planned).collect())
}

/// What tells an item's type and schema is looked at by every read.
fn carries(shape: &VectorShape, model: &ModelShape) -> Option<Vec<&'static str>> {
    let kept = model.kept.map_or(&[][..], |kept| kept.names);
    match shape.projection {
        Projection::All => None,
        Projection::KeysOnly { .. } => Some(kept.to_vec()),
        Projection::Include { names, .. } => Some([names, kept].concat()),
    }
}

/// Adds them to a CreateTable.
pub(super) fn write(writer: &mut Writer, vectors: &[PlannedVectors]) {
    for (nth, PlannedVectors { shape, carries }) in vectors.iter().enumerate() {
        writer.raw(if nth == 0 { ",\"VectorIndexes\":[" } else { "," });
        writer.raw("{\"IndexName\":");
        writer.json_string(shape.name);
        writer.raw(",\"VectorAttribute\":{\"AttributeName\":");
        writer.json_string(shape.attribute);
        writer.raw("}");
        let partition = shape.partition.iter().map(|key| (key, "HASH"));
        let keys = partition.chain(shape.filters.iter().map(|key| (key, "INLINE_FILTER")));
        for (nth, (key, kind)) in keys.enumerate() {
            writer.raw(if nth == 0 { ",\"SearchSchema\":[" } else { "," });
            writer.raw("{\"AttributeName\":");
            writer.json_string(key.attribute);
            writer.raw(",\"SearchSchemaElementType\":\"");
            writer.raw(kind);
            writer.raw("\"}");
        }
        writer.raw(if shape.partition.is_none() && shape.filters.is_empty() { "" } else { "]" });
        write_projection(writer, carries.as_deref());
        writer.raw(",\"Dimensions\":");
        writer.raw(itoa::Buffer::new().format(shape.dimensions));
        writer.raw(",\"DistanceFunction\":\"");
        writer.raw(shape.distance.name());
        writer.raw("\"}");
    }
    writer.raw(if vectors.is_empty() { "" } else { "]" });
}

/// Says what a table lacks of them.
pub(super) fn check(vectors: &[PlannedVectors], found: &TableDescription) -> Result<()> {
    for PlannedVectors { shape, carries } in vectors {
        let name = shape.name;
        let Some(there) = found.vector_indexes.iter().find(|index| index.name == name) else {
            return Err(Error::invalid(format!(
                "the table exists without vector index \"{name}\": add it, or delete the table; at an endpoint that has no vector indexes, write `db.vectors_by_scan()`"
            )));
        };
        let names = |keys: &[crate::key::KeyShape]| -> Vec<String> {
            keys.iter().map(|key| key.attribute.to_owned()).collect()
        };
        let problem = if there.attribute != shape.attribute {
            format!("of attribute `{}`, not of `{}`", there.attribute, shape.attribute)
        } else if there.dimensions != shape.dimensions as u64 {
            format!("of vectors of {} numbers, not of {}", there.dimensions, shape.dimensions)
        } else if there.distance != shape.distance.name() {
            format!("by {}, not by {}", there.distance, shape.distance.name())
        } else if there.partition.as_deref() != shape.partition.map(|key| key.attribute) {
            "with another partition".to_owned()
        } else if let Some(lacks) = names(shape.filters).iter().find(|name| !there.filters.contains(name)) {
            format!("without the filter `{lacks}`")
        } else if let Some(lacks) = lacks(there, carries.as_deref()) {
            format!("that does not carry {lacks}")
        } else {
            continue;
        };
        return Err(Error::invalid(format!(
            "the table exists with vector index \"{name}\" {problem}: make it anew"
        )));
    }
    Ok(())
}

fn lacks(there: &VectorIndexDescription, carries: Option<&[&str]>) -> Option<String> {
    let there = there.carries.as_ref()?;
    let Some(carries) = carries else { return Some("all attributes".to_owned()) };
    let missing = carries.iter().filter(|name| !there.iter().any(|there| there == *name));
    let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
    (!missing.is_empty()).then(|| listed(&missing))
}

/// A vector index, and whether it can be searched.
pub(super) fn decode_vector_index(
    reader: &mut Reader<'_>,
) -> Result<(VectorIndexDescription, bool), CodecError> {
    let (mut index, mut active, mut backfilling) = (VectorIndexDescription::default(), true, false);
    reader.object(|reader, member| {
        if reader.is_null() {
            return Ok(());
        }
        match member {
            "IndexName" => index.name = reader.string()?.into_owned(),
            "VectorAttribute" => reader.object(|reader, member| {
                match member {
                    "AttributeName" => index.attribute = reader.string()?.into_owned(),
                    _ => reader.skip()?,
                }
                Ok(())
            })?,
            "Dimensions" => index.dimensions = reader.count()?,
            "DistanceFunction" => index.distance = reader.string()?.into_owned(),
            "IndexStatus" => active = reader.string()? == "ACTIVE",
            "Backfilling" => backfilling = reader.raw()? == "true",
            "Projection" => index.carries = decode_projection(reader)?,
            "SearchSchema" => reader.array(|reader| {
                let (mut name, mut is_partition) = (String::new(), false);
                reader.object(|reader, member| {
                    match member {
                        "AttributeName" => name = reader.string()?.into_owned(),
                        "SearchSchemaElementType" => is_partition = reader.string()? == "HASH",
                        _ => reader.skip()?,
                    }
                    Ok(())
                })?;
                match is_partition {
                    true => index.partition = Some(name),
                    false => index.filters.push(name),
                }
                Ok(())
            })?,
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok((index, active && !backfilling))
}
