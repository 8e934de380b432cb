//! ConditionCheck: an operation of a transaction that writes nothing and must find its condition true.

use super::body::Body;
use super::item_key::EncodedKey;
use crate::codec::CodecError;
use crate::expr::Condition;
use crate::model::{Key, Model};
use crate::{Db, Result};
use std::fmt;

/// Demands that a condition is true of an item that the transaction does not write.
///
/// Costs as much as a write of the item in a transaction: two write units for each KB. See
/// [ConditionCheck](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConditionCheck.html).
#[must_use = "a check does nothing until it is added to a transaction"]
pub struct Check<M> {
    key: Result<EncodedKey, CodecError>,
    condition: Condition<M>,
    returning_old_on_failure: bool,
}

impl<M: Model> Check<M> {
    /// A check that `condition` is true of the item with this key. An absent item makes most conditions false, but not
    /// `not_exists`.
    pub fn new(key: impl Key<Model = M>, condition: Condition<M>) -> Self {
        Self { key: EncodedKey::of(&key), condition, returning_old_on_failure: false }
    }

    /// Gives the stored item with the error if the condition fails: `err.cancellations()[0].item::<User>()`.
    pub fn returning_old_on_failure(mut self) -> Self {
        self.returning_old_on_failure = true;
        self
    }

    /// The operation as it stands in a transaction.
    pub(crate) fn transact(&self, db: &Db) -> Result<Vec<u8>> {
        let mut body = Body::new(db.table_of(M::SHAPE)?);
        body.json("Key", &self.key()?.json);
        body.condition("ConditionExpression", Some(&self.condition))?;
        if self.returning_old_on_failure {
            body.text("ReturnValuesOnConditionCheckFailure", "ALL_OLD");
        }
        Ok(body.finish())
    }

    pub(crate) fn key(&self) -> Result<&EncodedKey, CodecError> {
        self.key.as_ref().map_err(Clone::clone)
    }
}

/// Whose item and the condition's form, without values: they belong in no log.
impl<M: Model> fmt::Debug for Check<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("model", &M::SHAPE.name)
            .field("condition", &self.condition)
            .finish_non_exhaustive()
    }
}
