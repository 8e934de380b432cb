//! [`TenantDb`]: a database that reaches the items of one tenant, and no others.
//!
//! Where the tenant stands in a key or an item, encoding writes a mark, and the `Db` that sends a request puts its own tenant there:
//! so an operation that no `Db` runs yet knows no tenant, and none can be smuggled in. The mark is the byte 0x7F, raw in a JSON
//! string; in values it is always escaped. What still has a mark when it is sent is refused. Here: the handle, the mark, and what a
//! table that holds the tenant as an attribute only needs besides. Start at [`Db::tenant`].

use crate::codec::{CodecError, Reader, Writer, value_bytes};
use crate::expr::Prefixed;
use crate::expr::{Condition, EncodedValue};
use crate::key::{IndexKind, IndexShape, KeyShape, TemplateAttribute, render_head_of};
use crate::limits::{PARTITION_KEY_BYTES, SORT_KEY_BYTES};
use crate::model::{Key, Model, ModelShape, Readable};
use crate::op::{
    BatchGet, BatchWrite, Delete, Get, Gets, MissingKeyCondition, Put, Query, SearchVectors, TransactGet,
    TransactWrite, Update,
};
use crate::vector::Near;
use crate::{Db, Error, Meter, Result};
use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Stands for the tenant; the byte after it tells in which form.
pub(crate) const MARK: u8 = 0x7f;
/// The tenant as it is, which is the whole attribute.
pub(crate) const ALONE: u8 = b'=';
/// The tenant as a part of a key: escaped, so that it ends where the template says.
pub(crate) const IN_TEMPLATE: u8 = b'{';

/// The scope of a model without a tenant: `db.get(..)`, `db.put(..)`.
#[derive(Debug, Clone, Copy)]
pub enum ReachedByDb {}

/// The scope of a model with a field that is `#[dynamorm(tenant)]`: `db.tenant("t1").get(..)`.
#[derive(Debug, Clone, Copy)]
pub enum ReachedByTenantDb {}

/// A model that a handle of this scope reaches. Every model is one of its own [`Scope`](Model::Scope).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model that this handle reaches",
    label = "with `#[dynamorm(tenant)]`, a model is reached by `db.tenant(..)`, any other by `db`"
)]
pub trait Within<S>: Model {}

#[diagnostic::do_not_recommend]
impl<M: Model<Scope = S>, S> Within<S> for M {}

/// A type that can tell a tenant: text.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a tenant",
    label = "not text",
    note = "a tenant is a `String`, or a newtype of one with `#[derive(Document)]`"
)]
pub trait TenantAttribute: TemplateAttribute {}

#[diagnostic::do_not_recommend]
impl<T: TemplateAttribute + Prefixed> TenantAttribute for T {}

/// What only the handle of all tenants can.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a tenant's handle has no `scan`, which reads the items of all",
    label = "not a handle of all tenants",
    note = "query an index whose partition key begins with the tenant; `db.scan()` is for administration"
)]
pub trait ReadsAll {}

/// Which attribute holds a model's tenant.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct TenantShape {
    pub attribute: &'static str,
    /// It leads the table's partition key, and no request of another tenant can name the item. Else each write has a condition, and
    /// each read is checked.
    pub in_key: bool,
}

/// A database that reaches the items of one tenant, and no others: [`Db::tenant`] makes it.
///
/// It takes models that have a field with `#[dynamorm(tenant)]`, and no others. That field is left out of all that callers write
/// (`User::key("u1")`, `User::BY_STATUS_INDEX.partition("open")`) and filled in on the way: an item may have it empty, and is
/// refused if it has another tenant's. It has no `scan` and no statements, which read what they like.
///
/// See [`guide::tenants`](crate::guide::tenants).
///
/// ```
/// # use dynamorm::{Db, Model, Result};
/// #[derive(Debug, Model)]
/// #[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
/// struct User {
///     #[dynamorm(tenant)]
///     tenant: String,
///     id: String,
///     name: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let db = Db::memory()?;
/// # db.create_table::<User>().execute().await?;
/// let acme = db.tenant("acme");
/// acme.put(&User { tenant: String::new(), id: "u1".into(), name: "Ada".into() }).execute().await?;
///
/// assert_eq!(acme.get(User::key("u1")).one().await?.tenant, "acme");
/// assert!(db.tenant("umbrella").get(User::key("u1")).optional().await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TenantDb {
    db: Db,
}

