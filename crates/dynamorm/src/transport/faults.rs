//! Faults put between a caller and any [`Transport`], to show what the caller does about them.
//!
//! Here: which fault a call gets, by plan or by chance. In `body`: what a fault changes in a request or a response. Not here:
//! retries. Start at [`Faults`].

mod body;

use super::{Call, Failure, Operation, Request, Transport, Warm};
use body::{conflict, operations, service, split, throttled, with_limit, with_unprocessed};
use bytes::Bytes;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Adds faults to the calls of another transport: planned ones, or by chance from a seed.
///
/// The same seed and the same calls give the same faults: whether the third PutItem gets one depends on the seed, on the rates,
/// and on its being the third PutItem, not on the time or on calls of other operations. A clone is another handle to the same
/// plan.
///
/// A fault is what the caller of the transport sees. The official client retries most of these errors by itself, below this
/// place; around it, a fault stands for an error that was left after all its retries.
///
/// ```
/// use dynamorm::transport::{Fault, Faults, Operation, Transport};
/// # use dynamorm::transport::{Call, Failure, Request};
/// # #[derive(Debug)]
/// # struct Empty;
/// # impl Transport for Empty {
/// #     fn call(&self, _: Request) -> Call<'_> {
/// #         Box::pin(async { Ok::<_, Failure>(bytes::Bytes::from_static(b"{}")) })
/// #     }
/// # }
/// # fn wrap(transport: impl Transport) {
/// // By chance: one call in ten is throttled, one batch in three is half done.
/// let faults = Faults::new(transport).seed(7).throttle(0.1).unprocessed(0.3);
/// # }
/// # fn plan(transport: impl Transport) {
/// // By plan: the second PutItem is carried out, and its response lost.
/// let faults = Faults::new(transport).on(Operation::PutItem, 2, Fault::LostResponse);
/// # }
/// # wrap(Empty);
/// # plan(Empty);
/// ```
#[derive(Clone)]
pub struct Faults {
    transport: Arc<dyn Transport>,
    state: Arc<Mutex<State>>,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Refused for the rate of requests, with `ProvisionedThroughputExceededException`. Nothing is written.
    Throttled,
    /// Refused with `InternalServerError`. Nothing is written.
    Unavailable,
    /// Of a BatchWriteItem, only the first `keep` writes are carried out, in the order of table names and then of the list;
    /// the others come back in `UnprocessedItems`. Of a BatchGetItem, likewise, the first `keep` keys are read, and the
    /// others come back in `UnprocessedKeys`.
    ///
    /// With 0 the whole request is refused as [`Fault::Throttled`], as DynamoDB does.
    Unprocessed {
        /// How many operations are carried out.
        keep: usize,
    },
    /// Another request is writing the same item: `TransactionConflictException` for a single write, and for a transaction
    /// `TransactionCanceledException` that names one operation. Nothing is written.
    Conflict {
        /// The operation of the transaction, counted from 0; the last one, if it has fewer. A single write ignores it.
        operation: usize,
    },
    /// Carried out, but the response does not arrive: [`Failure::NoResponse`].
    LostResponse,
    /// A Query or a Scan evaluates at most this many items, so that its pages are small.
    SmallPage {
        /// The largest `Limit`, at least 1.
        limit: usize,
    },
}

/// A fault that a call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Injected {
    /// The operation of the call.
    pub operation: Operation,
    /// Which call of that operation it was, counted from 1.
    pub call: usize,
    /// What went wrong.
    pub fault: Fault,
}

/// Rates are probabilities from 0 to 1.
#[derive(Default)]
struct State {
    seed: u64,
    throttle: f64,
    unavailable: f64,
    unprocessed: f64,
    conflict: f64,
    lost_response: f64,
    latency: Duration,
    small_pages: Option<usize>,
    plan: HashMap<(Operation, usize), Fault>,
    calls: HashMap<Operation, usize>,
    injected: Vec<Injected>,
}

impl Faults {
    /// Wraps a transport. Nothing goes wrong until a rate or a plan says so.
    #[must_use]
    pub fn new(transport: impl Transport) -> Self {
        Self { transport: Arc::new(transport), state: Arc::default() }
    }

