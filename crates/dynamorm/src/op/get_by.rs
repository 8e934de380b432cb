//! Reading an item by a unique attribute: by its guard, without an index.
//!
//! Two requests that look like `get.rs`: the guard tells whose the value is, and the item whether it still is.

use super::body::{Body, read_member};
use super::hidden::Hidden;
use super::item_key::{identity, read_item};
use crate::codec::{Attribute, Reader};
use crate::error::ErrorKind;
use crate::expr::EncodedValue;
use crate::model::{Model, ModelShape};
use crate::transport::{Operation, Request};
use crate::unique::{GuardKey, IntoUnique, IsUnique, State, UniqueShape, owner_of, state_of};
use crate::{Attr, AttributeValue, Db, Error, Item, ReachedByDb, Result, TenantDb, Within, tenant};
use std::fmt;
use std::marker::PhantomData;

/// Reads one item by a unique attribute: [`Db::get_by`] makes it.
///
/// Costs two consistent reads: one read unit for the value's guard, and one for each 4 KB of the item; a value that nobody has costs
/// one. No index is needed, and what was written last is found. See [`guide::unique`](crate::guide::unique).
#[must_use = "a get reads nothing until `.one()` or `.optional()` is awaited"]
#[derive(Clone)]
pub struct GetBy<'db, M> {
    draft: Draft,
    db: &'db Db,
    of: PhantomData<fn() -> M>,
}

/// What a get is told. Nothing in it knows the type that is read, so it is compiled once.
#[derive(Clone)]
struct Draft {
    model: &'static ModelShape,
    attribute: &'static str,
    scope: Option<EncodedValue>,
    value: EncodedValue,
}

impl Db {
    /// Reads the item that has this value of a unique attribute. If it is unique within another attribute, that one's value comes
    /// first: `db.get_by(User::EMAIL, ("o1", "ada@example.com"))`.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// #[derive(Debug, PartialEq, Model)]
    /// #[dynamorm(table = "app", pk = "USER#{id}")]
    /// struct User {
    ///     id: String,
    ///     #[dynamorm(unique)]
    ///     email: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// db.put(&User { id: "u1".into(), email: "ada@example.com".into() }).if_not_exists().execute().await?;
    ///
    /// let ada = db.get_by(User::EMAIL, "ada@example.com").one().await?;
    /// assert_eq!(ada.id, "u1");
    /// assert_eq!(db.get_by(User::EMAIL, "bob@example.com").optional().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_by<M: Within<ReachedByDb>, T, R: IsUnique>(
        &self,
        attribute: Attr<M, T, R>,
        value: impl IntoUnique<T, R::Scope>,
    ) -> GetBy<'_, M> {
        GetBy::of(self, attribute, value)
    }
}

impl TenantDb {
    /// Reads the tenant's item that has this value of a unique attribute: [`Db::get_by`]. Values are unique within a tenant.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// #[derive(Debug, Model)]
    /// #[dynamorm(table = "app", pk = "TENANT#{tenant}", sk = "USER#{id}")]
    /// struct User {
    ///     #[dynamorm(tenant)]
    ///     tenant: String,
    ///     id: String,
    ///     #[dynamorm(unique)]
    ///     email: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// let (acme, umbrella) = (db.tenant("acme"), db.tenant("umbrella"));
    /// let ada = User { tenant: String::new(), id: "u1".into(), email: "ada@example.com".into() };
    /// acme.put(&ada).execute().await?;
    /// assert_eq!(acme.get_by(User::EMAIL, "ada@example.com").one().await?.id, "u1");
    /// assert!(umbrella.get_by(User::EMAIL, "ada@example.com").optional().await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_by<M: Within<crate::ReachedByTenantDb>, T, R: IsUnique>(
        &self,
        attribute: Attr<M, T, R>,
        value: impl IntoUnique<T, R::Scope>,
    ) -> GetBy<'_, M> {
        GetBy::of(self.inner(), attribute, value)
    }
}

impl<'db, M: Model> GetBy<'db, M> {
    fn of<T, R: IsUnique>(
        db: &'db Db,
        attribute: Attr<M, T, R>,
        value: impl IntoUnique<T, R::Scope>,
    ) -> Self {
        let (scope, value) = value.into_unique();
        GetBy {
            draft: Draft { model: M::SHAPE, attribute: attribute.name(), scope, value },
            db,
            of: PhantomData,
        }
    }

    /// Shows the first of the two requests, that for the guard, without sending it.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, #[dynamorm(unique)] email: String }
    /// # fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// let request = db.get_by(User::EMAIL, "ada@example.com").to_request()?;
    /// assert!(request.json().contains("UNIQUE#User#email#ada@example.com"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the value cannot be one of the attribute.
    pub fn to_request(&self) -> Result<Request> {
        let guard = self.draft.guard(self.db).map_err(|error| self.draft.during(self.db, error))?;
        self.draft.get(self.db, &guard.item(self.draft.model))
    }

