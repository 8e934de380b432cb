//! Reads that go page by page: what [`Query`](super::Query) and [`Scan`](super::Scan) are made of.
//!
//! Here: what is read, and the request for one page of it. Beside it: `run` sends requests until the terminal has what it asked
//! for, `response` reads an answer, `budget` says how much may still be consumed, `shards` asks several
//! partitions and gives their items in order, `ahead` asks for a page before the one before it is taken. None of it knows the type of the items but two
//! small functions of `run`: a program has the rest once, and not once for each model. Start at [`Read::prepare`].

mod ahead;
mod budget;
mod items;
mod response;
mod run;
mod shards;

pub(crate) use budget::Budget;
pub(crate) use items::{Items, Pages, Step, steps};
pub(crate) use response::room;
pub(crate) use run::{End, Run, collect, collect_all};

use super::body::Body;
use super::carried;
use super::live::Live;
use crate::cache::{Cached, Group};
use crate::codec::{Attribute, Reader, Writer};
use crate::error::ErrorKind;
use crate::expr::key_condition::UntypedKey;
use crate::expr::{Condition, Placeholders};
use crate::kept::TypeName;
use crate::key::{self, IndexKind, IndexShape, KeyShape, KeyValue, Shards};
use crate::limits::grouped;
use crate::model::{FromItem, Model, ModelShape, Readable};
use crate::page::{Place, Segment};
use crate::transport::{Operation, Request};
use crate::value::{AttributeValue, Item};
use crate::{Db, Error, Result, StartKey, limits, tenant, unique};
use bytes::Bytes;
use tracing::Span;

/// What is read, without the type of its items.
#[derive(Clone)]
pub(crate) struct Read<'db> {
    pub(crate) db: &'db Db,
    /// The model whose items these are: its table, its keys, its indexes.
    pub(crate) model: &'static ModelShape,
    /// The attributes to ask for; `None` asks for whole items.
    pub(crate) projection: Option<&'static [&'static str]>,
    /// An attribute to ask for besides them.
    pub(crate) also: Option<&'static str>,
    /// Items of other models are read as well.
    pub(crate) is_collection: bool,
    /// One of the models of a collection has guards of unique attributes among the items.
    pub(crate) has_guards: bool,
    /// Only the table's keys are asked for, by which the items are fetched then. See [`Query::hydrate`](super::Query::hydrate).
    pub(crate) keys_only: bool,
    pub(crate) source: Source,
    pub(crate) filter: Option<Condition<()>>,
    pub(crate) limit: Option<u32>,
    pub(crate) start_key: Option<StartKey>,
    pub(crate) consistent_read: bool,
    pub(crate) max_read_units: Option<u32>,
    /// Hides items whose time to live has passed.
    pub(crate) live: bool,
    pub(crate) cached: Cached,
    /// Asks for the next page while the items of the last one are taken.
    pub(crate) prefetch: bool,
}

/// Where the items are.
#[derive(Clone)]
pub(crate) enum Source {
    /// In one partition of the table or of an index. A query that has no key yet cannot run, which its type says.
    Partition { key: Option<UntypedKey>, descending: bool },
    /// Anywhere in the table or in an index.
    Table { index: &'static IndexShape, segment: Option<Segment> },
}

/// How a request differs from the plain one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Items,
    /// With the key attributes in every projection, so that a resume key can be made of any item.
    ItemsWithKeys,
    Count,
}

/// Where a request begins.
#[derive(Clone, Copy)]
pub(crate) enum Begin<'a> {
    /// At the beginning, or where a page ended.
    Page(Option<&'a StartKey>),
    /// In one shard, at the beginning or behind this sort key.
    Shard { number: u16, behind: Option<&'a AttributeValue> },
}

/// A prepared request, and what its response is checked by.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) request: Request,
    pub(crate) index: &'static IndexShape,
    /// The values of the partition key's attributes, as JSON; none of a scan.
    pub(crate) partition: Vec<Vec<u8>>,
}

impl<'db> Read<'db> {
    pub(crate) fn of<R: Readable<Model: Model>>(db: &'db Db, source: Source) -> Box<Self> {
        Self::new(db, R::Model::SHAPE, source).project::<R>()
    }

    pub(crate) fn new(db: &'db Db, model: &'static ModelShape, source: Source) -> Box<Self> {
        Box::new(Self {
            db,
            model,
            projection: None,
            also: None,
            is_collection: false,
            has_guards: false,
            keys_only: false,
            source,
            filter: None,
            limit: None,
            start_key: None,
            consistent_read: false,
            max_read_units: None,
            live: false,
            cached: Cached::default(),
            prefetch: false,
        })
    }

    /// The same read of other attributes.
    pub(crate) fn project<P: Readable>(mut self: Box<Self>) -> Box<Self> {
        self.projection = P::Item::PROJECTION;
        self.is_collection = P::Item::IS_COLLECTION;
        self.has_guards = P::Item::HAS_GUARDS;
        self
    }