    /// Sets where chance starts; 0 unless set.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.with(|state| state.seed = seed)
    }

    /// Refuses this share of the calls that read or write items, from 0 to 1, with [`Fault::Throttled`].
    #[must_use]
    pub fn throttle(self, rate: f64) -> Self {
        self.with(|state| state.throttle = rate)
    }

    /// Refuses this share of all calls, from 0 to 1, with [`Fault::Unavailable`].
    ///
    /// ```
    /// use dynamorm::transport::{Embedded, Faults};
    /// let faults = Faults::new(Embedded::memory()?).seed(7).unavailable(0.05);
    /// # Ok::<(), dynamorm::Error>(())
    /// ```
    #[must_use]
    pub fn unavailable(self, rate: f64) -> Self {
        self.with(|state| state.unavailable = rate)
    }

    /// Leaves a part of this share of the BatchWriteItem and BatchGetItem calls, from 0 to 1, undone: [`Fault::Unprocessed`].
    ///
    /// At least one operation of each such call is carried out if it has two or more, so that a caller who tries again gets on.
    #[must_use]
    pub fn unprocessed(self, rate: f64) -> Self {
        self.with(|state| state.unprocessed = rate)
    }

    /// Refuses this share of the single writes and of the transactions, reading ones too, from 0 to 1, with [`Fault::Conflict`].
    ///
    /// ```
    /// use dynamorm::transport::{Embedded, Faults};
    /// let faults = Faults::new(Embedded::memory()?).seed(7).conflict(0.05);
    /// # Ok::<(), dynamorm::Error>(())
    /// ```
    #[must_use]
    pub fn conflict(self, rate: f64) -> Self {
        self.with(|state| state.conflict = rate)
    }

    /// Loses the response of this share of all calls, from 0 to 1: [`Fault::LostResponse`].
    ///
    /// ```
    /// use dynamorm::transport::{Embedded, Faults};
    /// let faults = Faults::new(Embedded::memory()?).seed(7).lost_response(0.05);
    /// # Ok::<(), dynamorm::Error>(())
    /// ```
    #[must_use]
    pub fn lost_response(self, rate: f64) -> Self {
        self.with(|state| state.lost_response = rate)
    }

    /// Waits this long before each call. It needs a Tokio runtime with a timer.
    ///
    /// ```
    /// use dynamorm::transport::{Embedded, Faults};
    /// use std::time::Duration;
    /// let faults = Faults::new(Embedded::memory()?).latency(Duration::from_millis(5));
    /// # Ok::<(), dynamorm::Error>(())
    /// ```
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        self.with(|state| state.latency = latency)
    }

    /// Makes each Query and each Scan evaluate at most `limit` items, at least 1: [`Fault::SmallPage`].
    ///
    /// It goes together with any other fault of the same call, and is not told by [`Faults::injected`].
    ///
    /// ```
    /// use dynamorm::transport::{Embedded, Faults};
    /// let faults = Faults::new(Embedded::memory()?).small_pages(2);
    /// # Ok::<(), dynamorm::Error>(())
    /// ```
    #[must_use]
    pub fn small_pages(self, limit: usize) -> Self {
        self.with(|state| state.small_pages = Some(limit))
    }

    /// Plans a fault for the `nth` call of an operation, counted from 1. A planned call gets no other fault by chance.
    ///
    /// A fault that the operation cannot have, such as a conflict of a GetItem, makes that call [`Failure::Refused`].
    #[must_use]
    pub fn on(self, operation: Operation, nth: usize, fault: Fault) -> Self {
        self.with(|state| {
            state.plan.insert((operation, nth), fault);
        })
    }

    /// Tells the faults so far, in the order in which their calls began.
    ///
    /// ```
    /// use dynamorm::transport::{Embedded, Faults};
    /// let faults = Faults::new(Embedded::memory()?).seed(7).throttle(0.5);
    /// assert!(faults.injected().is_empty(), "nothing was called yet");
    /// # Ok::<(), dynamorm::Error>(())
    /// ```
    #[must_use]
    pub fn injected(&self) -> Vec<Injected> {
        self.state().injected.clone()
    }

    fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.state());
        self
    }

    /// Nothing here can panic while the lock is held, so a poisoned lock holds sound data.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn carry_out(&self, mut request: Request) -> Result<Bytes, Failure> {
        let Conditions { fault, latency, small_pages } = self.state().begin(&request)?;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if let (Operation::Query | Operation::Scan, Some(limit)) = (request.operation, small_pages) {
            request = with_limit(request, limit)?;
        }
        match fault {
            None => self.transport.call(request).await,
            Some(Fault::Throttled) => Err(throttled()),
            Some(Fault::Unavailable) => Err(service("InternalServerError", "Internal server error")),
            Some(Fault::Unprocessed { keep }) => self.in_part(request, keep).await,
            Some(Fault::Conflict { operation }) => Err(conflict(&request, operation)),
            Some(Fault::LostResponse) => {
                self.transport.call(request).await?;
                Err(Failure::NoResponse("the response was lost by an injected fault".into()))
            }
            Some(Fault::SmallPage { limit }) => self.transport.call(with_limit(request, limit)?).await,
        }
    }

    /// Passes the first `keep` operations of a batch on, and gives the others back.
    async fn in_part(&self, request: Request, keep: usize) -> Result<Bytes, Failure> {
        let operation = request.operation;
        let (request, left) = split(request, keep)?;
        if left.is_empty() {
            return self.transport.call(request).await;
        }
        if keep == 0 {
            return Err(throttled());
        }
        let response = self.transport.call(request).await?;
        with_unprocessed(&response, operation, left)
    }
}

