//! Sending writes of unique attributes: reading what they were, one transaction, and what its failure means.
//!
//! What was read may have changed when the transaction comes to it: then its condition fails, the failure shows the item as it is,
//! and the write is tried again with that. So nothing is decided by what was read.

use super::{Effect, Guard, With, guards::guards};
use crate::error::{CancelCode, Cancellation, ErrorKind};
use crate::op::body::{Body, read_member};
use crate::op::item_key::identity;
use crate::op::retry::{CONCURRENCY, rest, transact};
use crate::op::transact_write::{Operand, request_of};
use crate::tenant::Own;
use crate::transport::{Operation, Request};
use crate::unique::{State, state_of};
use crate::{Db, Error, Result, Timestamp};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};

/// Tries of one write whose item is changed by others each time.
const STALE_TRIES: u32 = 10;

/// The writes of one call, of which some are of unique attributes.
pub(in crate::op) struct Guarded<'a> {
    pub(in crate::op) db: &'a Db,
    pub(in crate::op) operations: Vec<&'a dyn Operand>,
    pub(in crate::op) effects: Vec<Option<Effect>>,
    pub(in crate::op) now: Timestamp,
    /// The caller's token, which stands for one request.
    pub(in crate::op) token: Option<&'a str>,
    pub(in crate::op) retries: bool,
    /// Guards that were to be given up and are others'.
    others: Vec<Guard>,
}

/// What a request that failed leads to.
enum Verdict {
    /// Something was not as it was read: try again.
    Stale,
    Failed(Error),
}

impl<'a> Guarded<'a> {
    pub(in crate::op) fn new(
        db: &'a Db,
        operations: Vec<&'a dyn Operand>,
        effects: Vec<Option<Effect>>,
        now: Timestamp,
    ) -> Self {
        Self { db, operations, effects, now, token: None, retries: true, others: Vec::new() }
    }

    /// The transaction, if it is known without a read.
    pub(in crate::op) fn to_request(&self) -> Result<Request> {
        self.check_known()?;
        self.transaction(&self.guards()?)
    }

    fn guards(&self) -> Result<Vec<Guard>> {
        guards(self.db, &self.effects, &self.others).map_err(|(nth, error)| error.in_operation(nth))
    }

    fn check_known(&self) -> Result<()> {
        for (nth, effect) in self.effects.iter().enumerate() {
            if let Some(effect) = effect.as_ref().filter(|effect| effect.is_unknown()) {
                return Err(effect.unknown().in_operation(nth));
            }
        }
        Ok(())
    }

    fn transaction(&self, guards: &[Guard]) -> Result<Request> {
        let withs: Vec<With> = self.effects.iter().map(|effect| self.with(effect.as_ref())).collect();
        request_of(self.db, &self.operations, &withs, guards, self.token)
    }

    /// What an operation is told besides: that its item is still as it was read, and to show it if not.
    fn with(&self, effect: Option<&Effect>) -> With {
        let condition = effect.and_then(Effect::condition);
        With { now: self.now, old_item: condition.is_some(), condition }
    }

    /// Sends it as a transaction.
    pub(in crate::op) async fn execute(mut self) -> Result<()> {
        if self.token.is_some() {
            // Sent again by the caller it must be the same to the byte, which what is read need not be.
            self.check_known()?;
        }
        self.read_unknown().await?;
        let mut tries = 0;
        loop {
            let guards = self.guards()?;
            let request = self.transaction(&guards)?;
            let Err(error) = transact(self.db, request, self.retries).await else { return Ok(()) };
            match self.judge(error, guards)? {
                Verdict::Failed(error) => return Err(error),
                Verdict::Stale => tries = self.again(tries).await?,
            }
        }
    }

    /// Waits before the next try, or gives up.
    async fn again(&self, tries: u32) -> Result<u32> {
        if !self.retries || self.token.is_some() || tries + 1 >= STALE_TRIES {
            let text = "other requests keep changing the same items";
            return Err(Error::new(ErrorKind::Conflict, text).during(Operation::TransactWriteItems, None));
        }
        if tries > 0 {
            rest(self.db, tries).await;
        }
        self.db.count_retry();
        Ok(tries + 1)
    }