impl Db {
    /// The same database, confined to the items of one tenant.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// let acme = db.tenant("acme");
    /// # }
    /// ```
    ///
    /// The tenant is checked when an operation runs: [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if it is empty.
    #[must_use]
    pub fn tenant(&self, tenant: impl Into<String>) -> TenantDb {
        TenantDb { db: self.clone().with_tenant(tenant.into()) }
    }
}

impl TenantDb {
    pub(crate) fn inner(&self) -> &Db {
        &self.db
    }

    /// The tenant.
    ///
    /// ```
    /// # fn example(db: &dynamorm::Db) {
    /// assert_eq!(db.tenant("acme").tenant(), "acme");
    /// # }
    /// ```
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.db.own_tenant().unwrap_or_default()
    }

    /// Reads one item by its key, as [`Db::get`].
    pub fn get<K: Key<Model: Within<ReachedByTenantDb>>>(&self, key: K) -> Get<K::Model, &Db> {
        Get::with(&key, &self.db)
    }

    /// Writes one item whole, as [`Db::put`].
    pub fn put<M: Within<ReachedByTenantDb>>(&self, item: &M) -> Put<M, &Db> {
        Put::with(item, &self.db)
    }

    /// Changes some attributes of an item, as [`Db::update`].
    pub fn update<K: Key<Model: Within<ReachedByTenantDb>>>(&self, key: K) -> Update<K::Model, &Db> {
        Update::with(&key, &self.db)
    }

    /// Runs an update that was made elsewhere, such as one by [`changes_from`](Model::changes_from).
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Update};
    /// # #[derive(Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
    /// # struct User { #[dynamorm(tenant)] tenant: String, id: String, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// fn debit(id: &str, n: i64) -> Update<User> {
    ///     Update::new(User::key(id)).add(User::CREDITS, -n)
    /// }
    ///
    /// let acme = db.tenant("acme");
    /// # acme.put(&User { tenant: String::new(), id: "u1".into(), credits: 10 }).execute().await?;
    /// acme.run(debit("u1", 7)).execute().await?;
    /// assert_eq!(acme.get(User::key("u1")).one().await?.credits, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn run<M: Within<ReachedByTenantDb>>(&self, update: Update<M>) -> Update<M, &Db> {
        update.run_by(&self.db)
    }

    /// Deletes one item, as [`Db::delete`].
    pub fn delete<K: Key<Model: Within<ReachedByTenantDb>>>(&self, key: K) -> Delete<K::Model, &Db> {
        Delete::with(&key, &self.db)
    }

    #[doc(hidden)]
    #[rustfmt::skip]
    pub fn scan<R>(&self) where for<'never> Self: ReadsAll {}

    /// Reads items of one partition, as [`Db::query`].
    pub fn query<R: Readable<Model: Within<ReachedByTenantDb>>>(&self) -> Query<'_, R, MissingKeyCondition> {
        Query::of(&self.db)
    }

    /// Finds the tenant's items whose vectors are nearest to one, as [`Db::search_vectors`].
    ///
    /// Each vector index of a model with a tenant has the tenant as its partition, so that a search never looks at another's.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Vector};
    /// #[derive(Debug, Model)]
    /// #[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "DOC#{id}")]
    /// #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, pk = tenant)]
    /// struct Doc {
    ///     #[dynamorm(tenant)]
    ///     tenant: String,
    ///     id: String,
    ///     embedding: Vector<2>,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Doc>().execute().await?;
    /// let embedding = Vector::try_from([1.0, 0.0])?;
    /// let doc = Doc { tenant: String::new(), id: "d1".into(), embedding: embedding.clone() };
    /// db.tenant("acme").put(&doc).execute().await?;
    ///
    /// let near = || Doc::BY_EMBEDDING_INDEX.near(&embedding);
    /// assert_eq!(db.tenant("acme").search_vectors(near()).top_k(10).await?[0].item.id, "d1");
    /// assert!(db.tenant("umbrella").search_vectors(near()).top_k(10).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn search_vectors<M: Within<ReachedByTenantDb>>(&self, near: Near<M>) -> SearchVectors<'_, M> {
        SearchVectors::of(&self.db, near)
    }

    /// Reads any number of items by their keys, as [`Db::batch_get`].
    pub fn batch_get<K: Key<Model: Within<ReachedByTenantDb>>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> BatchGet<'_, K::Model> {
        BatchGet::of(&self.db, keys)
    }

    /// Puts and deletes any number of items, as [`Db::batch_write`].
    pub fn batch_write(&self) -> BatchWrite<'_, ReachedByTenantDb> {
        BatchWrite::of(&self.db)
    }

    /// Reads several items as they are at one moment, as [`Db::transact_get`].
    pub fn transact_get<G: Gets<Scope = ReachedByTenantDb>>(&self, gets: G) -> TransactGet<'_, G> {
        TransactGet::of(&self.db, gets)
    }

    /// Writes several items, all or none, as [`Db::transact_write`].
    pub fn transact_write(&self) -> TransactWrite<'_, ReachedByTenantDb> {
        TransactWrite::of(&self.db)
    }

    /// Tells the time of writes by this clock, as [`Db::clock`].
    #[must_use]
    pub fn clock(&self, clock: impl Fn() -> crate::Timestamp + Send + Sync + 'static) -> Self {
        Self { db: self.db.clone().clock(clock) }
    }

    /// The same handle, whose calls end at this time, as [`Db::deadline`].
    #[must_use]
    pub fn deadline(&self, at: std::time::Instant) -> Self {
        Self { db: self.db.deadline(at) }
    }

    /// The same handle, which adds what its calls consume to a meter, as [`Db::metered`].
    #[must_use]
    pub fn metered(&self, meter: &Meter) -> Self {
        Self { db: self.db.metered(meter) }
    }
}

