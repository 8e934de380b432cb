//! Items one by one, read page after page as they are taken.
//!
//! [`Items`] alone knows their type, and only decodes: what asks for the next page, [`steps`], a program has once.

use crate::Result;
use crate::model::FromItem;
use crate::op::sink::{All, Sink};
use bytes::Bytes;
use futures_util::stream::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

/// A read that goes page by page.
pub(crate) trait Pages: Send + Sized {
    /// Asks for a page, unless there are no more.
    fn fetch(&mut self) -> impl Future<Output = Result<Option<Bytes>>> + Send;

    /// Takes the page that was fetched. Each item goes to `sink`.
    fn accept(&mut self, answer: &[u8], sink: &mut dyn Sink) -> Result<()>;
}

/// The items of a read, as they are taken. After an error it ends.
pub(crate) struct Items<'db, R> {
    steps: Box<dyn Step + 'db>,
    page: vec::IntoIter<R>,
}

impl<'db, R> Items<'db, R> {
    pub(crate) fn of(steps: Box<dyn Step + 'db>) -> Self {
        Self { steps, page: Vec::new().into_iter() }
    }
}

// No item is pinned: they lie in a vector.
impl<R> Unpin for Items<'_, R> {}

impl<R: FromItem> Stream for Items<'_, R> {
    type Item = Result<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.page.next() {
                self.steps.go_on(context);
                return Poll::Ready(Some(Ok(item)));
            }
            let mut page = All::<R>::new();
            match ready!(self.steps.poll(context, &mut page)) {
                Ok(true) => self.page = page.0.into_iter(),
                Ok(false) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// Pages of any read.
pub(crate) trait Step: Send {
    /// Gives the items of the next page to `sink`; false if there are no more pages.
    fn poll(&mut self, context: &mut Context<'_>, sink: &mut dyn Sink) -> Poll<Result<bool>>;

    /// Lets the next page come nearer, if it has been asked for.
    fn go_on(&mut self, context: &mut Context<'_>) {
        let _ = context;
    }
}

/// The pages of the read that `begin` gives. Before the first one is asked for, nothing happens.
pub(crate) fn steps<'db, P: Pages + 'db>(
    begin: impl FnOnce() -> Result<P> + Send + 'db,
) -> Box<dyn Step + 'db> {
    Box::new(Steps { next: Some(Box::pin(async { fetched(begin()?).await })) })
}

struct Steps<'db, P> {
    next: Option<Fetched<'db, P>>,
}

/// A page, and the read that it is of.
pub(super) type Fetched<'db, P> = Pin<Box<dyn Future<Output = Result<Option<(P, Bytes)>>> + Send + 'db>>;

pub(super) async fn fetched<P: Pages>(mut pages: P) -> Result<Option<(P, Bytes)>> {
    let answer = pages.fetch().await?;
    Ok(answer.map(|answer| (pages, answer)))
}

impl<'db, P: Pages + 'db> Step for Steps<'db, P> {
    fn poll(&mut self, context: &mut Context<'_>, sink: &mut dyn Sink) -> Poll<Result<bool>> {
        let Some(next) = &mut self.next else { return Poll::Ready(Ok(false)) };
        let answered = ready!(next.as_mut().poll(context));
        self.next = None;
        let Some((mut pages, answer)) = answered? else { return Poll::Ready(Ok(false)) };
        pages.accept(&answer, sink)?;
        self.next = Some(Box::pin(fetched(pages)));
        Poll::Ready(Ok(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Reader;
    use crate::{Error, Item};
    use futures_util::StreamExt;

    /// So many pages of two items; the answer to any further request is broken.
    struct Fake {
        good: usize,
        asked: usize,
    }

    impl Pages for Fake {
        async fn fetch(&mut self) -> Result<Option<Bytes>> {
            self.asked += 1;
            Ok(Some(Bytes::from_static(br#"{"n":{"N":"1"}}"#)))
        }

        fn accept(&mut self, answer: &[u8], sink: &mut dyn Sink) -> Result<()> {
            if self.asked > self.good {
                return Err(Error::invalid("broken"));
            }
            sink.item(&mut Reader::new(answer)?)?;
            Ok(sink.item(&mut Reader::new(answer)?)?)
        }
    }

    #[tokio::test]
    async fn a_stream_gives_the_pages_before_an_error_and_ends_after_it() {
        let mut items = Items::<Item>::of(steps(|| Ok(Fake { good: 2, asked: 0 })));
        for _ in 0..4 {
            assert!(items.next().await.is_some_and(|item| item.is_ok()));
        }
        assert!(items.next().await.is_some_and(|item| item.is_err()));
        assert!(items.next().await.is_none());
        assert!(items.next().await.is_none());
    }

    #[tokio::test]
    async fn a_read_that_cannot_begin_is_the_only_error_of_its_stream() {
        let mut items = Items::<Item>::of(steps::<Fake>(|| Err(Error::invalid("wrong"))));
        assert!(items.next().await.is_some_and(|item| item.is_err()));
        assert!(items.next().await.is_none());
    }
}