    /// Tells why a transaction was cancelled, by the operations of the caller.
    fn judge(&mut self, error: Error, guards: Vec<Guard>) -> Result<Verdict> {
        if error.kind() != ErrorKind::TransactionCanceled {
            return Ok(Verdict::Failed(error));
        }
        let (mut reasons, mut taken, mut is_stale) = (Vec::new(), Vec::new(), false);
        let mut guards: Vec<Option<Guard>> = guards.into_iter().map(Some).collect();
        for reason in error.cancellations() {
            let failed = reason.code == CancelCode::ConditionFailed;
            let Some(at) = reason.operation.checked_sub(self.operations.len()) else {
                if failed && self.is_news(reason.operation, reason.old_item())? {
                    is_stale = true;
                } else {
                    reasons.push(self.reason(reason));
                }
                continue;
            };
            let Some(guard) = guards.get_mut(at).and_then(Option::take) else {
                reasons.push(reason.clone());
                continue;
            };
            match (guard.claim(), failed) {
                (Some(claim), true) if guard.takes.is_some() => {
                    taken.push(Cancellation::not_unique(claim.operation, claim.attribute));
                }
                (Some(_), true) => {
                    // Its value was there twice before it was unique: the guard is the other item's, and stays.
                    is_stale = true;
                    match self.others.iter().position(|other| other.is(&guard)) {
                        Some(known) => drop(self.others.swap_remove(known)),
                        None => self.others.push(guard),
                    }
                }
                (Some(claim), false) => reasons.push(Cancellation::new(claim.operation, reason.code, None)),
                (None, _) => {}
            }
        }
        // Whether a value was taken depends on what was read, so it counts only if that was right.
        if is_stale && reasons.iter().all(|reason| reason.code != CancelCode::ConditionFailed) {
            return Ok(Verdict::Stale);
        }
        reasons.extend(taken);
        reasons.sort_by_key(|reason| reason.operation);
        Ok(Verdict::Failed(error.with_cancellations(reasons)))
    }

    /// True if an item is not as it was read: learns how it is.
    fn is_news(&mut self, operation: usize, item: Option<&Bytes>) -> Result<bool> {
        let (db, is_sent_once) = (self.db, self.token.is_some());
        let Some(Some(effect)) = self.effects.get_mut(operation) else { return Ok(false) };
        if is_sent_once || effect.condition().is_none() {
            return Ok(false);
        }
        let state = state_in(db, effect, item.map(Bytes::as_ref))?;
        Ok(effect.learn(state))
    }

    /// The reason as the caller knows it: without an item that was not asked for.
    fn reason(&self, reason: &Cancellation) -> Cancellation {
        let wanted =
            self.operations.get(reason.operation).is_some_and(|operation| operation.wants_old_item());
        Cancellation::new(reason.operation, reason.code, reason.old_item().filter(|_| wanted).cloned())
    }

    /// Reads the items of which something is not known.
    async fn read_unknown(&mut self) -> Result<()> {
        let db = self.db;
        let unknown =
            self.effects.iter().enumerate().filter_map(|(nth, effect)| Some((nth, effect.as_ref()?)));
        let reads: Vec<_> = unknown
            .filter(|(_, effect)| effect.is_unknown())
            .map(|(nth, effect)| Ok((nth, read_request(db, effect)?)))
            .collect::<Result<_>>()?;
        let read = stream::iter(reads)
            .map(|(nth, request)| async move { Ok::<_, Error>((nth, db.send(request).await?)) })
            .buffered(CONCURRENCY)
            .try_collect::<Vec<_>>()
            .await?;
        for (nth, answer) in read {
            let Some(Some(effect)) = self.effects.get_mut(nth) else { continue };
            let mut item = None;
            read_member(&answer, "Item", &mut |reader: &mut crate::codec::Reader<'_>| {
                item = Some(reader.raw()?.to_owned());
                Ok(())
            })?;
            let state = state_in(db, effect, item.as_deref().map(str::as_bytes))?;
            effect.learn(state);
        }
        Ok(())
    }
}

/// The values of an item that there is, as far as this handle may know it: one of another tenant is as good as absent.
fn state_in(db: &Db, effect: &Effect, item: Option<&[u8]>) -> Result<State> {
    let own = Own::of(db, effect.shape);
    let item = match (item, own) {
        (Some(item), Some(own)) if own.hides(std::str::from_utf8(item).unwrap_or_default())? => None,
        (item, _) => item,
    };
    Ok(state_of(&effect.names(), item.unwrap_or(b"{}"))?)
}

fn read_request(db: &Db, effect: &Effect) -> Result<Request> {
    let table = db.table_of(effect.shape)?;
    let mut body = Body::new(table);
    body.json("Key", &identity(&effect.key));
    body.flag("ConsistentRead", true);
    let mut names = effect.names();
    names.extend(Own::of(db, effect.shape).map(|own| own.attribute));
    names.sort_unstable();
    names.dedup();
    body.projection(&names)?;
    Ok(body.request(Operation::GetItem, table))
}

