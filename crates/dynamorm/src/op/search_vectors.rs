//! SearchVectors: the items whose vectors are nearest to one, by a vector index.
//!
//! `draft` makes the request and reads the answer, without the type of the items; `exact` does the same work here, on items that a
//! scan or a query gives.

mod draft;
mod exact;

use super::sink::All;
use crate::attr::Attr;
use crate::expr::IntoAttr;
use crate::model::{Fields, FromItem, Model};
use crate::transport::Request;
use crate::vector::Near;
use crate::{Db, ReachedByDb, Result, Within};
use draft::{Draft, Names};
use std::fmt;
use std::marker::PhantomData;

/// Finds the items whose vectors are nearest to one: [`Db::search_vectors`] makes it.
///
/// Its terminals say how many it gives: [`top_k`](SearchVectors::top_k) of a vector index, and
/// [`scan_top_k`](SearchVectors::scan_top_k) by reading the table.
///
/// Costs no read units, but a price of its own by the bytes of the index that are searched, 1 KB at least: `vector_search_bytes` of a
/// [`Meter`](crate::Meter). See [`guide::vectors`](crate::guide::vectors), and
/// [SearchVectors](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html).
#[must_use = "a search finds nothing until `.top_k(..)` is awaited"]
pub struct SearchVectors<'db, R> {
    // On the heap, since each word of the builder moves it.
    draft: Box<Draft<'db>>,
    of: PhantomData<fn() -> R>,
}

/// An item that a vector search found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorMatch<R> {
    /// The item.
    pub item: R,
    /// How near it is, by the [`Distance`](crate::Distance) of the index.
    pub score: f64,
}

impl Db {
    /// Finds the items whose vectors are nearest to one.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Vector};
    /// #[derive(Debug, Model)]
    /// #[dynamorm(table = "docs", pk = id)]
    /// #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine, filters(lang))]
    /// struct Doc {
    ///     id: String,
    ///     lang: String,
    ///     embedding: Vector<3>,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// db.create_table::<Doc>().execute().await?;
    /// for (id, lang, numbers) in [("d1", "en", [1.0, 0.0, 0.0]), ("d2", "fr", [0.9, 0.1, 0.0]), ("d3", "en", [0.0, 1.0, 0.0])] {
    ///     db.put(&Doc { id: id.into(), lang: lang.into(), embedding: numbers.try_into()? }).execute().await?;
    /// }
    ///
    /// let query = Vector::try_from([1.0, 0.0, 0.0])?;
    /// let found = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(&query)).filter(Doc::LANG, "en").top_k(10).await?;
    /// assert_eq!((found[0].item.id.as_str(), found[0].score), ("d1", 0.0));
    /// assert_eq!(found[1].item.id, "d3");
    /// assert_eq!(found.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn search_vectors<M: Within<ReachedByDb>>(&self, near: Near<M>) -> SearchVectors<'_, M> {
        SearchVectors::of(self, near)
    }
}

/// What a read of `R` asks for. Results leave the vector out unless it is asked for, so that a whole item is asked for by name.
const fn names_of<R: FromItem<Model: Model>>() -> Names {
    match R::PROJECTION {
        Some(names) => Names { names, is_whole: false, is_collection: R::IS_COLLECTION },
        None => Names { names: <R::Model as Fields>::NAMES, is_whole: true, is_collection: R::IS_COLLECTION },
    }
}

impl<'db, M: Model> SearchVectors<'db, M> {
    pub(crate) fn of(db: &'db Db, near: Near<M>) -> Self {
        Self { draft: Box::new(Draft::new(db, M::SHAPE, near, names_of::<M>())), of: PhantomData }
    }
}

