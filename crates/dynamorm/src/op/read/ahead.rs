//! Pages that are asked for while the last one is still being taken: one ahead, and no more.
//!
//! A future goes on only when it is polled, and nobody waits for the one that asks for the next page. So it is polled when the page
//! before it is there, which sends the request, and then whenever it can go on and an item is taken.

use super::items::{Fetched, Pages as _, Step, fetched};
use super::response::Response;
use super::run::{End, Run};
use super::{Read, Subject};
use crate::codec::Reader;
use crate::model::Readable;
use crate::op::sink::{All, Sink};
use crate::{Error, Result};
use bytes::Bytes;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker, ready};

impl<'db> Read<'db> {
    /// Reads page after page, one ahead of the items that are taken.
    pub(super) fn steps_ahead(self: Box<Self>, terminal: &'static str) -> Box<dyn Step + 'db> {
        let subject = self.subject();
        let begin = async move { fetched(Run::new(self, End::All(terminal))?).await };
        Box::new(Ahead { next: Some(Next::Asked(Box::pin(begin))), woken: Arc::default(), subject })
    }
}

/// Reads all there is, one page ahead of the one that is being decoded.
pub(super) async fn collect_ahead<R: Readable>(read: Box<Read<'_>>) -> Result<R::Items> {
    let mut steps = read.steps_ahead("all");
    let mut items = All::<R>::new();
    while poll_fn(|context| steps.poll(context, &mut items)).await? {}
    Ok(items.0)
}

struct Ahead<'db> {
    next: Option<Next<'db>>,
    woken: Arc<Woken>,
    subject: Subject<'db>,
}

enum Next<'db> {
    Asked(Fetched<'db, Run<'db>>),
    Answered(Box<Result<Option<(Run<'db>, Bytes)>>>),
}

/// Remembers that the next page can come nearer, and wakes whoever takes items.
#[derive(Default)]
struct Woken {
    is_woken: AtomicBool,
    taker: Mutex<Option<Waker>>,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        let taker = self.taker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(taker) = taker {
            taker.wake();
        }
    }
}

impl<'db> Ahead<'db> {
    /// Lets the next page come nearer.
    fn advance(&mut self, context: &Context<'_>) {
        let Some(Next::Asked(page)) = &mut self.next else { return };
        *self.woken.taker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        // Before it is polled: what happens meanwhile sets it again.
        self.woken.is_woken.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(&self.woken));
        if let Poll::Ready(answer) = page.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.next = Some(Next::Answered(Box::new(answer)));
        }
    }

    fn poll_page(&mut self, context: &Context<'_>) -> Poll<Result<Option<(Run<'db>, Bytes)>>> {
        self.advance(context);
        match self.next.take() {
            None => Poll::Ready(Ok(None)),
            Some(Next::Answered(answer)) => Poll::Ready(*answer),
            asked @ Some(Next::Asked(_)) => {
                self.next = asked;
                Poll::Pending
            }
        }
    }
}

