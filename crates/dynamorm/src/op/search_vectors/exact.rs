//! The same search without a vector index: items are read page by page, and their vectors scored from the bytes of the answer.
//!
//! Only the nearest so far are kept, as the text they came in; of all others no more than the numbers are ever made.

use super::draft::Draft;
use crate::Result;
use crate::codec::{CodecError, Reader};
use crate::expr::key_condition::UntypedKey;
use crate::expr::{Condition, EncodedValue};
use crate::key::{KeyParts, Part, ScalarType, Segment};
use crate::op::read::{End, Pages as _, Read, Run, Source};
use crate::op::sink::Sink;
use crate::vector::{Nearest, Scorer};
use std::borrow::Cow;

/// Finds the nearest.
pub(super) async fn find(draft: &Draft<'_>, items: usize) -> Result<Vec<(f64, Box<str>)>> {
    let mut run = Run::new(read(draft)?, End::All("scan_top_k"))?;
    let mut exact = Exact {
        attribute: draft.index.attribute,
        dimensions: draft.index.dimensions,
        scorer: Scorer::new(draft.index.distance, &draft.vector),
        numbers: Vec::with_capacity(draft.index.dimensions),
        nearest: Nearest::new(draft.index.distance, items),
    };
    while let Some(answer) = run.fetch().await? {
        run.accept(&answer, &mut exact)?;
    }
    Ok(exact.nearest.into_vec())
}

/// What is read: a partition of the table if the index is parted as it is, else all of it.
pub(super) fn read<'db>(draft: &Draft<'db>) -> Result<Box<Read<'db>>> {
    let mut equalities = draft.equalities().map_err(|error| draft.error(error))?;
    let source = match partition(draft, &equalities).map_err(|error| draft.error(error.into()))? {
        Some(key) => {
            equalities.remove(0);
            Source::Partition { key: Some(key), descending: false }
        }
        None => Source::Table { index: &draft.model.primary, segment: None },
    };
    let mut read = Read::new(draft.db, draft.model, source);
    if !draft.names.is_whole {
        read.projection = Some(draft.names.names);
        read.also = Some(draft.index.attribute);
    }
    let mut filter = Condition::<()>::about("attribute_exists", draft.index.attribute);
    for (name, value) in equalities {
        filter = filter.and(Condition::equals(name, EncodedValue::of_json(value)));
    }
    read.filter = Some(filter);
    Ok(read)
}

/// The partition of the table that holds the one of the index, if its key is made of that attribute and nothing else.
fn partition(
    draft: &Draft<'_>,
    equalities: &[(&'static str, Vec<u8>)],
) -> Result<Option<UntypedKey>, CodecError> {
    let primary = &draft.model.primary;
    let (Some(of_index), Some((_, value))) = (draft.index.partition, equalities.first()) else {
        return Ok(None);
    };
    let key = primary.partition_key();
    let is_same = key.fields().eq([of_index.attribute]);
    // A query filters by no attribute of its key.
    let is_filtered_by_key =
        draft.filters.iter().any(|(name, _)| primary.keys().any(|key| key.attribute == *name));
    // The shards of a partition are read side by side to keep their order, which is of no use here.
    if !is_same || is_filtered_by_key || draft.model.shards.is_some() {
        return Ok(None);
    }
    if draft.model.tenant.is_some_and(|tenant| tenant.attribute == of_index.attribute) {
        return Ok(Some(UntypedKey::of(primary, KeyParts::new())));
    }
    let mut reader = Reader::new(value)?;
    let part = key.template.iter().find_map(|segment| match segment {
        Segment::Field { part, .. } => Some(*part),
        Segment::Literal(_) => None,
    });
    let part = match (part, of_index.kind) {
        (Some(part), _) => part(&mut reader)?,
        (None, ScalarType::S) => Some(Part::Text(Cow::Owned(reader.s()?.into_owned()))),
        (None, ScalarType::N) => Some(Part::Number(reader.n()?.into_owned())),
        (None, ScalarType::B) => Some(Part::Binary(Cow::Owned(reader.b()?))),
    };
    Ok(part.map(|part| UntypedKey::of(primary, vec![part])))
}

/// Scores each item as it is read.
struct Exact<'q> {
    attribute: &'static str,
    dimensions: usize,
    scorer: Scorer<'q>,
    /// Those of the last item.
    numbers: Vec<f32>,
    nearest: Nearest<Box<str>>,
}

impl Sink for Exact<'_> {
    fn item(&mut self, reader: &mut Reader<'_>) -> Result<(), CodecError> {
        let from = reader.position();
        let mut is_there = false;
        reader.object(|reader, name| {
            if name != self.attribute {
                return reader.skip();
            }
            // What is NULL is in no vector index.
            if reader.null()? {
                return Ok(());
            }
            is_there = true;
            reader.floats(&mut self.numbers, self.dimensions).map_err(|error| error.at(name))
        })?;
        if is_there {
            let item = reader.between(from, reader.position());
            self.nearest.offer(self.scorer.score(&self.numbers), || item.into());
        }
        Ok(())
    }
}
