//! The handle behind `User::EMAIL_INDEX` and `User::PRIMARY_KEY`: a key that can be queried.

use crate::key::{IndexShape, NoSortKey};
use std::fmt;
use std::marker::PhantomData;

/// A key of the model `M` that can be queried: the table's own, or an index. The derive emits one constant for each.
///
/// `P` is the type of its partition key's value and `S` that of its sort key's.
pub struct Index<M, P, S = NoSortKey> {
    pub(crate) shape: &'static IndexShape,
    of: Of<M, P, S>,
}

/// Whose key it is, without holding one of them.
type Of<M, P, S> = PhantomData<fn() -> (M, P, S)>;

impl<M, P, S> Index<M, P, S> {
    /// The derive calls this.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(shape: &'static IndexShape) -> Self {
        Self { shape, of: PhantomData }
    }

    /// The index's name; empty for the table's own key.
    ///
    /// ```
    /// # use dynamorm::{Db, Model, Result};
    /// # #[derive(Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # #[dynamorm(index = "email-index", pk = email)]
    /// # struct User { id: String, email: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// assert_eq!(User::EMAIL_INDEX.name(), "email-index");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.shape.name
    }
}

impl<M, P, S> Clone for Index<M, P, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, P, S> Copy for Index<M, P, S> {}

impl<M, P, S> fmt::Debug for Index<M, P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Index").field(&self.shape.name).finish()
    }
}
