//! The contract between a derive and the operations: what a model is, what its key is, what can be read.

use crate::codec::{CodecError, ItemWriter, Reader};
use crate::kept::Kept;
use crate::key::{IndexKind, IndexShape, KeyShape, Projection, Shards};
use crate::lifecycle::{ManagedAttribute, ManagedValues, Role};
use crate::op::Update;
use crate::tenant::TenantShape;
use crate::unique::UniqueShape;
use crate::vector::VectorShape;

/// A struct that is stored as one item of a table. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "not a model",
    note = "derive `Model` for a struct that is stored as one item"
)]
pub trait Model: FromItem<Model = Self> + Fields + 'static {
    /// Its primary key, made by `Self::key(..)`.
    type Key: Key<Model = Self>;
    /// The type of the partition key's value: a tuple where its template has several parts.
    type Partition;
    /// The type of the sort key's value, or `NoSortKey`.
    type Sort;
    /// Which handle reaches it: `ReachedByDb`, or `ReachedByTenantDb` if a field is `#[dynamorm(tenant)]`.
    type Scope;

    /// What the operations must know of it.
    #[doc(hidden)]
    const SHAPE: &'static ModelShape;

    /// The key under which this item is stored.
    fn item_key(&self) -> Self::Key;

    /// Writes the key attributes, as [`item_key`](Model::item_key) does.
    #[doc(hidden)]
    fn encode_key(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        self.item_key().encode(item)
    }

    /// The tenant that the item says it is of, which may be empty.
    #[doc(hidden)]
    fn claimed_tenant(&self) -> Option<String> {
        None
    }

    /// An update of what differs from the item as it was read: `user.changes_from(&before)`.
    ///
    /// An attribute whose value differs is set, one that is `None` now is removed, a document that differs anywhere is
    /// replaced whole; all others stay as they are stored, unknown ones included. The item must exist, and still have the
    /// version of `old` if the model has one. Without a version, two such updates of different attributes both last, and of
    /// the same attribute the later one: add a condition where that matters.
    ///
    /// Without a difference, [`execute`](Update::execute) succeeds and sends nothing.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, name: String, nickname: Option<String>, credits: i64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), name: "Ada".into(), nickname: None, credits: 10 };
    /// # db.put(&user).execute().await?;
    /// let before = db.get(User::key("u1")).one().await?;
    /// let mut user = before.clone();
    /// user.name = "Ada Lovelace".into();
    ///
    /// // Meanwhile, somewhere else:
    /// db.update(User::key("u1")).add(User::CREDITS, 5).execute().await?;
    ///
    /// user.changes_from(&before).on(&db).execute().await?;
    /// let user = db.get(User::key("u1")).one().await?;
    /// assert_eq!((user.name.as_str(), user.credits), ("Ada Lovelace", 15));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The terminal refuses with [`InvalidRequest`](crate::ErrorKind::InvalidRequest) if the keys differ: that is another
    /// item.
    fn changes_from(&self, old: &Self) -> Update<Self> {
        Update::between(old, self)
    }
}

/// What a read gives back: a model, a projection of one, or a dynamic [`Item`](crate::Item).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a table",
    label = "not a model or a projection",
    note = "derive `Model` for a whole item, or `Project` for some of its attributes; with a lifetime it is for `project_borrowed`"
)]
pub trait FromItem: Sized {
    /// The model whose items these are.
    type Model;

    /// The names of the attributes to ask for; `None` asks for the whole item.
    #[doc(hidden)]
    const PROJECTION: Option<&'static [&'static str]>;

    /// True for items of several models: a query reads all that its partition holds, and not only what is the model's.
    #[doc(hidden)]
    const IS_COLLECTION: bool = false;

    /// True for items of several models of which one has guards of unique attributes in the same table.
    #[doc(hidden)]
    const HAS_GUARDS: bool = false;

    /// Reads an item: `{"name":{"S":"Ada"},…}`.
    ///
    /// # Errors
    ///
    /// If an attribute is missing, or has another type.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError>;
}

/// What can be asked for: items of one type, which are given as a `Vec`, or a struct of groups that `ItemCollection` is derived
/// for, in which each item has its place.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a table",
    label = "not a model or a projection",
    note = "derive `Model` for a whole item, or `Project` for some of its attributes; with a lifetime it is for `project_borrowed`"
)]
pub trait Readable {
    /// The model whose keys it is queried with.
    type Model;
    /// One item.
    type Item: FromItem<Model = Self::Model>;
    /// Any number of them.
    type Items: Collect<Self::Item>;
}

#[diagnostic::do_not_recommend]
impl<R: FromItem> Readable for R {
    type Model = R::Model;
    type Item = R;
    type Items = Vec<R>;
}

/// What items are gathered in.
pub trait Collect<R>: Sized {
    /// Without an item.
    fn empty() -> Self;

    /// Makes room for so many items.
    fn reserve(&mut self, items: usize) {
        let _ = items;
    }

    /// Adds an item.
    ///
    /// # Errors
    ///
    /// If it is the second one for a field that holds one.
    fn push(&mut self, item: R) -> Result<(), CodecError>;
}

#[diagnostic::do_not_recommend]
impl<R> Collect<R> for Vec<R> {
    fn empty() -> Self {
        Vec::new()
    }