    pub(crate) fn operation(&self) -> Operation {
        match self.source {
            Source::Partition { .. } => Operation::Query,
            Source::Table { .. } => Operation::Scan,
        }
    }

    /// Names the operation and the table in an error.
    pub(crate) fn error(&self, error: impl Into<Error>) -> Error {
        self.subject().error(error.into())
    }

    pub(crate) fn subject(&self) -> Subject<'db> {
        Subject { db: self.db, model: self.model, operation: self.operation() }
    }

    /// The request for the page at `start_key`, of at most so many items before the filter.
    pub(crate) fn prepare(
        &self,
        form: Form,
        most: Option<u32>,
        start_key: Option<&StartKey>,
    ) -> Result<Prepared> {
        self.build(form, most, Begin::Page(start_key)).map_err(|error| self.error(error))
    }

    /// The request for the page of one shard, of which all together look at no more than about so many items.
    pub(crate) fn prepare_shard(
        &self,
        form: Form,
        most: Option<u32>,
        number: u16,
        behind: Option<&AttributeValue>,
    ) -> Result<Prepared> {
        self.build(form, most, Begin::Shard { number, behind }).map_err(|error| self.error(error))
    }

    /// The shards that it asks, if there are several.
    pub(crate) fn spread(&self) -> Option<Shards> {
        match &self.source {
            Source::Partition { key, .. } => key.as_ref()?.spread(self.model),
            Source::Table { .. } => None,
        }
    }

    fn build(&self, form: Form, most: Option<u32>, from: Begin<'_>) -> Result<Prepared> {
        let table = self.db.table_of(self.model)?;
        let mut body = Body::new(table);
        let (index, place) = match &self.source {
            Source::Partition { key, descending } => {
                let Some(key) = key else { return Err(Error::invalid("the query has no key condition")) };
                let shard = match from {
                    Begin::Shard { number, .. } => number,
                    Begin::Page(_) => 0,
                };
                let mut key = key.resolve(self.model, self.is_collection, shard, body.placeholders())?;
                let tenant = tenant::of(self.db, self.model, None)?;
                for value in &mut key.partition {
                    *value = tenant::fill(value, tenant)?.into_owned();
                }
                tenant::check_partition(self.db, self.model, key.index, &key.partition)?;
                push_index(&mut body, key.index);
                body.expression("KeyConditionExpression", &key.text)?;
                if let Some(filter) = &self.filter {
                    check_filter(filter, key.index)?;
                }
                (key.index, Place::Partition { values: key.partition, descending: *descending })
            }
            Source::Table { index, segment } => {
                push_index(&mut body, index);
                push_segment(&mut body, *segment)?;
                (*index, Place::Table { segment: *segment })
            }
        };
        if form != Form::Count && !self.keys_only {
            carried::check_read(index, self.model, self.projection, self.operation())?;
        }
        if let Some(filter) = &self.filter {
            carried::check_filter(index, self.model, filter.node())?;
        }
        if self.live {
            carried::check_name(index, self.model, Live::of(self.db, self.model)?.attribute())?;
        }
        self.push_filter(&mut body)?;
        // Shards are put in order by their items' sort keys.
        let form = if form == Form::Items && self.spread().is_some() { Form::ItemsWithKeys } else { form };
        self.push_projection(&mut body, form, index)?;
        let spread = self.spread();
        let limit = match (self.limit.into_iter().chain(most).min(), spread) {
            (Some(limit), Some(shards)) => Some(shards::share(limit, shards)),
            (None, Some(shards)) if form != Form::Count => Some(shards::usual(shards)),
            (limit, _) => limit,
        };
        match limit {
            Some(0) => return Err(Error::invalid("the limit is 0, it must be 1 or more")),
            // DynamoDB's is a signed number, and no page has so many items.
            Some(limit) => body.number("Limit", limit.min(i32::MAX.unsigned_abs())),
            None => {}
        }
        if self.max_read_units == Some(0) {
            return Err(Error::invalid("no read unit may be consumed, it must be 1 or more"));
        }
        if self.max_read_units.is_some() && self.keys_only {
            return Err(Error::invalid(
                "`max_read_units` does not know what the items will cost that `hydrate` fetches: use `limit`",
            ));
        }
        if let Place::Partition { descending: true, .. } = place {
            body.flag("ScanIndexForward", false);
        }
        if self.consistent_read {
            if index.kind == IndexKind::Global {
                let what = match self.cached.ttl {
                    None => "and a global index has no consistent read",
                    Some(_) => "and what is cached is read consistently: cache the items by their keys",
                };
                return Err(Error::invalid(format!("index \"{}\" is global, {what}", index.name)));
            }
            body.flag("ConsistentRead", true);
        }
        match from {
            Begin::Page(Some(start_key)) => {
                let secret = self.db.start_key_secret();
                start_key.check(table, &self.model.primary, index, &place, secret)?;
                body.json("ExclusiveStartKey", &start_key.last_key());
            }
            Begin::Shard { behind: Some(sort), .. } => {
                body.json("ExclusiveStartKey", &shards::start_key(index, &place, sort)?);
            }
            Begin::Page(None) | Begin::Shard { behind: None, .. } => {}
        }
        // Metered or not, what is cached is one question.
        let detail = if self.cached.ttl.is_some() { "INDEXES" } else { self.db.capacity_detail() };
        body.text("ReturnConsumedCapacity", detail);
        let mut request = body.request(self.operation(), table);
        if let Some(tenant) = self.db.own_tenant() {
            request.body = tenant::fill(&request.body, Some(tenant))?.into_owned().into();
        }
        let partition = match place {
            Place::Partition { values, .. } => values,
            Place::Table { .. } => Vec::new(),
        };
        if self.db.cache_for(self.cached)?.is_some() && self.keys_only {
            return Err(Error::invalid(
                "`hydrate` fetches items that may be newer than their keys: it is not cached",
            ));
        }
        Ok(Prepared { request, index, partition })
    }

    /// Sends a request, or gives what is remembered of its answer. `absent`: an answer without items is remembered too.
    pub(crate) async fn send(&self, prepared: Prepared, absent: bool) -> Result<(Bytes, Span)> {
        let group = self.group(&prepared).map_err(|error| self.error(error))?;
        let cached =
            Cached { absent: self.cached.absent || (absent && self.cached.ttl.is_some()), ..self.cached };
        self.db.send_read(prepared.request, cached, group).await
    }

    /// What a write would forget the answer by, if it is to be remembered.
    fn group(&self, prepared: &Prepared) -> Result<Option<Group>> {
        let Some(cache) = self.db.cache_for(self.cached)? else { return Ok(None) };
        let table = self.db.table_of(self.model)?;
        cache.know(table, self.model);
        let mut partition = Item::new();
        for (key, value) in prepared.index.partition.iter().zip(&prepared.partition) {
            partition.insert(key.attribute.to_owned(), AttributeValue::decode(&mut Reader::new(value)?)?);
        }
        Ok(Some(Group::of(table, &partition)))
    }

    /// The filter, of which up to four parts must be true: the item is of the model, is alive, and is asked for.
    fn push_filter(&self, body: &mut Body) -> Result<()> {
        let mut parts = Vec::new();
        if let Source::Table { .. } = self.source {
            for key in self.heads() {
                let has_shard = self.model.shards.is_some()
                    && key.attribute == self.model.primary.partition_key().attribute;
                push_head(key, has_shard, &mut parts, body.placeholders())?;
            }
            if self.leaves_out_guards() {
                parts.push(not_guards(self.model, body.placeholders()));
            }
        }
        if let Some((of, or_none)) = self.own_type() {
            parts.push(of.condition(or_none, body.placeholders()));
        }
        if self.live {
            let mut text = String::new();
            Live::of(self.db, self.model)?.push(&mut text, body.placeholders());
            parts.push(text);
        }
        if parts.is_empty() {
            return body.condition("FilterExpression", self.filter.as_ref());
        }
        if let Some(filter) = &self.filter {
            // Each part has one operator, those with a `NOT` two, and between them stand as many again.
            let limit = limits::EXPRESSION_OPERATORS;
            let operators = filter.operators()
                + 2 * parts.len()
                + usize::from(self.live)
                + usize::from(self.leaves_out_guards());
            if operators > limit {
                return Err(Error::invalid(format!(
                    "the filter has {operators} operators with those on the model, the limit is {limit}"
                )));
            }
            let mut text = String::from("(");
            filter.node().push(&mut text, body.placeholders())?;
            text.push(')');
            parts.push(text);
        }
        body.expression("FilterExpression", &parts.join(" AND "))
    }

    fn push_projection(&self, body: &mut Body, form: Form, index: &'static IndexShape) -> Result<()> {
        if form == Form::Count {
            body.text("Select", "COUNT");
            return Ok(());
        }
        let mut names = match self.projection {
            _ if self.keys_only => self.model.primary.keys().map(|key| key.attribute).collect(),
            Some(projection) => projection.to_vec(),
            None => return Ok(()),
        };
        names.extend(self.also.filter(|also| !names.contains(also)));
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
    pub(crate) fn is_filtered(&self) -> bool {
        let by_head = match self.source {
            Source::Partition { .. } => false,
            Source::Table { .. } => self.heads().next().is_some(),
        };
        by_head || self.leaves_out_guards() || self.live || self.filter.is_some() || self.own_type().is_some()
    }

    /// The keys of which a scan for the model tells by what they begin with that they are the model's.
    fn heads(&self) -> impl Iterator<Item = &'static KeyShape> + use<'_> {
        self.model.primary.keys().filter(|key| !self.is_collection && !key.head().is_empty())
    }

    /// The type that items must be of, unless the key alone tells whose they are; and true if sort keys begin with a word of
    /// the model's.
    ///
    /// Items that say nothing of their type are let through then, to be refused when they are read: they are likely to be the
    /// model's own, from before it had a type.
    fn leaves_out_guards(&self) -> bool {
        // Of one model, the head of its own keys does it, unless it might be that of a guard's.
        let by_head =
            !self.is_collection && !unique::HEAD.starts_with(self.model.primary.partition_key().head());
        let has_guards = self.has_guards || !self.model.unique.is_empty();
        matches!(self.source, Source::Table { .. }) && has_guards && !by_head
    }

    fn own_type(&self) -> Option<(TypeName, bool)> {
        let of = self.model.kept?.type_name.filter(|_| !self.is_collection)?;
        match &self.source {
            Source::Partition { key, .. } => {
                match key.as_ref()?.index().map(|index| (index.kind, index.sort_key())) {
                    Some((IndexKind::Primary, Some(sort))) if sort.is_constant() => None,
                    Some((_, Some(sort))) => Some((of, !sort.head().is_empty())),
                    Some((_, None)) | None => Some((of, false)),
                }
            }
            Source::Table { .. } => Some((of, self.heads().next().is_some())),
        }
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
            Source::Table { segment, .. } => StartKey::of_table(last, index, table, *segment),
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

/// What the errors of a read name.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'db> {
    db: &'db Db,
    model: &'static ModelShape,
    operation: Operation,
}

impl Subject<'_> {
    pub(crate) fn error(self, error: Error) -> Error {
        error.during(self.operation, self.db.table_of(self.model).ok())
    }

    pub(crate) fn not_unique(self) -> Error {
        self.error(Error::new(ErrorKind::NotUnique, "there is more than one such item"))
    }

    pub(crate) fn not_found(self) -> Error {
        self.error(Error::new(ErrorKind::NotFound, "there is no such item"))
    }
}

