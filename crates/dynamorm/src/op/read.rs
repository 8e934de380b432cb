//! Reads that go page by page: what [`Query`](super::Query) and [`Scan`](super::Scan) are made of.
//!
//! Here: what is read, and the request for one page of it. Beside it: `run` sends requests until the terminal has what it asked
//! for, `response` reads an answer, `budget` says how much may still be consumed. None of it knows the type of the items but two
//! small functions of `run`: a program has the rest once, and not once for each model. Start at [`Read::prepare`].

mod budget;
mod response;
mod run;

pub(crate) use run::{End, collect, stream};

use super::body::Body;
use crate::error::ErrorKind;
use crate::expr::Condition;
use crate::expr::key_condition::UntypedKey;
use crate::key::{IndexKind, IndexShape};
use crate::model::{FromItem, Model, ModelShape};
use crate::page::Place;
use crate::transport::{Operation, Request};
use crate::value::Item;
use crate::{Db, Error, Result, StartKey};

/// What is read, without the type of its items.
#[derive(Clone)]
pub(crate) struct Read<'db> {
    pub(crate) db: &'db Db,
    /// The model whose items these are: its table, its keys, its indexes.
    pub(crate) model: &'static ModelShape,
    /// The attributes to ask for; `None` asks for whole items.
    pub(crate) projection: Option<&'static [&'static str]>,
    pub(crate) source: Source,
    pub(crate) filter: Option<Condition<()>>,
    pub(crate) limit: Option<u32>,
    pub(crate) start_key: Option<StartKey>,
    pub(crate) consistent_read: bool,
    pub(crate) max_read_units: Option<u32>,
}

/// Where the items are.
#[derive(Clone)]
pub(crate) enum Source {
    /// In one partition of the table or of an index. A query that has no key yet cannot run, which its type says.
    Partition { key: Option<UntypedKey>, descending: bool },
}

/// How a request differs from the plain one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Items,
    /// With the key attributes in every projection, so that a resume key can be made of any item.
    ItemsWithKeys,
    Count,
}

/// A prepared request, and what its response is checked by.
pub(crate) struct Prepared {
    pub(crate) request: Request,
    pub(crate) index: &'static IndexShape,
}

impl<'db> Read<'db> {
    pub(crate) fn of<R: FromItem<Model: Model>>(db: &'db Db, source: Source) -> Self {
        Self {
            db,
            model: R::Model::SHAPE,
            projection: R::PROJECTION,
            source,
            filter: None,
            limit: None,
            start_key: None,
            consistent_read: false,
            max_read_units: None,
        }
    }

    /// The same read of other attributes.
    pub(crate) fn project<P: FromItem>(self) -> Self {
        Self { projection: P::PROJECTION, ..self }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self.source {
            Source::Partition { .. } => Operation::Query,
        }
    }

    /// Names the operation and the table in an error.
    pub(crate) fn error(&self, error: impl Into<Error>) -> Error {
        error.into().during(self.operation(), self.db.table_of(self.model).ok())
    }

    /// The request for the page at `start_key`, of at most so many items before the filter.
    pub(crate) fn prepare(
        &self,
        form: Form,
        most: Option<u32>,
        start_key: Option<&StartKey>,
    ) -> Result<Prepared> {
        self.build(form, most, start_key).map_err(|error| self.error(error))
    }