    fn reserve(&mut self, items: usize) {
        Vec::reserve(self, items);
    }

    fn push(&mut self, item: R) -> Result<(), CodecError> {
        Vec::push(self, item);
        Ok(())
    }
}

/// Which item an operation is about: a primary key, made by `YourModel::key(..)`, or an item that has one.
///
/// With `&item`, an update or a delete also checks that the item's version is still the stored one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the key of a model",
    label = "expected a key",
    note = "build one with `YourModel::key(..)`"
)]
pub trait Key {
    /// Whose key it is.
    type Model: Model;

    /// Writes the key attributes.
    #[doc(hidden)]
    fn encode(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError>;

    /// Writes the attributes that key templates are made of, as far as they are stored besides the key.
    #[doc(hidden)]
    fn encode_fields(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        let _ = item;
        Ok(())
    }

    /// Writes all attributes of an item, which must be stored still, and returns true; a key may be of none.
    #[doc(hidden)]
    fn encode_item(
        &self,
        item: &mut ItemWriter<'_>,
        managed: &mut ManagedValues,
    ) -> Result<bool, CodecError> {
        let _ = (item, managed);
        Ok(false)
    }

    /// The tenant that an item says it is of; a key is of nobody's.
    #[doc(hidden)]
    fn claimed_tenant(&self) -> Option<String> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<M: Model> Key for &M {
    // This is `M`. For another type it is nothing, so that one mistake is one error.
    type Model = <M as FromItem>::Model;

    fn encode(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        self.encode_key(item)
    }

    fn encode_fields(&self, item: &mut ItemWriter<'_>) -> Result<(), CodecError> {
        self.item_key().encode_fields(item)
    }

    fn claimed_tenant(&self) -> Option<String> {
        Model::claimed_tenant(*self)
    }

    fn encode_item(
        &self,
        item: &mut ItemWriter<'_>,
        managed: &mut ManagedValues,
    ) -> Result<bool, CodecError> {
        Fields::encode(*self, item, managed)?;
        Ok(true)
    }
}

/// The attributes of a struct: of a model, a projection, a nested document, or a struct flattened into one of these.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no attributes to flatten",
    label = "not a struct of attributes",
    note = "derive `Document` for it"
)]
pub trait Fields: Sized {
    /// What has been read of it so far.
    type Partial: Default;
    /// The names of its attributes, flattened ones included.
    const NAMES: &'static [&'static str];
    /// The attributes that the library keeps.
    const MANAGED: &'static [ManagedAttribute];

    /// Writes its attributes, index keys included; managed ones go to `managed` instead.
    fn encode(&self, item: &mut ItemWriter<'_>, managed: &mut ManagedValues) -> Result<(), CodecError>;
    /// Reads the attribute `name` if it is one of its own, else returns false and reads nothing.
    fn accept(partial: &mut Self::Partial, name: &str, reader: &mut Reader<'_>) -> Result<bool, CodecError>;
    /// Makes the struct, or says which attribute is missing.
    fn finish(partial: Self::Partial) -> Result<Self, CodecError>;
}

/// What the operations know of a model, all of it constant.
#[doc(hidden)]
#[derive(Debug)]
pub struct ModelShape {
    /// The struct's name.
    pub name: &'static str,
    /// The table that the model names itself.
    pub table: Option<&'static str>,
    /// The table's own key.
    pub primary: IndexShape,
    /// The other indexes.
    pub indexes: &'static [IndexShape],
    /// The vector indexes.
    pub vectors: &'static [VectorShape],
    /// The attributes that the library keeps: its own, then those of each flattened struct.
    pub managed: &'static [&'static [ManagedAttribute]],
    /// What each item says of itself, if it does.
    pub kept: Option<&'static Kept>,
    /// Whose the items are, if they are a tenant's.
    pub tenant: Option<TenantShape>,
    /// Over how many partitions the items of one are spread, if they are.
    pub shards: Option<Shards>,
    /// The attributes whose values no two items have.
    pub unique: &'static [UniqueShape],
}

impl ModelShape {
    /// The shape of a model that says nothing: a derive names what its model has, and the rest is as here.
    pub const PLAIN: Self = Self {
        name: "",
        table: None,
        primary: IndexShape {
            name: "",
            kind: IndexKind::Primary,
            partition: &[],
            sort: &[],
            projection: Projection::All,
        },
        indexes: &[],
        vectors: &[],
        managed: &[],
        kept: None,
        tenant: None,
        shards: None,
        unique: &[],
    };

    /// The attributes that the library keeps.
    pub(crate) fn managed(&self) -> impl Iterator<Item = &'static ManagedAttribute> + use<> {
        self.managed.iter().flat_map(|group| group.iter())
    }

    /// The attribute that holds the version, if there is one.
    pub(crate) fn version(&self) -> Option<&'static str> {
        self.managed().find(|managed| managed.role == Role::Version).map(|managed| managed.name)
    }

    /// The key attributes of every index but the table's own.
    pub(crate) fn index_keys(
        &self,
    ) -> impl Iterator<Item = (&'static IndexShape, &'static KeyShape)> + use<> {
        self.indexes.iter().flat_map(|index| index.keys().map(move |key| (index, key)))
    }
}
