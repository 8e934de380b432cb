//! Trying again: how often, after which pause, and until when.

use crate::codec::CodecError;
use crate::error::{CancelCode, ErrorKind};
use crate::transport::Request;
use crate::{Db, Error, Result};
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Tries without any progress, before what is left is given up.
pub(crate) const TRIES: u32 = 8;
/// The longest pause before the second try, in milliseconds; it doubles from there.
const FIRST_PAUSE_MS: u64 = 50;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 5_000;

/// Requests of a batch that are under way at once, unless it says otherwise.
pub(crate) const CONCURRENCY: usize = 4;

/// A pause of random length: clients that were refused together do not come back together.
pub(crate) fn pause(tries: u32) -> Duration {
    let doubled = 1_u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX);
    Duration::from_millis(fastrand::u64(0..=FIRST_PAUSE_MS.saturating_mul(doubled).min(LONGEST_PAUSE_MS)))
}

/// When to stop, if ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now. A time beyond what a clock can tell is never.
    pub(crate) fn after(time: Option<Duration>) -> Self {
        Self(time.and_then(|time| Instant::now().checked_add(time)))
    }

    /// At this time, if it is earlier.
    fn or(self, at: Option<Instant>) -> Self {
        Self(self.0.into_iter().chain(at).min())
    }

    fn has_passed(self) -> bool {
        self.0.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// What the work gives, or `None` if the deadline passes first.
    async fn limit<T>(self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            None => Some(work.await),
            Some(deadline) => timeout_at(deadline, work).await.ok(),
        }
    }

    /// Waits, at most until the deadline.
    async fn sleep(self, pause: Duration) {
        let end = Instant::now() + pause;
        sleep_until(self.0.map_or(end, |deadline| deadline.min(end))).await;
    }
}

/// Waits before a request is sent once more: until the deadline of the `Db` at most.
pub(crate) async fn rest(db: &Db, tries: u32) {
    Deadline(db.ends_at()).sleep(pause(tries)).await;
}

/// Sends one request again, up to [`TRIES`] times, while its failure is one that may pass.
pub(crate) async fn retried<T, F: Future<Output = Result<T>>>(
    db: &Db,
    may_pass: impl Fn(&Error) -> bool,
    request: impl Fn() -> F,
) -> Result<T> {
    let mut tries = 1;
    loop {
        match request().await {
            Err(error) if tries < TRIES && may_pass(&error) => {
                rest(db, tries).await;
                tries += 1;
                db.count_retry();
            }
            answer => return answer,
        }
    }
}

/// Why a batch was given up.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nothing got on any more.
    Tries,
    /// There is no more time.
    Deadline,
    Failed(Error),
}

impl Stop {
    /// The error. `left` says in words what is left.
    pub(crate) fn error(self, left: &str) -> Error {
        match self {
            Stop::Tries => Error::new(ErrorKind::Unprocessed, format!("{left} after {TRIES} tries")),
            Stop::Deadline => Error::new(ErrorKind::Unprocessed, format!("{left} at the deadline")),
            Stop::Failed(error) => error,
        }
    }
}

/// What the requests of one batch share while it runs: each is sent until all of it is done, or one of them cannot be.
pub(crate) struct Batch<'db> {
    db: &'db Db,
    deadline: Deadline,
    stopped: AtomicBool,
}

impl<'db> Batch<'db> {
    pub(crate) fn new(db: &'db Db, deadline: Option<Duration>) -> Self {
        Self { db, deadline: Deadline::after(deadline).or(db.ends_at()), stopped: AtomicBool::new(false) }
    }

    /// Sends a part of the batch until nothing of it is left, and gives what is. `accept` reads an answer, and gives what of the
    /// part it leaves undone. After the first part that is given up no other is sent again.
    pub(crate) async fn send<T>(
        &self,
        mut part: Vec<T>,
        request: impl Fn(&[T]) -> Request,
        mut accept: impl FnMut(Bytes, Vec<T>) -> Result<Vec<T>, (CodecError, Vec<T>)>,
    ) -> (Vec<T>, Option<Stop>) {
        let mut tries = 0;
        while !part.is_empty() && !self.stopped.load(Ordering::Relaxed) {
            if tries > 0 {
                self.deadline.sleep(pause(tries)).await;
                // Another part may have been given up meanwhile.
                if self.stopped.load(Ordering::Relaxed) {
                    break;
                }
                self.db.count_retry();
            }
            if self.deadline.has_passed() {
                return self.stop(part, Stop::Deadline);
            }
            let sent = part.len();
            match self.deadline.limit(self.db.send(request(&part))).await {
                None => return self.stop(part, Stop::Deadline),
                Some(Ok(answer)) => match accept(answer, part) {
                    Ok(left) => part = left,
                    Err((error, part)) => return self.stop(part, Stop::Failed(error.into())),
                },
                Some(Err(error)) if error.is_throttled() && tries + 1 < TRIES => {}
                Some(Err(error)) if error.is_deadline_exceeded() => return self.stop(part, Stop::Deadline),
                Some(Err(error)) => return self.stop(part, Stop::Failed(error)),
            }
            tries = if part.len() < sent { 1 } else { tries + 1 };
            if tries >= TRIES {
                return self.stop(part, Stop::Tries);
            }
        }
        (part, None)
    }

