//! The handle behind `Doc::BY_EMBEDDING_INDEX`: a vector index, and a search of it that lacks only a database.

use super::Distance;
use crate::expr::{EncodedValue, IntoAttr};
use crate::key::{IndexKeyAttribute, KeyAttribute, KeyShape, Projection, ScalarType};
use crate::tenant;
use std::fmt;
use std::marker::PhantomData;

/// A vector index of the model `M` on an attribute of the type `V`. The derive emits one constant for each.
///
/// `P` is the type of its partition's value: such an index is searched in one partition at a time.
pub struct VectorIndex<M, V, P = NoPartition> {
    shape: &'static VectorShape,
    of: Of<M, V, P>,
}

/// Whose index it is, without holding one of them.
type Of<M, V, P> = PhantomData<fn() -> (M, V, P)>;

/// Of a vector index that has no partitions, and is searched whole.
#[derive(Debug, Clone, Copy)]
pub enum NoPartition {}

/// Of a vector index in which each tenant has a partition, which its handle fills in.
#[derive(Debug, Clone, Copy)]
pub enum OfTenant {}

/// Of a vector index that no caller names a partition of: it has none, or it is the tenant's.
#[diagnostic::on_unimplemented(
    message = "this index is searched in one partition, whose value is missing",
    label = "write `.partition(value)` before it: such an index is searched in one at a time"
)]
pub trait SearchedWhole {
    /// The value of the partition, encoded.
    #[doc(hidden)]
    fn partition() -> Option<EncodedValue>;
}

#[diagnostic::do_not_recommend]
impl SearchedWhole for NoPartition {
    fn partition() -> Option<EncodedValue> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl SearchedWhole for OfTenant {
    fn partition() -> Option<EncodedValue> {
        Some(tenant::marked())
    }
}

impl<M, V, P> VectorIndex<M, V, P> {
    /// The derive calls this.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(shape: &'static VectorShape) -> Self {
        Self { shape, of: PhantomData }
    }

    /// What is nearest to this vector, for [`search_vectors`](crate::Db::search_vectors).
    ///
    /// Of an index that has a partition, say which one first: [`partition`](VectorIndex::partition).
    pub fn near(self, vector: &V) -> Near<M>
    where
        P: SearchedWhole,
        V: AsRef<[f32]>,
    {
        Near::new(self.shape, P::partition(), vector.as_ref())
    }

    /// The partition to search.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Vector};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "docs", pk = id)]
    /// # #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, pk = lang)]
    /// # struct Doc { id: String, lang: String, embedding: Vector<3> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Doc>().execute().await?;
    /// let near = Doc::BY_EMBEDDING_INDEX.partition("en").near(&Vector::try_from([1.0, 0.0, 0.0])?);
    /// assert!(db.search_vectors(near).top_k(10).await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn partition(self, value: impl IntoAttr<P>) -> VectorPartition<M, V> {
        VectorPartition { shape: self.shape, value: value.into_value(), of: PhantomData }
    }

    /// The index's name.
    ///
    /// ```
    /// # use dynamorm::{Db, Distance, Model, Result, Vector};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "docs", pk = id)]
    /// # #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine)]
    /// # struct Doc { id: String, embedding: Vector<3> }
    /// # fn main() {
    /// assert_eq!(Doc::BY_EMBEDDING_INDEX.name(), "by-embedding");
    /// assert_eq!(Doc::BY_EMBEDDING_INDEX.distance(), Distance::Cosine);
    /// # }
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.shape.name
    }

    /// By what it tells which vectors are near.
    #[must_use]
    pub const fn distance(self) -> Distance {
        self.shape.distance
    }
}

/// One partition of a vector index: [`VectorIndex::partition`] makes it.
#[must_use = "a partition is searched by `.near(&vector)`"]
pub struct VectorPartition<M, V> {
    shape: &'static VectorShape,
    value: EncodedValue,
    of: PhantomData<fn() -> (M, V)>,
}

impl<M, V: AsRef<[f32]>> VectorPartition<M, V> {
    /// What is nearest to this vector, for [`search_vectors`](crate::Db::search_vectors).
    pub fn near(self, vector: &V) -> Near<M> {
        Near::new(self.shape, Some(self.value), vector.as_ref())
    }
}

/// What is nearest to a vector, by an index of the model `M`: an argument of [`search_vectors`](crate::Db::search_vectors).
#[must_use = "nothing is searched until `db.search_vectors(..)` is given this"]
pub struct Near<M> {
    pub(crate) shape: &'static VectorShape,
    pub(crate) partition: Option<EncodedValue>,
    pub(crate) vector: Box<[f32]>,
    of: PhantomData<fn() -> M>,
}

impl<M> Near<M> {
    fn new(shape: &'static VectorShape, partition: Option<EncodedValue>, vector: &[f32]) -> Self {
        Self { shape, partition, vector: vector.into(), of: PhantomData }
    }
}

/// A vector index, as a derive describes it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct VectorShape {
    pub name: &'static str,
    /// The attribute that holds the vector.
    pub attribute: &'static str,
    pub dimensions: usize,
    pub distance: Distance,
    /// The attribute whose value parts the index: every search is of one.
    pub partition: Option<KeyShape>,
    /// The attributes that a search can demand a value of.
    pub filters: &'static [KeyShape],
    pub projection: Projection,
}

impl VectorShape {
    /// The attributes that DynamoDB must know the types of.
    pub(crate) fn keys(&'static self) -> impl Iterator<Item = &'static KeyShape> {
        self.partition.iter().chain(self.filters)
    }
}

/// A type that a vector index can have as its partition or as a filter: text, numbers and binary, or an `Option` of one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a partition or a filter of a vector index",
    label = "not text, an integer, a time or binary",
    note = "DynamoDB takes attributes of the types S, N and B for it; an `Option` of one may be absent"
)]
pub trait SearchKey {
    const TYPE: ScalarType;
}

#[diagnostic::do_not_recommend]
impl<T: IndexKeyAttribute> SearchKey for T {
    const TYPE: ScalarType = <T::Value as KeyAttribute>::TYPE;
}

impl<M, V, P> Clone for VectorIndex<M, V, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, V, P> Copy for VectorIndex<M, V, P> {}

impl<M, V, P> fmt::Debug for VectorIndex<M, V, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VectorIndex").field(&self.shape.name).finish()
    }
}

impl<M, V> fmt::Debug for VectorPartition<M, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VectorPartition").field(&self.shape.name).finish()
    }
}

/// Which index, without the vector: it belongs in no log.
impl<M> fmt::Debug for Near<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Near").field(&self.shape.name).finish()
    }
}