/// Whose it is.
impl fmt::Debug for TenantDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantDb").field("tenant", &self.tenant()).finish_non_exhaustive()
    }
}

/// The tenant that a `Db` puts into requests about a model; none for a model that has none.
///
/// # Errors
///
/// If the model and the handle do not go together, the tenant is empty, or the item says that it is another tenant's.
pub(crate) fn of<'db>(db: &'db Db, model: &ModelShape, claim: Option<&str>) -> Result<Option<&'db str>> {
    let (Some(shape), tenant) = (model.tenant, db.own_tenant()) else {
        return match db.own_tenant() {
            None => Ok(None),
            Some(_) => Err(Error::invalid(format!(
                "`{}` has no tenant: reach it by `db` itself, or mark a field with `#[dynamorm(tenant)]`",
                model.name
            ))),
        };
    };
    let Some(tenant) = tenant else {
        return Err(Error::invalid(format!(
            "`{}` belongs to tenants: reach it by `db.tenant(..)`",
            model.name
        )));
    };
    if tenant.is_empty() {
        return Err(Error::invalid("the tenant is empty"));
    }
    match claim {
        Some(claim) if !claim.is_empty() && claim != tenant => Err(Error::invalid(format!(
            "attribute `{}` is of another tenant than the handle: leave it empty, it is filled in",
            shape.attribute
        ))),
        _ => Ok(Some(tenant)),
    }
}

