//! A vector search without the type of its items: what is asked for, the request, and how an answer is read.

use super::exact;
use crate::codec::{Attribute as _, CodecError, Problem, Reader, Writer};
use crate::expr::EncodedValue;
use crate::limits;
use crate::model::ModelShape;
use crate::op::body::Body;
use crate::op::carried;
use crate::op::read::Form;
use crate::op::sink::Sink;
use crate::transport::{Operation, Request};
use crate::vector::{Near, VectorShape};
use crate::{Db, Error, Result, tenant};
use bytes::Bytes;
use std::fmt;

/// A vector search.
pub(super) struct Draft<'db> {
    pub(super) db: &'db Db,
    pub(super) model: &'static ModelShape,
    pub(super) index: &'static VectorShape,
    pub(super) vector: Box<[f32]>,
    pub(super) partition: Option<EncodedValue>,
    pub(super) filters: Vec<(&'static str, EncodedValue)>,
    pub(super) names: Names,
}

/// Which attributes are asked for.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) names: &'static [&'static str],
    /// They are all that the model has.
    pub(super) is_whole: bool,
    pub(super) is_collection: bool,
}

/// What was found: an answer as it came, or scores and the items they are of.
pub(super) enum Found {
    Answer(Bytes),
    Scanned(Vec<(f64, Box<str>)>),
}

impl<'db> Draft<'db> {
    pub(super) fn new<M>(db: &'db Db, model: &'static ModelShape, near: Near<M>, names: Names) -> Self {
        let Near { shape, partition, vector, .. } = near;
        Self { db, model, index: shape, vector, partition, filters: Vec::new(), names }
    }

    pub(super) fn set_names(&mut self, names: Names) {
        self.names = names;
    }

    pub(super) fn filter(&mut self, name: &'static str, value: EncodedValue) {
        self.filters.push((name, value));
    }

    pub(super) fn to_request(&self, items: usize) -> Result<Request> {
        if self.db.are_vectors_scanned() {
            let read = self.checked(items).and_then(|()| exact::read(self))?;
            return Ok(read.prepare(Form::Items, None, None)?.request);
        }
        self.checked(items)?;
        self.build(items).map_err(|error| self.error(error))
    }

    /// Finds the nearest, by the index or by reading the table.
    pub(super) async fn find(&self, items: usize, by_scan: bool) -> Result<Found> {
        if by_scan || self.db.are_vectors_scanned() {
            self.checked(items)?;
            return exact::find(self, items).await.map(Found::Scanned);
        }
        Ok(Found::Answer(self.db.send(self.to_request(items)?).await?))
    }

    /// Gives the items that were found to `sink`, and their scores.
    pub(super) fn give(&self, found: Found, sink: &mut dyn Sink) -> Result<Vec<f64>> {
        let given = match found {
            Found::Answer(answer) => self.read_answer(&answer, sink),
            Found::Scanned(found) => found
                .into_iter()
                .map(|(score, item)| sink.item(&mut Reader::from_text(&item)).map(|()| score))
                .collect(),
        };
        given.map_err(|error| self.error(error.into()))
    }

    pub(super) fn error(&self, error: Error) -> Error {
        error.during(Operation::SearchVectors, self.db.table_of(self.model).ok())
    }

    /// Refuses a search that no endpoint could answer.
    fn checked(&self, items: usize) -> Result<()> {
        self.check(items).map_err(|error| self.error(error))
    }

    fn check(&self, items: usize) -> Result<()> {
        let limit = limits::SEARCH_RESULTS;
        if !(1..=limit).contains(&items) {
            return Err(Error::invalid(format!("the search is for {items} items, it takes 1 to {limit}")));
        }
        if self.names.is_collection {
            return Err(Error::invalid(
                "a vector index has items of one model: search for the model, not for a collection",
            ));
        }
        if tenant::of(self.db, self.model, None)?.is_some() && self.is_of_all() {
            return Err(Error::invalid(format!(
                "index \"{}\" holds items of all tenants: let it have the tenant as its partition",
                self.index.name
            )));
        }
        for (nth, (name, _)) in self.filters.iter().enumerate() {
            self.check_filter(nth, name)?;
        }
        Ok(())
    }

    /// True if the index does not part the tenants of the model. The derive refuses such an index.
    fn is_of_all(&self) -> bool {
        let partition = self.index.partition.map(|key| key.attribute);
        self.model.tenant.is_some_and(|tenant| partition != Some(tenant.attribute))
    }