fn push_index(body: &mut Body, index: &IndexShape) {
    if index.kind != IndexKind::Primary {
        body.text("IndexName", index.name);
    }
}

fn push_segment(body: &mut Body, segment: Option<Segment>) -> Result<()> {
    let Some(Segment { number, of }) = segment else { return Ok(()) };
    let limit = limits::SCAN_SEGMENTS;
    if of == 0 || of > limit {
        return Err(Error::invalid(format!(
            "the scan has {} segments, it takes 1 to {}",
            grouped(of as usize),
            grouped(limit as usize)
        )));
    }
    if number >= of {
        return Err(Error::invalid(format!("segment {number} is not one of {of}, which are counted from 0")));
    }
    body.number("Segment", number);
    body.number("TotalSegments", of);
    Ok(())
}

/// The condition that an item is no guard of a unique attribute.
fn not_guards(model: &ModelShape, request: &mut Placeholders) -> String {
    let mut head = Writer::new();
    head.s(unique::HEAD);
    let mut text = String::from("NOT begins_with(");
    request.push_name(&mut text, model.primary.partition_key().attribute);
    text.push_str(", ");
    request.push_value(&mut text, head.into_bytes());
    text.push(')');
    text
}

/// The condition that a key is one of the model's: what all of them begin with, or are. A key that is an attribute may be
/// anything, and a shard stands behind what it says.
fn push_head(
    key: &KeyShape,
    has_shard: bool,
    parts: &mut Vec<String>,
    request: &mut Placeholders,
) -> Result<()> {
    let mut head = if key.is_constant() { constant(key)? } else { key.head().to_owned() };
    if key.is_constant() && has_shard {
        head.push('#');
    }
    if head.is_empty() {
        return Ok(());
    }
    let mut value = Writer::new();
    value.s(&head);
    let mut text = String::new();
    if key.is_constant() && !has_shard {
        request.push_name(&mut text, key.attribute);
        text.push_str(" = ");
        request.push_value(&mut text, value.into_bytes());
    } else {
        text.push_str("begins_with(");
        request.push_name(&mut text, key.attribute);
        text.push_str(", ");
        request.push_value(&mut text, value.into_bytes());
        text.push(')');
    }
    parts.push(text);
    Ok(())
}

/// The value of a template without fields.
fn constant(key: &KeyShape) -> Result<String> {
    match key::render(key, &[], limits::PARTITION_KEY_BYTES)? {
        KeyValue::S(text) => Ok(text),
        KeyValue::N(_) | KeyValue::B(_) | KeyValue::OfTenant { .. } | KeyValue::Tenant => Ok(String::new()),
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
