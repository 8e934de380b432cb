//! Key conditions: which partition a query reads, and which part of it.
//!
//! A key condition is made by an index handle (`User::EMAIL_INDEX.partition(..)`), belongs to one model and one index, and
//! confines the query to that model's items where they share a partition with others: the text that the model's sort keys
//! begin with bounds every condition on them.

use super::Placeholders;
use super::raw::{RawExpression, Token};
use crate::codec::Writer;
use crate::key::{
    FurtherSortKey, HasSortKey, IndexKind, IndexShape, IntoKey, KeyParts, KeyShape, KeyValue, NoSortKey,
    Part, PrefixedSortKey, Segment, Shards, SortKey, render, render_leading, render_shard,
};
use crate::model::{Model, ModelShape};
use crate::{AttributeValue, Error, Index, Result, limits};
use std::fmt;
use std::marker::PhantomData;

/// The partition that a query reads, and a condition on its sort key if there is one.
///
/// `S` is the type of the sort key's value; nothing can be compared with `NoSortKey`.
#[must_use = "a key condition does nothing until it is given to a query"]
pub struct KeyCondition<M, S = NoSortKey> {
    kind: Kind,
    of: PhantomData<fn() -> (M, S)>,
}

#[derive(Clone)]
enum Kind {
    Typed {
        index: &'static IndexShape,
        partition: KeyParts,
        /// The values of the first attributes of a sort key that has several.
        leading: KeyParts,
        sort: Sort,
    },
    Raw {
        expression: RawExpression,
        index: Option<String>,
    },
}

#[derive(Clone)]
enum Sort {
    Any,
    Equal(KeyParts),
    Less(KeyParts),
    LessOrEqual(KeyParts),
    Greater(KeyParts),
    GreaterOrEqual(KeyParts),
    Between(KeyParts, KeyParts),
    BeginsWith(KeyParts),
    /// More than one condition.
    Twice,
}

/// A key condition in the form a request needs.
#[derive(Debug)]
pub(crate) struct ResolvedKey {
    pub(crate) index: &'static IndexShape,
    pub(crate) text: String,
    /// The values of the partition key's attributes, as JSON.
    pub(crate) partition: Vec<Vec<u8>>,
}

impl<M, P, S> Index<M, P, S> {
    /// The items of one partition of this key.
    pub fn partition(self, value: impl IntoKey<P>) -> KeyCondition<M, S> {
        let (partition, leading) = (value.into_parts(), KeyParts::new());
        KeyCondition::new(Kind::Typed { index: self.shape, partition, leading, sort: Sort::Any })
    }
}

impl<M, S> KeyCondition<M, S> {
    fn new(kind: Kind) -> Self {
        Self { kind, of: PhantomData }
    }
}

