//! The segments of a parallel scan: which are under way, and where each goes on. Nothing here knows a model.
//!
//! [`Rounds`] asks some segments at once and takes their answers in order, so that what was not taken is not passed over.
//! [`Workers`] reads all segments to their ends, each as fast as it can.

use crate::limits::{self, grouped};
use crate::model::FromItem;
use crate::op::read::{Budget, End, Form, Pages, Read, Run, Source};
use crate::op::sink::Sink;
use crate::page::{Page, Segment};
use crate::transport::Request;
use crate::{Error, Result, StartKey, StartKeys};
use bytes::Bytes;
use futures_util::future::try_join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;

/// A scan in segments, and how far each of them is.
pub(super) struct Segments<'db> {
    read: Box<Read<'db>>,
    count: u32,
    concurrency: usize,
    /// Segments below this one have begun, the others have not.
    begun: u32,
    /// Where those go on that have begun and not ended.
    at: BTreeMap<u32, StartKey>,
}

impl<'db> Segments<'db> {
    pub(super) fn new(
        read: &Read<'db>,
        count: u32,
        concurrency: Option<usize>,
        start_keys: Option<&StartKeys>,
    ) -> Result<Self> {
        Self::open(read, count, concurrency, start_keys).map_err(|error| read.error(error))
    }

    fn open(
        read: &Read<'db>,
        count: u32,
        concurrency: Option<usize>,
        start_keys: Option<&StartKeys>,
    ) -> Result<Self> {
        let limit = limits::SCAN_SEGMENTS;
        if count == 0 || count > limit {
            return Err(Error::invalid(format!(
                "the scan has {} segments, it takes 1 to {}",
                grouped(count as usize),
                grouped(limit as usize)
            )));
        }
        if concurrency == Some(0) {
            return Err(Error::invalid("the concurrency is 0, it must be 1 or more"));
        }
        let Source::Table { index, segment } = read.source else {
            return Err(Error::invalid("only a scan has segments"));
        };
        if segment.is_some() {
            return Err(Error::invalid("the scan is of one segment, and a parallel one is of all"));
        }
        if read.start_key.is_some() {
            return Err(Error::invalid_start_key(
                "the start key is of a scan, and a parallel one has a start key of its own",
            ));
        }
        let table = read.db.table_of(read.model)?;
        let (begun, at) = match start_keys {
            None => (0, BTreeMap::new()),
            Some(keys) => keys.open(table, &read.model.primary, index, count, read.db.start_key_secret())?,
        };
        let concurrency = concurrency.unwrap_or(DEFAULT_CONCURRENCY).min(count as usize);
        Ok(Self { read: Box::new(read.clone()), count, concurrency, begun, at })
    }

    /// The scan of one segment, from where it is.
    fn read(&self, number: u32) -> Box<Read<'db>> {
        let mut read = self.read.clone();
        if let Source::Table { segment, .. } = &mut read.source {
            *segment = Some(Segment { number, of: self.count });
        }
        read.start_key = self.at.get(&number).cloned();
        read
    }

    /// The segments that have not ended, those under way first.
    fn unfinished(&self) -> impl Iterator<Item = u32> {
        self.at.keys().copied().chain(self.begun..self.count)
    }

    /// The next request of each segment that has not ended.
    pub(super) fn requests(&self) -> Result<Vec<Request>> {
        let requests = self.unfinished().map(|number| {
            let read = self.read(number);
            Ok(read.prepare(Form::Items, None, read.start_key.as_ref())?.request)
        });
        requests.collect()
    }

    /// Where to go on, in all segments.
    fn into_start_keys(self) -> Result<Option<StartKeys>> {
        if self.at.is_empty() && self.begun == self.count {
            return Ok(None);
        }
        let (db, Source::Table { index, .. }) = (self.read.db, self.read.source) else { return Ok(None) };
        let mut keys = StartKeys::new(db.table_of(self.read.model)?, index, self.count, self.begun);
        for (segment, start_key) in self.at {
            keys.push(segment, start_key);
        }
        if let Some(secret) = db.start_key_secret() {
            keys.sign(secret);
        }
        Ok(Some(keys))
    }
}

/// Segments that are read at once unless the caller says.
const DEFAULT_CONCURRENCY: usize = 8;

/// A parallel scan for a page, or for so many items.
pub(super) struct Rounds<'db> {
    segments: Segments<'db>,
    end: End,
    budget: Budget,
    /// Of a page: the segments that have not been asked yet.
    waiting: VecDeque<u32>,
    found: usize,
    scanned_count: u64,
    done: bool,
}

/// The segments that were asked at once, with their answers, in the order of their numbers.
pub(super) type Round<'db> = Vec<(u32, Run<'db>, Bytes)>;

impl<'db> Rounds<'db> {
    pub(super) fn new(mut segments: Segments<'db>, end: End) -> Result<Self> {
        // Checked once more, since no segment may be left to check it.
        Run::new(segments.read.clone(), end)?;
        let budget = Budget::new(segments.read.max_read_units.take(), segments.read.consistent_read);
        let waiting = match end {
            End::Page => segments.unfinished().collect(),
            End::Take(_) | End::All(_) | End::Count => VecDeque::new(),
        };
        Ok(Self { segments, end, budget, waiting, found: 0, scanned_count: 0, done: false })
    }