impl<'db, R: FromItem<Model: Model>> SearchVectors<'db, R> {
    /// Reads only the attributes of `P`.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Project, Result, Vector};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "docs", pk = id)]
    /// # #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine)]
    /// # struct Doc { id: String, title: String, embedding: Vector<2> }
    /// #[derive(Project)]
    /// #[dynamorm(of = Doc)]
    /// struct Title { title: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Doc>().execute().await?;
    /// let query = Vector::try_from([1.0, 0.0])?;
    /// # db.put(&Doc { id: "d1".into(), title: "Tides".into(), embedding: query.clone() }).execute().await?;
    /// let found = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(&query)).project::<Title>().top_k(10).await?;
    /// assert_eq!(found[0].item.title, "Tides");
    /// # Ok(())
    /// # }
    /// ```
    pub fn project<P: FromItem<Model = R::Model>>(mut self) -> SearchVectors<'db, P> {
        self.draft.set_names(names_of::<P>());
        SearchVectors { draft: self.draft, of: PhantomData }
    }

    /// Gives only items that have this value for an attribute, which must be one of the index's `filters`. Several must all be true.
    ///
    /// A vector index knows no other comparison.
    pub fn filter<T, Role>(mut self, attr: Attr<R::Model, T, Role>, value: impl IntoAttr<T>) -> Self {
        self.draft.filter(attr.name(), value.into_value());
        self
    }

    /// Shows the request, without sending it: of a database that is [`vectors_by_scan`](Db::vectors_by_scan) the one of its first
    /// page.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Vector};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "docs", pk = id)]
    /// # #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine)]
    /// # struct Doc { id: String, embedding: Vector<2> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// let request = db.search_vectors(Doc::BY_EMBEDDING_INDEX.near(&Vector::try_from([0.5, 0.25])?)).to_request(10)?;
    /// assert!(request.json().contains(r#""SearchVector":[{"N":"0.5"},{"N":"0.25"}],"TopK":10"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`top_k`](SearchVectors::top_k) that need no network.
    pub fn to_request(&self, items: usize) -> Result<Request> {
        self.draft.to_request(items)
    }

    /// Finds the nearest items, the nearest first: up to 100. Among equal scores there is no order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`](crate::ErrorKind::InvalidRequest) if it is not from 1 to 100 items, a filter is none of the index's
    /// or is given twice, or the index does not carry what is asked for;
    /// [`ErrorKind::Codec`](crate::ErrorKind::Codec) if an item is not an `R`; and those of any operation.
    pub async fn top_k(self, items: usize) -> Result<Vec<VectorMatch<R>>> {
        let found = self.draft.find(items, false).await?;
        self.matches(found)
    }

    /// Finds the same by a scan of the table: exactly, at any endpoint, and at the cost of reading all of the model's table.
    ///
    /// Where the partition of the index is the table's partition key, alone or in its template, as the tenant's is, that
    /// partition is queried instead. Either reads page after page, half a read unit for each 4 KB of items, whatever the filters let
    /// through, and holds no more than one page and the nearest items. It needs no vector index and is not limited to what one
    /// carries.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result, Vector};
    /// # #[derive(Debug, Model)]
    /// # #[dynamorm(table = "docs", pk = id)]
    /// # #[dynamorm(vector_index = "by-embedding", vector = embedding, distance = cosine)]
    /// # struct Doc { id: String, embedding: Vector<2> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<Doc>().execute().await?;
    /// let query = Vector::try_from([1.0, 0.0])?;
    /// # db.put(&Doc { id: "d1".into(), embedding: query.clone() }).execute().await?;
    /// let near = || Doc::BY_EMBEDDING_INDEX.near(&query);
    /// let (by_index, by_scan) = (db.search_vectors(near()).top_k(5).await?, db.search_vectors(near()).scan_top_k(5).await?);
    /// assert_eq!(by_index[0].score, by_scan[0].score);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`top_k`](SearchVectors::top_k), and [`ErrorKind::Codec`](crate::ErrorKind::Codec) if any vector that is read has another
    /// length.
    pub async fn scan_top_k(self, items: usize) -> Result<Vec<VectorMatch<R>>> {
        let found = self.draft.find(items, true).await?;
        self.matches(found)
    }

    fn matches(&self, found: draft::Found) -> Result<Vec<VectorMatch<R>>> {
        let mut items = All::<R>::new();
        let scores = self.draft.give(found, &mut items)?;
        Ok(items.0.into_iter().zip(scores).map(|(item, score)| VectorMatch { item, score }).collect())
    }
}

/// Whose items and which index, without values: they belong in no log.
impl<R> fmt::Debug for SearchVectors<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draft.fmt_as("SearchVectors", f)
    }
}

#[cfg(test)]
mod tests;