/// A write on its own, of unique attributes.
pub(in crate::op) struct Alone<'a> {
    pub(in crate::op) write: Guarded<'a>,
    pub(in crate::op) operation: Operation,
    pub(in crate::op) table: &'a str,
}

impl<'a> Alone<'a> {
    pub(in crate::op) fn new(
        db: &'a Db,
        operation: Operation,
        write: &'a dyn Operand,
        effect: Effect,
        now: Timestamp,
    ) -> Result<Self> {
        let table = db.table_of(effect.shape)?;
        Ok(Self { write: Guarded::new(db, vec![write], vec![Some(effect)], now), operation, table })
    }

    /// The request, if it is known without a read.
    pub(in crate::op) fn to_request(&self) -> Result<Request> {
        let write = &self.write;
        let request = match write.effects.first() {
            Some(Some(effect)) if effect.is_unknown() => Err(effect.unknown()),
            _ => self.guards().and_then(|guards| self.request(&guards)),
        };
        request.map_err(|error| self.during(error))
    }

    fn guards(&self) -> Result<Vec<Guard>> {
        let write = &self.write;
        guards(write.db, &write.effects, &write.others).map_err(|(_, error)| error)
    }

    /// One that takes and gives up no guard needs no transaction.
    fn request(&self, guards: &[Guard]) -> Result<Request> {
        let write = &self.write;
        match write.operations.first() {
            Some(operation) if guards.is_empty() => Ok(Request {
                operation: self.operation,
                tables: vec![self.table.to_owned()],
                body: operation
                    .json(write.db, &write.with(write.effects.first().and_then(Option::as_ref)))?
                    .into(),
            }),
            // What is wrong with the write is told as of itself, and not as of an operation among others.
            Some(operation) => write.transaction(guards).map_err(|error| {
                let with = write.with(write.effects.first().and_then(Option::as_ref));
                operation.json(write.db, &with).err().unwrap_or(error)
            }),
            None => write.transaction(guards),
        }
    }

    fn during(&self, error: Error) -> Error {
        error.during(self.operation, Some(self.table))
    }

    pub(in crate::op) async fn execute(mut self) -> Result<()> {
        self.write.read_unknown().await?;
        let mut tries = 0;
        loop {
            let write = &self.write;
            let guards = self.guards().map_err(|error| self.during(error))?;
            let request = self.request(&guards).map_err(|error| self.during(error))?;
            let sent = match request.operation {
                Operation::TransactWriteItems => transact(write.db, request, true).await,
                _ => write.db.send(request).await,
            };
            let verdict = match sent {
                Ok(_) => return Ok(()),
                Err(error) => self.judge(error, guards)?,
            };
            match verdict {
                Verdict::Failed(error) => return Err(error),
                Verdict::Stale => {
                    tries = self.write.again(tries).await.map_err(|error| self.during(error))?
                }
            }
        }
    }

    fn judge(&mut self, error: Error, guards: Vec<Guard>) -> Result<Verdict> {
        match error.kind() {
            ErrorKind::TransactionCanceled => match self.write.judge(error, guards)? {
                Verdict::Failed(error) => Ok(Verdict::Failed(self.alone(error))),
                Verdict::Stale => Ok(Verdict::Stale),
            },
            ErrorKind::ConditionFailed => {
                if self.write.is_news(0, error.old_item())? {
                    return Ok(Verdict::Stale);
                }
                let wanted = self.write.operations.first().is_some_and(|write| write.wants_old_item());
                let item = error.old_item().filter(|_| wanted).cloned();
                Ok(Verdict::Failed(error.with_item(item)))
            }
            // Nothing was written, so it can be tried again.
            ErrorKind::Conflict => Ok(Verdict::Stale),
            _ => Ok(Verdict::Failed(error)),
        }
    }

    /// The failure of the transaction as that of the one write that it is.
    fn alone(&self, error: Error) -> Error {
        let reasons = error.cancellations();
        let is = |code| reasons.iter().any(|reason| reason.code == code);
        let told =
            if let Some(failed) = reasons.iter().find(|reason| reason.code == CancelCode::ConditionFailed) {
                Error::new(ErrorKind::ConditionFailed, "the condition was not met")
                    .with_item(failed.old_item().cloned())
            } else if let Some(attribute) = error.unique_attribute() {
                Error::not_unique(attribute)
            } else if is(CancelCode::Conflict) {
                Error::new(ErrorKind::Conflict, "another request was writing the same item")
            } else if is(CancelCode::Throttled) {
                Error::new(ErrorKind::Throttled, "the rate of requests is over the limit")
            } else {
                return error;
            };
        self.during(told)
    }
}