    fn stop<T>(&self, part: Vec<T>, why: Stop) -> (Vec<T>, Option<Stop>) {
        self.stopped.store(true, Ordering::Relaxed);
        (part, Some(why))
    }
}

/// Tries of one transaction.
const TRANSACTION_TRIES: u32 = 6;

/// Sends a transaction, and sends it again, the same to the byte and so with the same token, if that can help.
pub(crate) async fn transact(db: &Db, request: Request, retries: bool) -> Result<Bytes> {
    let mut tries = 1;
    let mut lost = None;
    loop {
        let error = match db.send(request.clone()).await {
            Ok(answer) => return Ok(answer),
            // What an earlier try did is not known, whatever became of this one.
            Err(error) if error.is_deadline_exceeded() => return Err(lost.unwrap_or(error)),
            // A definite answer: the token would have made a success of it, had an earlier try been carried out.
            Err(error) if !is_passing(&error) => return Err(error),
            Err(error) => error,
        };
        let is_lost = error.kind() == ErrorKind::Transport;
        if !retries || tries >= TRANSACTION_TRIES {
            // A refusal now does not mean that a try before it, whose answer was lost, was not carried out.
            return Err(if is_lost { error } else { lost.unwrap_or(error) });
        }
        if is_lost {
            lost = Some(error);
        }
        rest(db, tries).await;
        tries += 1;
        db.count_retry();
    }
}