    /// Reads the item, or `None` if no item has the value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Codec`] if the item is not an `M`; and those of any operation.
    pub async fn optional(self) -> Result<Option<M>> {
        match self.draft.fetch(self.db).await? {
            Some(item) => self.decode(&item).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the item, which must be there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no item has the value; and those of [`optional`](GetBy::optional).
    pub async fn one(self) -> Result<M> {
        match self.draft.fetch(self.db).await? {
            Some(item) => self.decode(&item),
            None => Err(self.draft.not_found(self.db)),
        }
    }

    fn decode(&self, item: &str) -> Result<M> {
        M::decode(&mut Reader::from_text(item)).map_err(|error| self.draft.during(self.db, error.into()))
    }
}

impl Draft {
    fn during(&self, db: &Db, error: Error) -> Error {
        error.during(Operation::GetItem, db.table_of(self.model).ok())
    }

    fn shape(&self) -> Result<&'static UniqueShape> {
        let known = self.model.unique.iter().find(|unique| unique.attribute == self.attribute);
        known.ok_or_else(|| Error::invalid(format!("attribute `{}` is not unique", self.attribute)))
    }

    /// The values that the guard is made of.
    fn state(&self, unique: &UniqueShape) -> Result<State> {
        let mut state = State::new();
        let scope = unique.scope.zip(self.scope.as_ref());
        for (name, value) in [(unique.attribute, &self.value)].into_iter().chain(scope) {
            let json = value.json(name)?;
            state.push((name, json.map(|json| AttributeValue::decode(&mut Reader::new(json)?)).transpose()?));
        }
        Ok(state)
    }

    fn guard(&self, db: &Db) -> Result<GuardKey> {
        let unique = self.shape()?;
        let guard = self.guard_of(db, unique, &self.state(unique)?)?;
        guard.ok_or_else(|| {
            let text =
                format!("attribute `{}` is looked up by an absent value, which many have", self.attribute);
            Error::invalid(text)
        })
    }

    fn guard_of(&self, db: &Db, unique: &UniqueShape, state: &State) -> Result<Option<GuardKey>> {
        let tenant = tenant::of(db, self.model, None)?;
        GuardKey::of(self.model, unique, tenant, |name| {
            state.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_ref())
        })
    }

    fn get(&self, db: &Db, key: &Item) -> Result<Request> {
        let table = db.table_during(Operation::GetItem, self.model)?;
        let mut body = Body::new(table);
        body.json("Key", &identity(key));
        body.flag("ConsistentRead", true);
        Ok(body.request(Operation::GetItem, table))
    }

    fn not_found(&self, db: &Db) -> Error {
        let text = format!("no item has this value of attribute `{}`", self.attribute);
        self.during(db, Error::new(ErrorKind::NotFound, text))
    }

    /// Reads the guard and its owner, as JSON. An item that gave the value up in between is looked for once more.
    async fn fetch(&self, db: &Db) -> Result<Option<String>> {
        let during = |error: Error| self.during(db, error);
        let guard = self.guard(db).map_err(during)?;
        for _ in 0..2 {
            let stored = item_of(&db.send(self.get(db, &guard.item(self.model))?).await?).map_err(during)?;
            let stored = stored.map(|stored| read_item(&mut Reader::from_text(&stored))).transpose();
            let stored = stored.map_err(|error| during(error.into()))?;
            let Some(owner) = stored.and_then(|stored| owner_of(self.model, &stored)) else {
                return Ok(None);
            };
            let item = item_of(&db.send(self.get(db, &owner)?).await?).map_err(during)?;
            match item {
                Some(item) if self.has(db, &guard, &item).map_err(during)? => return Ok(Some(item)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// True if an item still has the value, and is one that this handle reaches.
    fn has(&self, db: &Db, guard: &GuardKey, item: &str) -> Result<bool> {
        let unique = self.shape()?;
        let state = state_of(&crate::unique::names([unique]), item.as_bytes())?;
        let own = self.guard_of(db, unique, &state).unwrap_or(None);
        Ok(own.as_ref() == Some(guard) && !Hidden::of(db, self.model, false)?.hides(item)?)
    }
}

/// The item that an answer has, as JSON.
fn item_of(answer: &[u8]) -> Result<Option<String>> {
    let mut item = None;
    read_member(answer, "Item", &mut |reader: &mut Reader<'_>| {
        item = Some(reader.raw()?.to_owned());
        Ok(())
    })?;
    Ok(item)
}

/// Whose item and by which attribute, without the value: values belong in no log.
impl<M: Model> fmt::Debug for GetBy<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetBy")
            .field("model", &M::SHAPE.name)
            .field("attribute", &self.draft.attribute)
            .finish_non_exhaustive()
    }
}