    /// Asks some segments at once, unless the terminal has what it asked for.
    pub(super) async fn fetch(&mut self) -> Result<Option<Round<'db>>> {
        if self.done {
            return Ok(None);
        }
        let concurrency = self.segments.concurrency;
        let numbers: Vec<u32> = match self.end {
            End::Page => self.waiting.drain(..concurrency.min(self.waiting.len())).collect(),
            End::Take(_) | End::All(_) | End::Count => self.segments.unfinished().take(concurrency).collect(),
        };
        if numbers.is_empty() {
            return Ok(None);
        }
        // Together they need not look at more than is missing, or can be paid for.
        let share = |items: u32| items.div_ceil(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
        let missing = self.missing().filter(|_| !self.segments.read.is_filtered());
        let missing = missing.map(|items| u32::try_from(items).unwrap_or(u32::MAX));
        let most = missing.into_iter().chain(self.budget.limit()).map(share).min();
        let asked = numbers.into_iter().map(|number| {
            let run = Run::new(self.segments.read(number), self.end);
            async move {
                let mut run = run?.limited(most);
                let answer = run.fetch().await?;
                Ok::<_, Error>((number, run, answer.unwrap_or_default()))
            }
        });
        try_join_all(asked).await.map(Some)
    }

    fn missing(&self) -> Option<usize> {
        match self.end {
            End::Take(items) => Some(items.saturating_sub(self.found)),
            End::Page | End::All(_) | End::Count => None,
        }
    }

    pub(super) fn accept(&mut self, round: Round<'db>, sink: &mut dyn Sink) -> Result<()> {
        for (number, mut run, answer) in round {
            let missing = self.missing();
            if let Some(missing) = missing {
                run.set_end(End::Take(missing));
            }
            run.accept(&answer, sink)?;
            let (scanned_count, consumed) = run.cost();
            let added = self.budget.add(consumed, scanned_count);
            added.map_err(|error| self.segments.read.error(error))?;
            self.scanned_count += scanned_count;
            if missing == Some(0) {
                // Nothing of it was taken, so the segment stays where it was.
                continue;
            }
            self.found += usize::try_from(run.found()).unwrap_or(usize::MAX);
            self.segments.begun = self.segments.begun.max(number + 1);
            match run.into_next() {
                Some(next) => self.segments.at.insert(number, next),
                None => self.segments.at.remove(&number),
            };
        }
        self.done = self.missing() == Some(0) || self.budget.is_spent();
        Ok(())
    }

    pub(super) fn page<R: FromItem>(self, items: Vec<R>) -> Result<Page<R, StartKeys>> {
        let (scanned_count, consumed_capacity) = (self.scanned_count, self.budget.consumed());
        Ok(Page { items, next: self.segments.into_start_keys()?, scanned_count, consumed_capacity })
    }
}

/// A parallel scan of everything: so many requests are under way at any time, whichever segments they are of.
pub(super) struct Workers<'db> {
    segments: Segments<'db>,
    end: End,
    pending: FuturesUnordered<Step<'db>>,
    /// The segment whose answer was given last, until it is accepted.
    answered: Option<Run<'db>>,
    /// Items in the segments that have ended.
    found: u64,
}

/// One request of one segment; nothing if the segment has ended.
type Step<'db> = Pin<Box<dyn Future<Output = Result<Option<(Run<'db>, Bytes)>>> + Send + 'db>>;

impl<'db> Workers<'db> {
    pub(super) fn new(segments: Segments<'db>, end: End) -> Self {
        Self { segments, end, pending: FuturesUnordered::new(), answered: None, found: 0 }
    }

    /// How many items there are, once there are no more answers.
    pub(super) fn found(&self) -> u64 {
        self.found
    }

    /// Goes on in a segment, unless it has ended.
    fn go_on(&mut self, mut run: Run<'db>) {
        if run.is_done() {
            self.found += run.found();
            return;
        }
        let step = async move { Ok(run.fetch().await?.map(|answer| (run, answer))) };
        self.pending.push(Box::pin(step));
    }
}

impl Pages for Workers<'_> {
    /// Gives the next answer of any segment.
    async fn fetch(&mut self) -> Result<Option<Bytes>> {
        loop {
            while self.pending.len() < self.segments.concurrency {
                let Some(number) = self.segments.unfinished().next() else { break };
                let run = Run::new(self.segments.read(number), self.end)?;
                self.segments.at.remove(&number);
                self.segments.begun = self.segments.begun.max(number + 1);
                self.go_on(run);
            }
            let Some(step) = self.pending.next().await else { return Ok(None) };
            if let Some((run, answer)) = step? {
                self.answered = Some(run);
                return Ok(Some(answer));
            }
        }
    }

    fn accept(&mut self, answer: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let Some(mut run) = self.answered.take() else { return Ok(()) };
        run.accept(answer, sink)?;
        self.go_on(run);
        Ok(())
    }
}