    fn build(&self, form: Form, most: Option<u32>, start_key: Option<&StartKey>) -> Result<Prepared> {
        let table = self.db.table_of(self.model)?;
        let mut body = Body::new(table);
        let (index, place) = match &self.source {
            Source::Partition { key, descending } => {
                let Some(key) = key else { return Err(Error::invalid("the query has no key condition")) };
                let key = key.resolve(self.model, body.placeholders())?;
                push_index(&mut body, key.index);
                body.expression("KeyConditionExpression", &key.text)?;
                if let Some(filter) = &self.filter {
                    check_filter(filter, key.index)?;
                }
                (key.index, Place::Partition { value: key.partition, descending: *descending })
            }
        };
        body.condition("FilterExpression", self.filter.as_ref())?;
        self.push_projection(&mut body, form, index)?;
        match self.limit.into_iter().chain(most).min() {
            Some(0) => return Err(Error::invalid("the limit is 0, it must be 1 or more")),
            // DynamoDB's is a signed number, and no page has so many items.
            Some(limit) => body.number("Limit", limit.min(i32::MAX.unsigned_abs())),
            None => {}
        }
        if self.max_read_units == Some(0) {
            return Err(Error::invalid("no read unit may be consumed, it must be 1 or more"));
        }
        if let Place::Partition { descending: true, .. } = place {
            body.flag("ScanIndexForward", false);
        }
        if self.consistent_read {
            if index.kind == IndexKind::Global {
                return Err(Error::invalid(format!(
                    "index \"{}\" is global, and a global index has no consistent read",
                    index.name
                )));
            }
            body.flag("ConsistentRead", true);
        }
        if let Some(start_key) = start_key {
            let secret = self.db.start_key_secret();
            start_key.check(table, &self.model.primary, index, &place, secret)?;
            body.json("ExclusiveStartKey", &start_key.last_key());
        }
        body.text("ReturnConsumedCapacity", self.db.capacity_detail());
        Ok(Prepared { request: body.request(self.operation(), table), index })
    }

    fn push_projection(&self, body: &mut Body, form: Form, index: &'static IndexShape) -> Result<()> {
        if form == Form::Count {
            body.text("Select", "COUNT");
            return Ok(());
        }
        let Some(projection) = self.projection else { return Ok(()) };
        let mut names = projection.to_vec();
        if form == Form::ItemsWithKeys {
            for key in index.keys().chain(self.model.primary.keys()) {
                if !names.contains(&key.attribute) {
                    names.push(key.attribute);
                }
            }
        }
        body.projection(&names)
    }

    /// True if not every item that is looked at is one that is found.
    fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// Where to go on after a page, unless that is where it began: going on would never end.
    fn next_after(&self, last: Item, index: &IndexShape, from: Option<&StartKey>) -> Result<StartKey> {
        let next = self.next_key(last, index)?;
        if from.is_some_and(|from| from.is_at(&next)) {
            let problem = "the answer's last key is the start key: the read would never end";
            return Err(self.error(Error::new(ErrorKind::Service, problem)));
        }
        Ok(next)
    }

    fn next_key(&self, last: Item, index: &IndexShape) -> Result<StartKey> {
        let table = self.db.table_of(self.model)?;
        let mut next = match &self.source {
            Source::Partition { descending, .. } => StartKey::of_partition(last, index, *descending),
        };
        if let Some(secret) = self.db.start_key_secret() {
            next.sign(secret, table);
        }
        Ok(next)
    }

    /// The key attributes of an item, as a start key holds them.
    fn keys_of(&self, item: &Item, index: &IndexShape) -> Item {
        index
            .keys()
            .chain(self.model.primary.keys())
            .filter_map(|key| Some((key.attribute.to_owned(), item.get(key.attribute)?.clone())))
            .collect()
    }
}

fn push_index(body: &mut Body, index: &IndexShape) {
    if index.kind != IndexKind::Primary {
        body.text("IndexName", index.name);
    }
}

/// DynamoDB refuses a filter on the attributes of the key that is queried.
fn check_filter<M>(filter: &Condition<M>, index: &IndexShape) -> Result<()> {
    let mut problem = None;
    filter.node().names(&mut |name| {
        if problem.is_none() && index.keys().any(|key| key.attribute == name) {
            problem = Some(Error::invalid(format!(
                "the filter uses attribute `{name}`, which is in the key that is queried: put it into the key condition"
            )));
        }
    });
    problem.map_or(Ok(()), Err)
}