/// Conditions on the sort key. On a template that begins with text, those above and below a value do not find a value that
/// has U+10FFFF in it, which is no character.
///
/// Of a sort key of several attributes, [`Several`](crate::Several), each condition is on the next one from the left: `eq`
/// leaves the others, and any other condition is the last.
///
/// ```
/// # use dynamorm::{KeyCondition, Model, NoMoreSortKeys};
/// # #[derive(Model)]
/// # #[dynamorm(table = "app", pk = id)]
/// #[dynamorm(index = "by-region", pk = (tenant, region), sk = (status, placed))]
/// struct Order { id: String, tenant: String, region: String, status: String, placed: u64 }
///
/// let open: KeyCondition<Order, NoMoreSortKeys> =
///     Order::BY_REGION_INDEX.partition(("t1", "eu")).eq("open").ge(1_700_000_000_u64);
/// ```
impl<M, S> KeyCondition<M, S> {
    /// With this sort key exactly.
    pub fn eq(self, value: impl IntoKey<S::Next>) -> KeyCondition<M, S::Left>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        KeyCondition::new(self.kind.equal(value.into_parts()))
    }

    /// With a sort key below this.
    pub fn lt(self, value: impl IntoKey<S::Next>) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        self.with(Sort::Less(value.into_parts()))
    }

    /// With this sort key or one below it.
    pub fn le(self, value: impl IntoKey<S::Next>) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        self.with(Sort::LessOrEqual(value.into_parts()))
    }

    /// With a sort key above this.
    pub fn gt(self, value: impl IntoKey<S::Next>) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        self.with(Sort::Greater(value.into_parts()))
    }

    /// With this sort key or one above it.
    pub fn ge(self, value: impl IntoKey<S::Next>) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        self.with(Sort::GreaterOrEqual(value.into_parts()))
    }

    /// With a sort key from `low` to `high`, both included. DynamoDB refuses a `low` above `high`.
    pub fn between(self, low: impl IntoKey<S::Next>, high: impl IntoKey<S::Next>) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        self.with(Sort::Between(low.into_parts(), high.into_parts()))
    }

    /// With a sort key that begins with this text. Of a template with several fields, with the first parts, whole, as a tuple:
    /// `1` does not find `11`.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// #[derive(Debug, Model)]
    /// #[dynamorm(table = "app", pk = "USER#{customer}", sk = "ORDER#{year}#{month}#{number}")]
    /// struct Order { customer: String, year: u16, month: u8, number: u32 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Order>().execute().await?;
    /// # for month in [1, 11, 12] {
    /// #     db.put(&Order { customer: "u1".into(), year: 2026, month, number: 7 }).execute().await?;
    /// # }
    /// let of = || Order::PRIMARY_KEY.partition("u1");
    /// assert_eq!(db.query::<Order>().key(of().begins_with((2026_u16,))).count().await?, 3);
    /// assert_eq!(db.query::<Order>().key(of().begins_with((2026_u16, 1_u8))).count().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn begins_with(self, prefix: impl IntoKey<S::Prefix>) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey + PrefixedSortKey,
    {
        self.with(Sort::BeginsWith(prefix.into_parts()))
    }

    fn with(self, condition: Sort) -> KeyCondition<M, S::Done>
    where
        S: SortKey + HasSortKey + FurtherSortKey,
    {
        KeyCondition::new(self.kind.with(condition))
    }
}

impl Kind {
    fn with(mut self, condition: Sort) -> Self {
        if let Kind::Typed { sort, .. } = &mut self {
            *sort = if matches!(sort, Sort::Any) { condition } else { Sort::Twice };
        }
        self
    }

    fn equal(mut self, value: KeyParts) -> Self {
        match &mut self {
            Kind::Typed { index, leading, .. } if index.sort.len() > 1 => leading.extend(value),
            _ => return self.with(Sort::Equal(value)),
        }
        self
    }
}

impl<M: Model> KeyCondition<M, NoSortKey> {
    /// A key condition in DynamoDB's own words, such as `email_gsi = :e`.
    ///
    /// `values` are those that the text names. The text is parsed first: what DynamoDB takes in a key condition are
    /// comparisons of key attributes with values by `=`, `<`, `<=`, `>`, `>=`, `BETWEEN` and `begins_with`, joined by
    /// `AND`. The index is the one whose partition key the text compares with `=`; where two have the same one, say
    /// which with [`index`](KeyCondition::index). Unlike the typed form it reads whatever the partition holds: items of
    /// other models in it are errors.
    ///
    /// ```
    /// # use dynamorm::{KeyCondition, Model};
    /// # #[derive(Model)]
    /// # struct User { #[dynamorm(pk)] id: String, #[dynamorm(gsi("email-index", pk))] email_gsi: String }
    /// let ada: KeyCondition<User> = KeyCondition::raw("email_gsi = :e", [(":e", "ada@example.com")]);
    /// ```
    ///
    /// See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html>.
    pub fn raw<K, V>(text: &str, values: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<AttributeValue>,
    {
        Self::new(Kind::Raw { expression: RawExpression::parse(text, values), index: None })
    }

    /// Says which index a [`raw`](KeyCondition::raw) key condition is for.
    pub fn index(mut self, name: &str) -> Self {
        if let Kind::Raw { index, .. } = &mut self.kind {
            *index = Some(name.to_owned());
        }
        self
    }
}

impl<M, S> Clone for KeyCondition<M, S> {
    fn clone(&self) -> Self {
        Self::new(self.kind.clone())
    }
}

/// Which index, without the values: they belong in no log.
impl<M, S> fmt::Debug for KeyCondition<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Typed { index, .. } => write!(f, "KeyCondition({:?})", index.name),
            Kind::Raw { .. } => f.write_str("KeyCondition(raw)"),
        }
    }
}

