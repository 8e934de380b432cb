//! The handle behind `User::ENTITY`, where the struct `Entity` is flattened into the model.

use super::Members;
use crate::attr::{Attr, Of};
use std::fmt;
use std::marker::PhantomData;

/// The struct `D` that is flattened into the model `M`: its attributes are those of the model.
///
/// ```
/// use dynamorm::{Condition, Document, Model};
///
/// #[derive(Document)]
/// struct Entity { tenant: String }
///
/// #[derive(Model)]
/// #[dynamorm(table = "app", pk = "USER#{id}")]
/// struct User {
///     id: String,
///     #[dynamorm(flatten)]
///     entity: Entity,
/// }
///
/// let ours: Condition<User> = User::ENTITY.dot(Entity::TENANT).eq("acme");
/// ```
pub struct Flattened<M, D> {
    of: Of<M, D, ()>,
}

impl<M, D> Flattened<M, D> {
    /// The derive calls this.
    #[doc(hidden)]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "there is one, and the derive makes it")]
    pub const fn new() -> Self {
        Self { of: PhantomData }
    }

    /// An attribute of the struct, as one of the model.
    #[must_use]
    pub const fn dot<T, R>(self, attribute: Attr<D, T, R>) -> Attr<M, T, R> {
        Attr::new(attribute.name())
    }

    /// An attribute of the struct by its field: what `cond!` makes of `entity.tenant`.
    #[doc(hidden)]
    pub fn __member<T, R>(self, select: impl FnOnce(D::Named) -> Attr<D::Document, T, R>) -> Attr<M, T, R>
    where
        D: Members,
    {
        Attr::new(select(D::NAMED).name())
    }
}

impl<M, D> Clone for Flattened<M, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, D> Copy for Flattened<M, D> {}

impl<M, D> fmt::Debug for Flattened<M, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flattened")
    }
}