/// The tenant as a value in an expression.
pub(crate) fn marked() -> EncodedValue {
    let mut writer = Writer::new();
    writer.s_of_tenant("", ALONE, "");
    EncodedValue::of_json(writer.into_bytes())
}

/// Puts the tenant where marks are.
pub(crate) fn fill<'a>(json: &'a [u8], tenant: Option<&str>) -> Result<Cow<'a, [u8]>> {
    let mut rest = json;
    let mut filled = Vec::new();
    while let Some(at) = rest.iter().position(|byte| *byte == MARK) {
        let Some(tenant) = tenant else { return Err(unfilled()) };
        let (before, mark) = rest.split_at(at);
        let [_, form, after @ ..] = mark else { return Err(unfilled()) };
        filled.extend_from_slice(before);
        match *form {
            ALONE => push_json(&mut filled, tenant),
            _ => push_json(&mut filled, &escaped(tenant)),
        }
        rest = after;
    }
    if filled.is_empty() {
        return Ok(Cow::Borrowed(json));
    }
    filled.extend_from_slice(rest);
    Ok(Cow::Owned(filled))
}

/// A request with a mark never leaves: there is nobody to fill it in.
pub(crate) fn check_filled(body: &[u8]) -> Result<()> {
    if body.contains(&MARK) { Err(unfilled()) } else { Ok(()) }
}

fn unfilled() -> Error {
    Error::invalid("a model of the request belongs to tenants: reach it by `db.tenant(..)`")
}

/// The tenant as it stands in a template: all that could be a separator is escaped, so that no tenant's keys are another's, of
/// whatever model. Letters, digits, `-`, `_` and `.` stay, which the derive takes for no separator behind a tenant.
fn escaped(tenant: &str) -> Cow<'_, str> {
    let stays = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if tenant.chars().all(stays) {
        return Cow::Borrowed(tenant);
    }
    let mut text = String::with_capacity(tenant.len() + 8);
    for c in tenant.chars() {
        if stays(c) {
            text.push(c);
        } else {
            let _ = write!(text, "%{:02X}", u32::from(c));
        }
    }
    Cow::Owned(text)
}

fn push_json(buffer: &mut Vec<u8>, text: &str) {
    let mut writer = Writer::new();
    writer.json_string(text);
    let quoted = writer.as_bytes();
    buffer.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
}

/// Checks the keys of an item, or a key, once the tenant is in them.
pub(crate) fn check_keys(model: &ModelShape, json: &[u8]) -> Result<(), CodecError> {
    if json.len() <= SORT_KEY_BYTES {
        return Ok(());
    }
    Reader::new(json)?.object(|reader, name| {
        let value = reader.raw()?.as_bytes();
        let is = |keys: &[KeyShape]| keys.iter().any(|key| key.attribute == name);
        let limit = if is(model.primary.sort) {
            SORT_KEY_BYTES
        } else if is(model.primary.partition) {
            PARTITION_KEY_BYTES
        } else {
            return crate::op::index_limit::check_value(model, name, value);
        };
        let bytes = value_bytes(&mut Reader::new(value)?)?;
        if bytes > limit {
            return Err(CodecError::new(crate::codec::Problem::KeyTooLong { bytes, limit }).at(name));
        }
        Ok(())
    })
}

/// Where the tenant is not in the table's key: that the stored item, if there is one, is the tenant's own.
pub(crate) fn guard(db: &Db, model: &ModelShape) -> Option<Condition<()>> {
    let (shape, tenant) = (model.tenant.filter(|shape| !shape.in_key)?, db.own_tenant()?);
    let absent = Condition::about("attribute_not_exists", model.primary.partition_key().attribute);
    Some(absent.or(Condition::equals(shape.attribute, EncodedValue::of(&tenant.to_owned()))))
}