/// A key condition without its types, as a query keeps it.
#[derive(Clone)]
pub(crate) struct UntypedKey(Kind);

impl<M, S> From<KeyCondition<M, S>> for UntypedKey {
    fn from(condition: KeyCondition<M, S>) -> Self {
        Self(condition.kind)
    }
}

impl UntypedKey {
    /// A whole partition. The tenant is no part of it, but filled in.
    pub(crate) fn of(index: &'static IndexShape, partition: KeyParts) -> Self {
        Self(Kind::Typed { index, partition, leading: KeyParts::new(), sort: Sort::Any })
    }

    /// The index that a typed one is for, whose conditions on sort keys keep to those of the model.
    pub(crate) fn index(&self) -> Option<&'static IndexShape> {
        match &self.0 {
            Kind::Typed { index, .. } => Some(index),
            Kind::Raw { .. } => None,
        }
    }

    /// The shards to be asked, where items of one partition are spread over several and not one sort key is asked for.
    pub(crate) fn spread(&self, model: &ModelShape) -> Option<Shards> {
        match &self.0 {
            Kind::Typed { index: IndexShape { kind: IndexKind::Primary, .. }, sort, .. } => {
                model.shards.filter(|_| !matches!(sort, Sort::Equal(_)))
            }
            Kind::Typed { .. } | Kind::Raw { .. } => None,
        }
    }

    /// Makes the expression. `model` knows the indexes that a raw one can mean. Of a collection, sort keys are not bounded by
    /// what those of the model begin with. Where the partition is spread over shards, and the sort key does not tell which is
    /// meant, it is this one.
    pub(crate) fn resolve(
        &self,
        model: &'static ModelShape,
        is_collection: bool,
        shard: u16,
        request: &mut Placeholders,
    ) -> Result<ResolvedKey> {
        match &self.0 {
            Kind::Typed { index, partition, leading, sort } => {
                let partition = &with_tenant(index, model, partition);
                let shards = model.shards.filter(|_| index.kind == IndexKind::Primary);
                let shards = shards.map(|shards| (shards, shard));
                typed(index, (partition, shards), leading, sort, is_collection, request)
            }
            Kind::Raw { expression, index } => raw(expression, index.as_deref(), model, request),
        }
    }
}

/// The parts of a partition key, with the tenant in its place: callers leave it out.
fn with_tenant(index: &IndexShape, model: &ModelShape, parts: &KeyParts) -> KeyParts {
    let Some(tenant) = model.tenant else { return parts.clone() };
    let fields = index.partition.iter().flat_map(|key| key.fields());
    let mut given = parts.iter().cloned();
    fields
        .filter_map(|field| if field == tenant.attribute { Some(Part::Tenant) } else { given.next() })
        .collect()
}

fn typed(
    index: &'static IndexShape,
    (partition, shards): (&KeyParts, Option<(Shards, u16)>),
    leading: &KeyParts,
    sort: &Sort,
    is_collection: bool,
    request: &mut Placeholders,
) -> Result<ResolvedKey> {
    let mut text = String::new();
    let mut values = Vec::new();
    // Several attributes have one part each; one attribute has all the parts of its template.
    let by_key = match index.partition.len() == 1 {
        true => vec![partition.as_slice()],
        false => partition.chunks(1).collect(),
    };
    for (key, parts) in index.partition.iter().zip(by_key) {
        let value = match (shards, sort, index.sort_key()) {
            (None, _, _) => render(key, parts, limits::PARTITION_KEY_BYTES)?,
            (Some((shards, _)), Sort::Equal(parts_of_sort), Some(sort)) => {
                let sort = render(sort, parts_of_sort, limits::SORT_KEY_BYTES)?;
                render_shard(key, parts, shards.of_key(&sort))?
            }
            (Some((_, shard)), _, _) => render_shard(key, parts, shard)?,
        };
        let json = encode(&value);
        text.push_str(if values.is_empty() { "" } else { " AND " });
        push_equality(key, json.clone(), &mut text, request);
        values.push(json);
    }
    let mut sort_keys = index.sort.iter();
    for (key, part) in sort_keys.by_ref().take(leading.len()).zip(leading.chunks(1)) {
        text.push_str(" AND ");
        push_equality(key, encode(&render(key, part, limits::SORT_KEY_BYTES)?), &mut text, request);
    }
    if let Some(shape) = sort_keys.next() {
        push_sort(shape, sort, is_collection, &mut text, request)?;
    }
    Ok(ResolvedKey { index, text, partition: values })
}