impl Transport for Faults {
    fn call(&self, request: Request) -> Call<'_> {
        Box::pin(self.carry_out(request))
    }

    fn warm(&self) -> Warm<'_> {
        self.transport.warm()
    }
}

/// The transport below and what went wrong so far; no request, so no value.
impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("transport", &self.transport)
            .field("injected", &self.state().injected.len())
            .finish_non_exhaustive()
    }
}

/// What one call meets.
struct Conditions {
    fault: Option<Fault>,
    latency: Duration,
    small_pages: Option<usize>,
}

impl State {
    /// Counts a call and decides what it meets.
    fn begin(&mut self, request: &Request) -> Result<Conditions, Failure> {
        let operation = request.operation;
        let count = self.calls.entry(operation).or_default();
        *count += 1;
        let call = *count;
        let fault = match self.plan.get(&(operation, call)) {
            Some(fault) if fault.suits(operation) => Some(*fault),
            Some(fault) => {
                let name = operation.name();
                return Err(Failure::Refused(format!("{name} cannot have the planned fault {fault:?}")));
            }
            None => self.by_chance(request, call),
        };
        self.injected.extend(fault.map(|fault| Injected { operation, call, fault }));
        Ok(Conditions { fault, latency: self.latency, small_pages: self.small_pages })
    }

    /// Rolls one die for each fault, always all of them: a changed rate then leaves the other faults where they were.
    fn by_chance(&self, request: &Request, call: usize) -> Option<Fault> {
        let operation = request.operation;
        let mut dice = self.dice(operation, call);
        let rates = [
            (self.throttle, Fault::Throttled),
            (self.unavailable, Fault::Unavailable),
            (self.unprocessed, Fault::Unprocessed { keep: 0 }),
            (self.conflict, Fault::Conflict { operation: 0 }),
            (self.lost_response, Fault::LostResponse),
        ];
        let hits = rates.map(|(rate, fault)| (dice.f64() < rate && fault.suits(operation)).then_some(fault));
        match hits.into_iter().flatten().next()? {
            // One operation alone cannot be left out of a batch in part: it is throttled.
            Fault::Unprocessed { .. } => match operations(request) {
                0 => None,
                1 => Some(Fault::Unprocessed { keep: 0 }),
                operations => Some(Fault::Unprocessed { keep: dice.usize(1..operations) }),
            },
            Fault::Conflict { .. } => {
                Some(Fault::Conflict { operation: dice.usize(0..operations(request).max(1)) })
            }
            fault => Some(fault),
        }
    }

    /// The dice of one call, whatever other calls there were.
    fn dice(&self, operation: Operation, call: usize) -> fastrand::Rng {
        // FNV-1a: the standard library's hasher may differ between versions, and a seed must give the same faults in all.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let seed = self.seed.to_le_bytes();
        let call = (call as u64).to_le_bytes();
        for byte in seed.iter().chain(operation.name().as_bytes()).chain(&call) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        fastrand::Rng::with_seed(hash)
    }
}

impl Fault {
    /// Whether DynamoDB could answer this operation so.
    fn suits(self, operation: Operation) -> bool {
        use Operation::{
            BatchGetItem, BatchWriteItem, DeleteItem, ExecuteTransaction, GetRecords, PutItem, Query, Scan,
            TransactGetItems, TransactWriteItems, UpdateItem,
        };
        match self {
            Fault::Throttled => operation.is_on_items() || operation == GetRecords,
            Fault::Unavailable | Fault::LostResponse => true,
            Fault::Unprocessed { .. } => matches!(operation, BatchWriteItem | BatchGetItem),
            Fault::Conflict { .. } => matches!(
                operation,
                PutItem
                    | UpdateItem
                    | DeleteItem
                    | TransactWriteItems
                    | TransactGetItems
                    | ExecuteTransaction
            ),
            Fault::SmallPage { .. } => matches!(operation, Query | Scan),
        }
    }
}
