//! ConditionCheck: an operation of a transaction that writes nothing and must find its condition true.

use super::body::Body;
use super::guarded::With;
use super::item_key::{Encode, EncodedKey};
use super::transact_write::Operand;
use crate::codec::CodecError;
use crate::expr::Condition;
use crate::model::{Key, Model, ModelShape};
use crate::{Db, Result, tenant};
use std::fmt;
use std::marker::PhantomData;

/// Demands that a condition is true of an item that the transaction does not write.
///
/// Costs as much as a write of the item in a transaction: two write units for each KB. See
/// [ConditionCheck](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConditionCheck.html).
#[must_use = "a check does nothing until it is added to a transaction"]
pub struct Check<M> {
    draft: Draft,
    of: PhantomData<fn() -> M>,
}

/// What a check is told. Nothing in it knows the model's type, so it is compiled once.
pub(super) struct Draft {
    shape: &'static ModelShape,
    key: Result<EncodedKey, CodecError>,
    condition: Condition<()>,
    returning_old_on_failure: bool,
}

impl<M: Model> Check<M> {
    /// A check that `condition` is true of the item with this key. An absent item makes most conditions false, but not
    /// `not_exists`.
    pub fn new(key: impl Key<Model = M>, condition: Condition<M>) -> Self {
        Self { draft: Draft::new(M::SHAPE, &key, condition.untyped()), of: PhantomData }
    }

    /// Gives the stored item with the error if the condition fails: `err.cancellations()[0].item::<User>()`.
    ///
    /// ```
    /// # use dynamorm::{Check, Db, Model, Result};
    /// # #[derive(Debug, Clone, Model)]
    /// # #[dynamorm(table = "app", pk = "USER#{id}")]
    /// # struct User { id: String, credits: i64, nickname: Option<String> }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let db = Db::memory()?;
    /// # db.create_table::<User>().execute().await?;
    /// # let user = User { id: "u1".into(), credits: 10, nickname: None };
    /// # db.put(&user).execute().await?;
    /// let rich = Check::new(User::key("u1"), User::CREDITS.ge(100)).returning_old_on_failure();
    /// let err = db.transact_write().check(rich).execute().await.unwrap_err();
    /// let stored: Option<User> = err.cancellations()[0].item()?;
    /// assert_eq!(stored.unwrap().credits, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn returning_old_on_failure(mut self) -> Self {
        self.draft.returning_old_on_failure = true;
        self
    }

    /// The operation of a transaction.
    pub(super) fn into_draft(self) -> Draft {
        self.draft
    }
}

impl Draft {
    fn new(shape: &'static ModelShape, key: &dyn Encode, condition: Condition<()>) -> Self {
        Self { shape, key: EncodedKey::of(shape, key), condition, returning_old_on_failure: false }
    }
}

impl Operand for Draft {
    fn word(&self) -> &'static str {
        "ConditionCheck"
    }

    fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.key.as_ref().map_err(Clone::clone)
    }

    fn wants_old_item(&self) -> bool {
        self.returning_old_on_failure
    }

    fn json(&self, db: &Db, with: &With) -> Result<Vec<u8>> {
        let mut body = Body::new(db.table_of(self.shape)?);
        body.json("Key", &self.key()?.filled(db)?);
        let mut condition = Some(self.condition.clone());
        if let Some(guard) = tenant::guard(db, self.shape) {
            Condition::join(&mut condition, guard);
        }
        with.join(&mut condition);
        body.condition("ConditionExpression", condition.as_ref())?;
        if self.returning_old_on_failure || with.old_item {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(body.finish())
    }
}

/// Whose item and the condition's form, without values: they belong in no log.
impl<M: Model> fmt::Debug for Check<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("model", &M::SHAPE.name)
            .field("condition", &self.draft.condition)
            .finish_non_exhaustive()
    }
}