fn push_equality(key: &KeyShape, json: Vec<u8>, text: &mut String, request: &mut Placeholders) {
    request.push_name(text, key.attribute);
    text.push_str(" = ");
    request.push_value(text, json);
}

fn encode(value: &KeyValue) -> Vec<u8> {
    let mut writer = Writer::new();
    value.encode(&mut writer);
    writer.into_bytes()
}

/// The highest text that begins with `head`, but for keys that hold U+10FFFF, which is no character.
fn end_of(head: &str) -> KeyValue {
    KeyValue::S(format!("{head}\u{10FFFF}"))
}

/// Appends the condition on the sort key, bounded by what all sort keys of the model begin with, unless those of other models
/// are asked for as well.
fn push_sort(
    shape: &KeyShape,
    sort: &Sort,
    is_collection: bool,
    text: &mut String,
    request: &mut Placeholders,
) -> Result<()> {
    let value = |parts: &KeyParts| render(shape, parts, limits::SORT_KEY_BYTES);
    let head = if is_collection { "" } else { shape.head() };
    let start = || KeyValue::S(head.to_owned());
    let condition = match sort {
        Sort::Twice => {
            return Err(Error::invalid(format!(
                "the sort key `{}` is compared twice, and a query takes one condition on it: write `between`",
                shape.attribute
            )));
        }
        Sort::Any if is_collection => return Ok(()),
        Sort::Any if shape.is_constant() => Comparison::Operator("=", value(&KeyParts::new())?),
        Sort::Any if head.is_empty() => return Ok(()),
        Sort::Any => Comparison::BeginsWith(start()),
        Sort::Equal(parts) => Comparison::Operator("=", value(parts)?),
        Sort::Between(low, high) => Comparison::Between(value(low)?, value(high)?),
        Sort::BeginsWith(parts) => Comparison::BeginsWith(prefix(shape, parts)?),
        Sort::Less(parts) if head.is_empty() => Comparison::Operator("<", value(parts)?),
        Sort::LessOrEqual(parts) if head.is_empty() => Comparison::Operator("<=", value(parts)?),
        Sort::Greater(parts) if head.is_empty() => Comparison::Operator(">", value(parts)?),
        Sort::GreaterOrEqual(parts) if head.is_empty() => Comparison::Operator(">=", value(parts)?),
        Sort::Less(parts) => Comparison::Between(start(), before(value(parts)?)),
        Sort::LessOrEqual(parts) => Comparison::Between(start(), value(parts)?),
        Sort::Greater(parts) => Comparison::Between(after(value(parts)?), end_of(head)),
        Sort::GreaterOrEqual(parts) => Comparison::Between(value(parts)?, end_of(head)),
    };
    text.push_str(" AND ");
    match condition {
        Comparison::Operator(operator, value) => {
            request.push_name(text, shape.attribute);
            text.push(' ');
            text.push_str(operator);
            text.push(' ');
            request.push_value(text, encode(&value));
        }
        Comparison::Between(low, high) => {
            request.push_name(text, shape.attribute);
            text.push_str(" BETWEEN ");
            request.push_value(text, encode(&low));
            text.push_str(" AND ");
            request.push_value(text, encode(&high));
        }
        Comparison::BeginsWith(prefix) => {
            text.push_str("begins_with(");
            request.push_name(text, shape.attribute);
            text.push_str(", ");
            request.push_value(text, encode(&prefix));
            text.push(')');
        }
    }
    Ok(())
}