impl Step for Ahead<'_> {
    fn poll(&mut self, context: &mut Context<'_>, sink: &mut dyn Sink) -> Poll<Result<bool>> {
        let Some((mut run, answer)) = ready!(self.poll_page(context))? else { return Poll::Ready(Ok(false)) };
        // Where to go on stands behind the items: past them first, and the next request is on its way while they are decoded.
        run.accept(&answer, &mut |reader: &mut Reader<'_>| reader.skip())?;
        self.next = Some(Next::Asked(Box::pin(fetched(run))));
        self.advance(context);
        if let Err(error) = Response::decode(&answer, None, sink) {
            self.next = None;
            return Poll::Ready(Err(self.subject.error(Error::from(error))));
        }
        Poll::Ready(Ok(true))
    }

    fn go_on(&mut self, context: &mut Context<'_>) {
        if self.woken.is_woken.load(Ordering::Acquire) {
            self.advance(context);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::transport::{Call, Request, Transport};
    use crate::{Db, ErrorKind, Model, Result};
    use futures_util::{Stream, StreamExt, TryStreamExt};
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    #[derive(Debug, Clone, PartialEq, Model)]
    #[dynamorm(table = "numbers", pk = of, sk = n)]
    struct Number {
        of: String,
        n: u32,
    }

    const ANSWERS_AFTER: Duration = Duration::from_millis(100);

    /// Three pages of two numbers each, a while after they are asked for.
    #[derive(Debug, Clone, Default)]
    struct Slow {
        asked: Arc<AtomicUsize>,
        /// The items of this page are no numbers.
        broken: usize,
    }

    impl Transport for Slow {
        fn call(&self, _request: Request) -> Call<'_> {
            let page = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            let item = |n: usize| format!(r#"{{"of":{{"S":"all"}},"n":{{"N":"{n}"}}}}"#);
            let items = match page == self.broken {
                true => r#"{"of":{"S":"all"}}"#.to_owned(),
                false => [item(2 * page - 1), item(2 * page)].join(","),
            };
            let last = (page < 3).then(|| format!(r#","LastEvaluatedKey":{}"#, item(2 * page)));
            let answer = format!(r#"{{"Items":[{items}]{}}}"#, last.unwrap_or_default());
            Box::pin(async move {
                sleep(ANSWERS_AFTER).await;
                Ok(answer.into())
            })
        }
    }

    fn numbers(db: &Db) -> crate::Query<'_, Number> {
        db.query::<Number>().key(Number::PRIMARY_KEY.partition("all"))
    }

    /// How long it takes to work for as long as a page takes on each page's items.
    async fn time(numbers: impl Stream<Item = Result<Number>>) -> Duration {
        let start = Instant::now();
        let mut numbers = pin!(numbers);
        while let Some(number) = numbers.next().await {
            number.unwrap();
            sleep(ANSWERS_AFTER / 2).await;
        }
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_page_comes_while_the_last_one_is_taken() {
        let db = Db::with_transport(Slow::default());
        assert_eq!(time(numbers(&db).stream()).await, 6 * ANSWERS_AFTER);
        let db = Db::with_transport(Slow::default());
        assert_eq!(time(numbers(&db).prefetch().stream()).await, 4 * ANSWERS_AFTER);
    }

    #[tokio::test(start_paused = true)]
    async fn one_page_is_asked_for_ahead_and_no_more() {
        let slow = Slow::default();
        let db = Db::with_transport(slow.clone());
        let asked = || slow.asked.load(Ordering::SeqCst);
        let mut numbers = pin!(numbers(&db).prefetch().stream());
        assert_eq!(asked(), 0, "a stream that nobody takes from reads nothing");
        for (n, requests) in [(1, 2), (2, 2), (3, 3), (4, 3), (5, 3), (6, 3)] {
            assert_eq!(numbers.next().await.unwrap().unwrap().n, n);
            // However long it takes.
            sleep(10 * ANSWERS_AFTER).await;
            assert_eq!(asked(), requests, "after item {n}");
        }
        assert!(numbers.next().await.is_none());
        assert!(numbers.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn all_reads_the_same_with_it() {
        let read = async |prefetch: bool| {
            let db = Db::with_transport(Slow::default());
            let numbers = numbers(&db);
            if prefetch { numbers.prefetch().all().await.unwrap() } else { numbers.all().await.unwrap() }
        };
        assert_eq!(read(true).await, read(false).await);
        assert_eq!(read(true).await.len(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_cannot_be_read_is_the_last() {
        let db = Db::with_transport(Slow { broken: 2, ..Slow::default() });
        let error = numbers(&db).prefetch().all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec);
        assert_eq!(error.to_string(), "Query on \"numbers\": attribute `n` is missing");
        let db = Db::with_transport(Slow { broken: 2, ..Slow::default() });
        let read = numbers(&db).prefetch().stream().map_ok(|number| number.n).collect::<Vec<_>>().await;
        assert_eq!(read.len(), 3, "two items, and the error");
        assert!(read[..2].iter().all(Result::is_ok) && read[2].is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_begin_is_an_error_that_names_the_terminal() {
        let db = Db::with_transport(Slow::default());
        let error = numbers(&db).max_read_units(1).prefetch().all().await.unwrap_err();
        assert!(error.to_string().contains("`all` has no start key"), "{error}");
    }
}
