//! A read that is carried out: one request after the other, until the terminal has what it asked for.
//!
//! Of its [`Pages`], `fetch` sends a request and `accept` reads its answer; between them lies the only thing that knows the type of
//! the items, one call for each. [`collect`] and [`stream`] are all that a program has once for each model.

use super::ahead::collect_ahead;
use super::budget::Budget;
use super::items::{Pages, Step, steps};
use super::response::Response;
use super::shards::{Merge, Want};
use super::{Form, Read};
use crate::codec::Reader;
use crate::key::IndexShape;
use crate::model::Readable;
use crate::op::sink::{All, Sink};
use crate::page::Page;
use crate::transport::trace::record_read;
use crate::{Error, Result, StartKey};
use bytes::Bytes;
use tracing::Span;

/// What a terminal asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// One request.
    Page,
    /// So many items, and exactly where to go on.
    Take(usize),
    /// All there is. The word is the terminal's, for messages.
    All(&'static str),
    /// How many there are.
    Count,
}

/// A read under way.
pub(crate) struct Run<'db> {
    read: Box<Read<'db>>,
    end: End,
    budget: Budget,
    /// Where the next request begins.
    next: Option<StartKey>,
    /// The shards that are read, where there are several, from the first request on.
    merge: Option<Box<Merge>>,
    index: Option<&'static IndexShape>,
    /// The most items that a request may look at, beside all else that limits it.
    most: Option<u32>,
    /// Items so far, after the filter, and before it.
    found: u64,
    scanned_count: u64,
    done: bool,
    /// Of the last request.
    span: Span,
}

impl<'db> Run<'db> {
    pub(crate) fn new(read: Box<Read<'db>>, end: End) -> Result<Self> {
        let terminal = match end {
            End::All(terminal) => Some(terminal),
            End::Count => Some("count"),
            End::Page | End::Take(_) => None,
        };
        if let Some(terminal) = terminal {
            read.without_maximum(terminal)?;
        }
        if end == End::Take(0) {
            // A page that says neither where to go on nor that there is no more would be a lie.
            return Err(read.error(Error::invalid("no items are to be taken, it must be 1 or more")));
        }
        let budget = Budget::new(read.max_read_units, read.consistent_read);
        let next = read.start_key.clone();
        Ok(Self {
            read,
            end,
            budget,
            next,
            merge: None,
            index: None,
            most: None,
            found: 0,
            scanned_count: 0,
            done: false,
            span: Span::none(),
        })
    }

    /// How many items are still to be taken.
    fn missing(&self) -> Option<usize> {
        match self.end {
            End::Take(items) => Some(items.saturating_sub(usize::try_from(self.found).unwrap_or(usize::MAX))),
            End::Page | End::All(_) | End::Count => None,
        }
    }

    fn try_accept(&mut self, answer: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let index = self.index.unwrap_or(&self.read.model.primary);
        let response = Response::decode(answer, self.missing(), sink)?;
        let capacity = response.capacity.and_then(|range| answer.get(range)).map(str::from_utf8);
        record_read(&self.span, response.count, response.scanned_count, capacity.and_then(Result::ok));
        self.span = Span::none();
        self.budget.add(response.consumed, response.scanned_count)?;
        self.scanned_count += response.scanned_count;
        self.found += match self.end {
            End::Count => response.count,
            End::Page | End::Take(_) | End::All(_) => response.taken as u64,
        };
        if let Some(item) = response.cut {
            // More was found than asked for: go on after the last one that was taken.
            self.next = Some(self.read.next_key(self.read.keys_of(&item, index), index)?);
            self.done = true;
            return Ok(());
        }
        let from = self.next.take();
        self.next = match response.last {
            Some(last) => Some(self.read.next_after(last, index, from.as_ref())?),
            None => None,
        };
        self.done = self.next.is_none()
            || match self.end {
                End::Page => true,
                End::Take(_) => self.missing() == Some(0) || self.budget.is_spent(),
                End::All(_) | End::Count => false,
            };
        Ok(())
    }

    /// Asks the shards, and gives the answer that one partition would have given.
    async fn fetch_merged(&mut self, form: Form, most: Option<u32>) -> Result<Bytes> {
        let (read, missing) = (&*self.read, self.missing());
        let merge = match &mut self.merge {
            Some(merge) => merge,
            none => none.insert(Box::new(Merge::new(read)?)),
        };
        self.index = Some(&read.model.primary);
        // A page is what its limit says, as of one partition: with a filter that is what is looked at, else what is given.
        let page = read.limit.filter(|_| self.end == End::Page).and_then(|limit| usize::try_from(limit).ok());
        let want = Want {
            form,
            most,
            give: missing.or(page),
            fill: page.is_some() && !read.is_filtered() && read.max_read_units.is_none(),
            ahead: matches!(self.end, End::All(_)),
        };
        merge.answer(read, want).await
    }

