//! The guards that the writes of one transaction take and give up: for each guard one operation, whatever the writes are.

use super::Effect;
use crate::expr::{Condition, EncodedValue};
use crate::model::ModelShape;
use crate::op::body::Body;
use crate::op::item_key::identity;
use crate::unique::{GuardKey, as_owner};
use crate::{AttributeValue, Db, Error, Item, Result, tenant};

/// One guard, and what the transaction does to it.
pub(in crate::op) struct Guard {
    table: String,
    model: &'static ModelShape,
    key: Item,
    /// Who has the value afterwards.
    pub(in crate::op) takes: Option<Claim>,
    /// Who had it before, as far as they knew.
    pub(in crate::op) gives: Vec<Claim>,
    /// It has turned out to be another's, and is left alone.
    pub(in crate::op) is_others: bool,
}

/// An operation's right to a guard.
#[derive(Clone)]
pub(in crate::op) struct Claim {
    /// The operation, counted from 0.
    pub(in crate::op) operation: usize,
    pub(in crate::op) attribute: &'static str,
    owner: Vec<(&'static str, AttributeValue)>,
}

impl Claim {
    pub(in crate::op) fn new(
        operation: usize,
        attribute: &'static str,
        model: &ModelShape,
        owner: &Item,
    ) -> Self {
        Self { operation, attribute, owner: as_owner(model, owner) }
    }

    /// The guard is this owner's.
    fn condition(&self) -> Option<Condition<()>> {
        let is = |(name, value): &(_, _)| Condition::equals(*name, EncodedValue::of::<AttributeValue>(value));
        self.owner.iter().map(is).reduce(Condition::and)
    }
}

impl Guard {
    pub(in crate::op) fn of(db: &Db, model: &'static ModelShape, key: &GuardKey) -> Result<Self> {
        Self::of_item(db, model, key.item(model))
    }

    /// The guard with this primary key.
    pub(in crate::op) fn of_item(db: &Db, model: &'static ModelShape, key: Item) -> Result<Self> {
        let table = db.table_of(model)?.to_owned();
        Ok(Self { table, model, key, takes: None, gives: Vec::new(), is_others: false })
    }

    /// The operation that a failure of the guard's is about.
    pub(in crate::op) fn claim(&self) -> Option<&Claim> {
        self.takes.as_ref().or(self.gives.first())
    }

    /// True if both are one item.
    pub(in crate::op) fn is(&self, other: &Self) -> bool {
        self.key == other.key && self.table == other.table
    }

    pub(in crate::op) fn word(&self) -> &'static str {
        match (&self.takes, self.is_others) {
            (Some(_), _) => "Put",
            (None, false) => "Delete",
            (None, true) => "ConditionCheck",
        }
    }

    pub(in crate::op) fn table(&self) -> &str {
        &self.table
    }

    /// The members of its operation.
    pub(in crate::op) fn json(&self) -> Result<Vec<u8>> {
        let mut body = Body::new(&self.table);
        match &self.takes {
            None => body.json("Key", &identity(&self.key)),
            Some(claim) => {
                let mut item = self.key.clone();
                item.extend(claim.owner.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                body.json("Item", &identity(&item));
            }
        }
        let nobodys =
            || Condition::about("attribute_not_exists", self.model.primary.partition_key().attribute);
        let ours = |claims: &mut dyn Iterator<Item = &Claim>| {
            claims.filter_map(Claim::condition).reduce(Condition::or).unwrap_or_else(nobodys)
        };
        // A guard that is one's own already, or that nobody has, is what is left of another time.
        let condition = match &self.takes {
            None if self.is_others => !ours(&mut self.gives.iter()),
            takes => nobodys().or(ours(&mut takes.iter().chain(&self.gives))),
        };
        body.condition("ConditionExpression", Some(&condition))?;
        Ok(body.finish())
    }
}

/// The guards that these writes take and give up. One that is in `others` is left alone by whoever gives it up.
///
/// # Errors
///
/// With the operation that it is about: a value is too long, or two writes take one value.
pub(super) fn guards(
    db: &Db,
    effects: &[Option<Effect>],
    others: &[Guard],
) -> Result<Vec<Guard>, (usize, Error)> {
    let mut guards: Vec<Guard> = Vec::new();
    for (operation, effect) in effects.iter().enumerate() {
        let Some(effect) = effect else { continue };
        let shape = effect.shape;
        let at = |error: Error| (operation, error);
        let tenant = tenant::of(db, shape, None).map_err(at)?;
        for unique in &effect.touched {
            // What was too long for a key has no guard.
            let old = GuardKey::of(shape, unique, tenant, |name| effect.value_before(name)).unwrap_or(None);
            let new = GuardKey::of(shape, unique, tenant, |name| effect.value_after(name)).map_err(at)?;
            if old == new {
                continue;
            }
            let claim = Claim::new(operation, unique.attribute, shape, &effect.key);
            if let Some(key) = old {
                let guard = Guard::of(db, shape, &key).map_err(at)?;
                change(&mut guards, guard, others, |guard| guard.gives.push(claim.clone()));
            }
            if let Some(key) = new {
                let guard = Guard::of(db, shape, &key).map_err(at)?;
                let earlier = change(&mut guards, guard, others, |guard| guard.takes.replace(claim));
                if earlier.is_some() {
                    return Err(at(Error::not_unique(unique.attribute)));
                }
            }
        }
    }
    Ok(guards)
}

/// Changes a guard, which may be there already.
fn change<T>(
    guards: &mut Vec<Guard>,
    mut guard: Guard,
    others: &[Guard],
    change: impl FnOnce(&mut Guard) -> T,
) -> T {
    if let Some(known) = guards.iter_mut().find(|known| known.is(&guard)) {
        return change(known);
    }
    guard.is_others = others.iter().any(|other| other.is(&guard));
    let changed = change(&mut guard);
    guards.push(guard);
    changed
}