    fn check_filter(&self, nth: usize, name: &str) -> Result<()> {
        let index = self.index.name;
        if self.index.partition.is_some_and(|key| key.attribute == name) {
            return Err(Error::invalid(format!(
                "attribute `{name}` is the partition of index \"{index}\", which is given already: remove the filter"
            )));
        }
        if !self.index.filters.iter().any(|key| key.attribute == name) {
            let known: Vec<String> =
                self.index.filters.iter().map(|key| format!("`{}`", key.attribute)).collect();
            return Err(Error::invalid(format!(
                "attribute `{name}` is no filter of index \"{index}\": {}",
                if known.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("its filters are {}", known.join(", "))
                }
            )));
        }
        if self.filters.iter().take(nth).any(|(earlier, _)| *earlier == name) {
            return Err(Error::invalid(format!(
                "attribute `{name}` is filtered by twice, and a search takes one value for each"
            )));
        }
        Ok(())
    }

    /// The values that an item must have, partition first: names, and values as JSON.
    pub(super) fn equalities(&self) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let partition = self.index.partition.zip(self.partition.clone());
        let partition = partition.map(|(key, value)| {
            let json = value.into_present(key.attribute)?;
            match json.as_slice() {
                br#"{"S":""}"# | br#"{"B":""}"# => Err(CodecError::new(Problem::EmptyKey).at(key.attribute)),
                _ => Ok((key.attribute, json)),
            }
        });
        let filters = self.filters.iter().map(|(name, value)| Ok((*name, value.clone().into_present(name)?)));
        partition.into_iter().chain(filters).collect::<Result<_, CodecError>>().map_err(Error::from)
    }

    fn build(&self, items: usize) -> Result<Request> {
        let table = self.db.table_of(self.model)?;
        let names = self.asked_for();
        carried::check_search(self.index, self.model, &names, self.names.is_whole)?;
        let mut body = Body::new(table);
        body.text("IndexName", self.index.name);
        let mut vector = Writer::with_capacity(20 * self.vector.len());
        vector.float_array(&self.vector)?;
        body.json("SearchVector", vector.as_bytes());
        body.number("TopK", u32::try_from(items).unwrap_or(u32::MAX));
        let mut condition = String::new();
        for (name, value) in self.equalities()? {
            condition.push_str(if condition.is_empty() { "" } else { " AND " });
            body.placeholders().push_name(&mut condition, name);
            condition.push_str(" = ");
            body.placeholders().push_value(&mut condition, value);
        }
        if !condition.is_empty() {
            body.expression("SearchConditionExpression", &condition)?;
        }
        body.projection(&names)?;
        let mut request = body.request(Operation::SearchVectors, table);
        if let Some(tenant) = self.db.own_tenant() {
            request.body = tenant::fill(&request.body, Some(tenant))?.into_owned().into();
        }
        Ok(request)
    }

    /// Of a whole item also what tells its type and schema, which a projection has by itself.
    fn asked_for(&self) -> Vec<&'static str> {
        let mut names = self.names.names.to_vec();
        if self.names.is_whole {
            names.extend(self.model.kept.map_or(&[][..], |kept| kept.names));
        }
        names
    }

    fn read_answer(&self, answer: &[u8], sink: &mut dyn Sink) -> Result<Vec<f64>, CodecError> {
        let mut scores = Vec::new();
        Reader::new(answer)?.object(|reader, name| {
            if name != "SearchResults" || reader.is_null() {
                return if name == "SearchResults" { Ok(()) } else { reader.skip() };
            }
            reader.array(|reader| {
                let (mut item, mut score) = (None, None);
                reader.object(|reader, name| {
                    match name {
                        "Item" => item = Some(reader.raw()?),
                        "Score" => score = Some(reader.fraction()?),
                        _ => reader.skip()?,
                    }
                    Ok(())
                })?;
                let item = item.ok_or_else(|| CodecError::missing("Item"))?;
                self.check_schema(item)?;
                sink.item(&mut Reader::from_text(item))?;
                scores.push(score.ok_or_else(|| CodecError::missing("Score"))?);
                Ok(())
            })
        })?;
        Ok(scores)
    }

    /// Refuses an item of an older schema. The functions that bring one to ours take the whole item, and what is asked for by name
    /// here lacks the attributes that ours has no more.
    fn check_schema(&self, item: &str) -> Result<(), CodecError> {
        let Some(schema) = self.model.kept.and_then(|kept| kept.schema).filter(|_| self.names.is_whole)
        else {
            return Ok(());
        };
        let (mut stored, known) = (1, schema.version);
        Reader::from_text(item).object(|reader, name| {
            if name != schema.attribute {
                return reader.skip();
            }
            stored = u64::decode(reader).map_err(|error| error.at(name))?;
            Ok(())
        })?;
        if (1..known).contains(&stored) {
            return Err(CodecError::new(Problem::OldSchema { stored, known }));
        }
        Ok(())
    }

    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("model", &self.model.name)
            .field("index", &self.index.name)
            .finish_non_exhaustive()
    }
}