    /// Lets each request look at so many items at most.
    pub(crate) fn limited(self, most: Option<u32>) -> Self {
        Self { most, ..self }
    }

    /// Takes so many of the items that the last answer gave for not found: they were gone when they were fetched. A terminal that
    /// has too few then goes on.
    pub(crate) fn lose(&mut self, items: u64) {
        self.found = self.found.saturating_sub(items);
        let goes_on = self.missing().is_some_and(|missing| missing > 0) && self.next.is_some();
        self.done &= !goes_on;
    }

    /// Asks for something else, before an answer is accepted.
    pub(crate) fn set_end(&mut self, end: End) {
        self.end = end;
    }

    /// True if the terminal has what it asked for.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    pub(crate) fn found(&self) -> u64 {
        self.found
    }

    /// How many items were looked at, and what was consumed.
    pub(crate) fn cost(&self) -> (u64, Option<f64>) {
        (self.scanned_count, self.budget.consumed())
    }

    /// Where to go on.
    pub(crate) fn into_next(self) -> Option<StartKey> {
        self.next
    }

    fn page<R: Readable>(self, items: R::Items) -> Page<R> {
        Page {
            items,
            next: self.next,
            scanned_count: self.scanned_count,
            consumed_capacity: self.budget.consumed(),
        }
    }
}

impl Pages for Run<'_> {
    /// Makes the next request, unless the terminal has what it asked for.
    async fn fetch(&mut self) -> Result<Option<Bytes>> {
        if self.done {
            return Ok(None);
        }
        let (form, most) = match self.end {
            End::Page => (Form::Items, None),
            // Without a filter each item that is looked at is one that is found, so none needs to be read in vain.
            End::Take(_) if !self.read.is_filtered() => (Form::ItemsWithKeys, self.missing()),
            End::Take(_) => (Form::ItemsWithKeys, None),
            End::All(_) => (Form::Items, None),
            End::Count => (Form::Count, None),
        };
        let most = most.map(|items| u32::try_from(items).unwrap_or(u32::MAX));
        let most = most.into_iter().chain(self.budget.limit()).chain(self.most).min();
        if self.read.spread().is_some() {
            return Box::pin(self.fetch_merged(form, most)).await.map(Some);
        }
        let prepared = self.read.prepare(form, most, self.next.as_ref())?;
        self.index = Some(prepared.index);
        // That there is nothing more says nothing of what is there, so it is remembered in any case.
        let (answer, span) = self.read.send(prepared, self.next.is_some()).await?;
        self.span = span;
        Ok(Some(answer))
    }

    /// Reads an answer. Each item goes to `sink`.
    fn accept(&mut self, answer: &[u8], sink: &mut dyn Sink) -> Result<()> {
        self.try_accept(answer, sink).map_err(|error| self.read.error(error))
    }
}

/// Reads all there is.
pub(crate) async fn collect_all<R: Readable>(read: Box<Read<'_>>) -> Result<R::Items> {
    if read.prefetch {
        return collect_ahead::<R>(read).await;
    }
    Ok(collect::<R>(read, End::All("all")).await?.items)
}

/// Reads until the terminal has what it asked for.
pub(crate) async fn collect<R: Readable>(read: Box<Read<'_>>, end: End) -> Result<Page<R>> {
    let mut run = Run::new(read, end)?;
    let mut items = All::<R>::new();
    while let Some(answer) = run.fetch().await? {
        run.accept(&answer, &mut items)?;
    }
    Ok(run.page(items.0))
}

impl<'db> Read<'db> {
    /// Reads page after page, as the items are taken.
    pub(crate) fn stream(self: Box<Self>) -> Box<dyn Step + 'db> {
        if self.prefetch {
            return self.steps_ahead("stream");
        }
        steps(|| Run::new(self, End::All("stream")))
    }
}

impl Read<'_> {
    /// Counts the items.
    pub(crate) async fn count(self: Box<Self>) -> Result<u64> {
        let mut run = Run::new(self, End::Count)?;
        while let Some(answer) = run.fetch().await? {
            run.accept(&answer, &mut |reader: &mut Reader<'_>| reader.skip())?;
        }
        Ok(run.found)
    }

    /// What `optional` and `one` ask for: one item, and to be sure that there is no second.
    pub(crate) fn only(&self, terminal: &str) -> Result<End> {
        self.without_maximum(terminal).map(|()| End::Take(2))
    }

    /// A read that stops early must say where, and this terminal cannot.
    fn without_maximum(&self, terminal: &str) -> Result<()> {
        match self.max_read_units {
            None => Ok(()),
            // No terminal of such a read takes a maximum: each request is refused.
            Some(_) if self.keys_only => Ok(()),
            Some(_) => Err(self.error(Error::invalid(format!(
                "`{terminal}` has no start key to stop at `max_read_units` with: use `take`, which gives one"
            )))),
        }
    }
}