/// True if each write of the model has the condition that [`guard`] makes.
pub(crate) fn is_guarded(db: &Db, model: &ModelShape) -> bool {
    Own::of(db, model).is_some()
}

/// Takes the stored item out of an error if it is another tenant's: DynamoDB gives it with a condition that failed.
pub(crate) fn hide_failed_item<T>(db: &Db, model: &ModelShape, sent: Result<T>) -> Result<T> {
    let Some(own) = Own::of(db, model) else { return sent };
    sent.map_err(|error| error.without_items(&|_, item| own.hides(item).unwrap_or(true)))
}

/// The same of a transaction, by the models of its operations.
pub(crate) fn hide_cancelled_items<T>(db: &Db, models: &[&'static ModelShape], sent: Result<T>) -> Result<T> {
    let own: Vec<Option<Own>> = models.iter().map(|model| Own::of(db, model)).collect();
    sent.map_err(|error| {
        error.without_items(&|operation, item| match own.get(operation) {
            Some(Some(own)) => own.hides(item).unwrap_or(true),
            _ => false,
        })
    })
}

/// Hides items of other tenants from a read by key, where the tenant is not in the key.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    pub(crate) attribute: &'static str,
    tenant: String,
}

impl Own {
    pub(crate) fn of(db: &Db, model: &ModelShape) -> Option<Self> {
        let shape = model.tenant.filter(|shape| !shape.in_key)?;
        Some(Self { attribute: shape.attribute, tenant: db.own_tenant()?.to_owned() })
    }

    /// True if the item, `{"id":{"S":"u1"},…}`, is not the tenant's: one without a tenant is nobody's.
    pub(crate) fn hides(&self, item: &str) -> Result<bool, CodecError> {
        let mut own = false;
        Reader::from_text(item).object(|reader, name| {
            if name != self.attribute {
                return reader.skip();
            }
            own = Reader::from_text(reader.raw()?).s().is_ok_and(|tenant| tenant == self.tenant);
            Ok(())
        })?;
        Ok(!own)
    }
}

/// Refuses a query whose partition need not be the tenant's. `partition` has the values of the key's attributes, as JSON.
pub(crate) fn check_partition(
    db: &Db,
    model: &ModelShape,
    index: &IndexShape,
    partition: &[Vec<u8>],
) -> Result<()> {
    let Some(tenant) = of(db, model, None)? else { return Ok(()) };
    let Some(shape) = model.tenant else { return Ok(()) };
    let leads = |index: &IndexShape| index.partition_key().fields().next() == Some(shape.attribute);
    if !leads(index) {
        let leading: Vec<String> = model
            .indexes
            .iter()
            .filter(|index| leads(index))
            .map(|index| format!("\"{}\"", index.name))
            .collect();
        let by = match index.name {
            "" => "the table's key".to_owned(),
            name => format!("index \"{name}\""),
        };
        return Err(Error::invalid(format!(
            "{by} holds items of all tenants: query an index whose partition key begins with `{}`{}",
            shape.attribute,
            if leading.is_empty() { String::new() } else { format!(", such as {}", leading.join(" or ")) }
        )));
    }
    // The typed form cannot name another tenant; a raw one can.
    let key = index.partition_key();
    let value = partition.first().map(|json| Reader::new(json)?.s().map(Cow::into_owned)).transpose()?;
    let (mut head, mut is_whole) = match key.template {
        [] => (tenant.to_owned(), true),
        _ => render_head_of(key, &escaped(tenant)),
    };
    if is_whole && index.kind == IndexKind::Primary && model.shards.is_some() {
        // The shard stands behind it, and no tenant has the separator in it.
        head.push('#');
        is_whole = false;
    }
    let own = value.is_some_and(|value| if is_whole { value == head } else { value.starts_with(&head) });
    if own {
        Ok(())
    } else {
        Err(Error::invalid("the partition that is queried is of another tenant than the handle"))
    }
}

#[cfg(test)]
mod tests;