enum Comparison {
    Operator(&'static str, KeyValue),
    Between(KeyValue, KeyValue),
    BeginsWith(KeyValue),
}

/// What the keys begin with whose text part begins with `parts`: the template up to its first field, and that prefix.
fn prefix(shape: &KeyShape, parts: &KeyParts) -> Result<KeyValue> {
    // Of several fields whole parts are given, of one field a part of its text.
    let fields = shape.template.iter().filter(|segment| matches!(segment, Segment::Field { .. }));
    if fields.count() > 1 {
        return Ok(KeyValue::S(render_leading(shape, parts)?));
    }
    let until_field: &[Segment] = match shape.template {
        [] => &[],
        template => {
            let fields = template.iter().position(|segment| matches!(segment, Segment::Field { .. }));
            template.get(..=fields.unwrap_or(0)).unwrap_or(template)
        }
    };
    let begin = KeyShape { template: until_field, ..*shape };
    Ok(render(&begin, parts, limits::SORT_KEY_BYTES)?)
}

/// The lowest text above this one.
fn after(value: KeyValue) -> KeyValue {
    match value {
        KeyValue::S(text) => KeyValue::S(text + "\0"),
        other => other,
    }
}

/// The highest text below this one, but for keys that hold U+10FFFF.
fn before(value: KeyValue) -> KeyValue {
    let KeyValue::S(mut text) = value else { return value };
    match text.pop() {
        // Everything below `a\0` is at most `a`.
        None | Some('\0') => {}
        Some(last) => {
            let below = match last {
                '\u{E000}' => '\u{D7FF}',
                last => char::from_u32(u32::from(last) - 1).unwrap_or('\0'),
            };
            text.push(below);
            text.push('\u{10FFFF}');
        }
    }
    KeyValue::S(text)
}

fn raw(
    expression: &RawExpression,
    index: Option<&str>,
    model: &'static ModelShape,
    request: &mut Placeholders,
) -> Result<ResolvedKey> {
    expression.check_key()?;
    let equalities = equalities(expression.tokens()?);
    let partition_of = |shape: &IndexShape| {
        let value = |key: &KeyShape| {
            equalities.iter().find(|(name, _)| *name == key.attribute).map(|(_, json)| json.to_vec())
        };
        shape.partition.iter().map(value).collect::<Option<Vec<_>>>()
    };
    let mut found = std::iter::once(&model.primary)
        .chain(model.indexes)
        .filter(|shape| index.is_none_or(|name| name == shape.name))
        .filter_map(|shape| partition_of(shape).map(|partition| (shape, partition)));
    let Some((shape, partition)) = found.next() else {
        let keys: Vec<String> = std::iter::once(&model.primary)
            .chain(model.indexes)
            .map(|shape| {
                let names = shape.partition.iter().map(|key| format!("`{}`", key.attribute));
                let names = names.collect::<Vec<_>>().join(" and ");
                match shape.name {
                    "" => format!("{names} (the table)"),
                    name => format!("{names} (index \"{name}\")"),
                }
            })
            .collect();
        return Err(Error::invalid(format!(
            "the raw key condition compares no partition key with `=`; `{}` has {}",
            model.name,
            keys.join(", ")
        )));
    };
    if let Some((other, _)) = found.next() {
        return Err(Error::invalid(format!(
            "the raw key condition fits \"{}\" and \"{}\": say which with `.index(..)`",
            shape.name, other.name
        )));
    }
    if shape.kind == IndexKind::Primary && model.shards.is_some() {
        return Err(Error::invalid(format!(
            "`{}` is spread over shards, and a raw key condition names one of them: write `{}::PRIMARY_KEY.partition(..)`",
            model.name, model.name
        )));
    }
    let mut stranger = None;
    expression.names(&mut |name| {
        if shape.keys().all(|key| key.attribute != name) {
            stranger.get_or_insert_with(|| name.to_owned());
        }
    });
    if let Some(name) = stranger {
        return Err(Error::invalid(format!(
            "the raw key condition uses attribute `{name}`, which is not in the key that is queried: put it into a filter"
        )));
    }
    let mut text = String::new();
    expression.push(&mut text, request)?;
    Ok(ResolvedKey { index: shape, text, partition })
}

/// The attributes that are compared with `=` to a value, and that value.
fn equalities(tokens: &[Token]) -> Vec<(&str, &[u8])> {
    tokens
        .windows(3)
        .filter_map(|three| match three {
            [Token::Name(name), Token::Text("="), Token::Value { json: Ok(json), .. }]
            | [Token::Value { json: Ok(json), .. }, Token::Text("="), Token::Name(name)] => {
                Some((name.as_str(), json.as_slice()))
            }
            _ => None,
        })
        .collect()
}