/// True if the same transaction may succeed a moment later: it conflicts with others, is over a rate, or has lost its answer, of
/// which its token makes one transaction. A condition that failed fails again, and what is invalid stays so: one such reason
/// among others is enough.
fn is_passing(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::TransactionCanceled => {
            let reasons = error.cancellations();
            let passing = |code| matches!(code, CancelCode::Conflict | CancelCode::Throttled);
            !reasons.is_empty() && reasons.iter().all(|reason| passing(reason.code))
        }
        // Also DynamoDB's word that the same transaction is still in progress.
        ErrorKind::Throttled | ErrorKind::Conflict | ErrorKind::Transport => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::test_models::*;
    use crate::transport::{Call, Failure, ServiceError, Transport};
    use std::sync::{Arc, Mutex};

    #[test]
    fn pauses_grow_and_have_an_end() {
        for tries in [0, 1, 7, 63, 64, u32::MAX] {
            assert!(pause(tries) <= Duration::from_millis(LONGEST_PAUSE_MS));
        }
        assert!((0..100).all(|_| pause(1) <= Duration::from_millis(FIRST_PAUSE_MS)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_with_the_deadline_and_work_too() {
        let begin = Instant::now();
        let deadline = Deadline::after(Some(Duration::from_secs(1)));
        assert!(!deadline.has_passed());
        deadline.sleep(Duration::from_secs(60)).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
        assert!(deadline.has_passed());
        assert_eq!(deadline.limit(std::future::pending::<()>()).await, None);
        assert!(!Deadline::after(Some(Duration::MAX)).has_passed());
    }

    /// Answers each call with the next of these reasons, and remembers the requests.
    #[derive(Debug, Clone)]
    struct Answers(Arc<Mutex<(Vec<&'static str>, Vec<Bytes>)>>);

    impl Transport for Answers {
        fn call(&self, request: Request) -> Call<'_> {
            let mut state = self.0.lock().unwrap();
            state.1.push(request.body);
            let answer = match state.0.len() {
                0 => "done",
                _ => state.0.remove(0),
            };
            Box::pin(async move {
                match answer {
                    "done" => Ok(Bytes::from_static(b"{}")),
                    "lost" => Err(Failure::NoResponse("gone".into())),
                    reasons if reasons.contains(',') => {
                        let reasons: Vec<_> =
                            reasons.split(',').map(|code| serde_json::json!({ "Code": code })).collect();
                        let body = serde_json::json!({
                            "__type": "x#TransactionCanceledException", "CancellationReasons": reasons,
                        });
                        Err(Failure::Service(ServiceError::from_body(body.to_string().into())))
                    }
                    code => Err(Failure::Service(ServiceError::new(code, ""))),
                }
            })
        }
    }

    /// Deletes an item with a transaction; gives the result and the requests.
    async fn transaction(answers: &[&'static str], retries: bool) -> (Result<()>, Vec<Bytes>) {
        let answers = Answers(Arc::new(Mutex::new((answers.to_vec(), Vec::new()))));
        let db = Db::with_transport(answers.clone());
        let transaction = db.transact_write().delete(User::key("u1"));
        let transaction = if retries { transaction } else { transaction.no_retries() };
        let result = transaction.execute().await;
        let requests = answers.0.lock().unwrap().1.clone();
        (result, requests)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_sent_again_the_same_to_the_byte() {
        let passing = [
            "None,TransactionConflict",
            "TransactionConflict,None,TransactionConflict",
            "TransactionInProgressException",
            "None,ThrottlingError",
            "ProvisionedThroughputExceeded,TransactionConflict",
            "ThrottlingException",
            "lost",
        ];
        for answer in passing {
            let (result, requests) = transaction(&[answer, answer], true).await;
            result.unwrap();
            assert_eq!(requests.len(), 3, "{answer}");
            assert!(requests.iter().all(|request| *request == requests[0]), "{answer}");
            let (result, requests) = transaction(&[answer; 100], true).await;
            result.unwrap_err();
            assert_eq!(requests.len(), TRANSACTION_TRIES as usize, "{answer}");
            let (result, requests) = transaction(&[answer], false).await;
            result.unwrap_err();
            assert_eq!(requests.len(), 1, "{answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_after_a_lost_answer_does_not_say_that_nothing_was_written() {
        let mut answers = vec!["None,TransactionConflict", "lost"];
        answers.extend(["ThrottlingException", "None,TransactionConflict"].repeat(10));
        let error = transaction(&answers, true).await.0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        // A failed condition does: the token would have made the lost try a success.
        let error = transaction(&["lost", "None,ConditionalCheckFailed"], true).await.0.unwrap_err();
        assert!(error.is_condition_failed());
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_deadline_of_the_database_each_call_ends() {
        let faults = crate::transport::Faults::new(crate::transport::Embedded::memory().unwrap());
        let db = Db::with_transport(faults.clone());
        db.create_table::<User>().execute().await.unwrap();
        let _ = faults.latency(Duration::from_secs(60));
        let (began, third) = (Instant::now(), Duration::from_millis(300));
        let db = db.deadline(began.into_std() + third);
        let read = db.get(User::key("u1")).one().await.unwrap_err();
        assert_eq!((read.kind(), began.elapsed()), (ErrorKind::DeadlineExceeded, third));
        insta::assert_snapshot!(read, @r#"GetItem on "app": no answer came before the deadline"#);
        insta::assert_snapshot!(db.put(&user()).execute().await.unwrap_err(), @r#"PutItem on "app": the deadline has passed, nothing was sent"#);
        let batch = db.batch_write().put(&user()).delete(User::key("u2")).execute().await.unwrap_err();
        assert_eq!((batch.kind(), batch.unprocessed().len()), (ErrorKind::Unprocessed, 2));
        assert!(db.transact_write().put(&user()).execute().await.unwrap_err().is_deadline_exceeded());
        assert_eq!(began.elapsed(), third, "none of them waited");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_after_a_lost_answer_does_not_say_that_nothing_was_sent() {
        let answers = Answers(Arc::new(Mutex::new((vec!["lost"; 100], Vec::new()))));
        let db = Db::with_transport(answers).deadline(Instant::now().into_std() + Duration::from_millis(1));
        let began = Instant::now();
        let error = db.transact_write().put(&user()).execute().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(began.elapsed() <= Duration::from_millis(2), "it does not rest beyond the deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_wrong_is_told_at_once_whatever_stands_beside_it() {
        let lasting = [
            "None,ConditionalCheckFailed",
            "TransactionConflict,ConditionalCheckFailed",
            "TransactionConflict,ValidationError",
            "TransactionConflict,ItemCollectionSizeLimitExceeded",
            "ThrottlingError,Novelty",
            "None,None",
            "ValidationException",
            "IdempotentParameterMismatchException",
            "AccessDeniedException",
            "InternalServerError",
        ];
        for answer in lasting {
            let (result, requests) = transaction(&[answer], true).await;
            result.unwrap_err();
            assert_eq!(requests.len(), 1, "{answer}");
        }
    }
}
