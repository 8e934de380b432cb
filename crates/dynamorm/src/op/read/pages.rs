//! The terminals of a read: how many requests each makes, and where it ends.

use super::budget::Budget;
use super::response::Response;
use super::{Form, Prepared, Read};
use crate::error::ErrorKind;
use crate::model::FromItem;
use crate::page::Page;
use crate::{Error, Result, StartKey};
use bytes::Bytes;
use futures_util::stream::{self, Stream, TryStreamExt};

impl<'db> Read<'db> {
    /// Makes one request.
    async fn fetch<R: FromItem>(&self, prepared: &Prepared, most: Option<usize>) -> Result<Response<R>> {
        let bytes: Bytes = self.db.send(prepared.request.clone()).await?;
        Response::decode(&bytes, most).map_err(|error| self.error(error))
    }

    pub(crate) async fn page<R: FromItem>(&self, start_key: Option<&StartKey>) -> Result<Page<R>> {
        let budget = Budget::new(self.max_read_units, self.consistent_read);
        let prepared = self.prepare(Form::Items, budget.limit(), start_key)?;
        let response: Response<R> = self.fetch(&prepared, None).await?;
        let next = response.last.map(|last| self.next_after(last, prepared.index, start_key)).transpose()?;
        Ok(Page {
            items: response.items,
            next,
            scanned_count: response.scanned_count,
            consumed_capacity: response.consumed,
        })
    }

    pub(crate) async fn take<R: FromItem>(&self, items: usize) -> Result<Page<R>> {
        let mut page = Page { next: self.start_key.clone(), ..Page::default() };
        if items == 0 {
            // A page that says neither where to go on nor that there is no more would be a lie.
            return Err(self.error(Error::invalid("no items are to be taken, it must be 1 or more")));
        }
        let mut budget = Budget::new(self.max_read_units, self.consistent_read);
        loop {
            let missing = items - page.items.len();
            // Without a filter each item that is looked at is one that is found, so none needs to be read in vain.
            let all_match = self.filter.is_none();
            let limit = all_match.then(|| u32::try_from(missing).unwrap_or(u32::MAX));
            let limit = limit.into_iter().chain(budget.limit()).min();
            let prepared = self.prepare(Form::ItemsWithKeys, limit, page.next.as_ref())?;
            let response: Response<R> = self.fetch(&prepared, Some(missing)).await?;
            budget.add(response.consumed, response.scanned_count).map_err(|error| self.error(error))?;
            page.consumed_capacity = budget.consumed();
            page.scanned_count += response.scanned_count;
            page.items.extend(response.items);
            if let Some(item) = response.cut {
                // More was found than asked for: go on after the last one that was taken.
                page.next = Some(self.next_key(self.keys_of(&item, prepared.index), prepared.index)?);
                return Ok(page);
            }
            page.next = response
                .last
                .map(|last| self.next_after(last, prepared.index, page.next.as_ref()))
                .transpose()?;
            if page.next.is_none() || page.items.len() >= items || budget.is_spent() {
                return Ok(page);
            }
        }
    }

    pub(crate) async fn all<R: FromItem>(&self) -> Result<Vec<R>> {
        self.without_maximum("all")?;
        let mut page = self.page(self.start_key.as_ref()).await?;
        let mut items = std::mem::take(&mut page.items);
        while let Some(next) = page.next.take() {
            page = self.page(Some(&next)).await?;
            items.append(&mut page.items);
        }
        Ok(items)
    }

    pub(crate) fn stream<R: FromItem + Send + 'db>(self) -> impl Stream<Item = Result<R>> + Send + 'db {
        let first = Some(self.start_key.clone());
        stream::try_unfold((self, first), |(read, from)| async move {
            let Some(from) = from else { return Ok::<_, Error>(None) };
            read.without_maximum("stream")?;
            let page = read.page(from.as_ref()).await?;
            let next = page.next.map(Some);
            Ok(Some((stream::iter(page.items.into_iter().map(Ok)), (read, next))))
        })
        .try_flatten()
    }

    pub(crate) async fn count<R: FromItem>(&self) -> Result<u64> {
        self.without_maximum("count")?;
        let (mut count, mut from) = (0, self.start_key.clone());
        loop {
            let prepared = self.prepare(Form::Count, None, from.as_ref())?;
            let response: Response<R> = self.fetch(&prepared, None).await?;
            count += response.count;
            match response.last {
                Some(last) => from = Some(self.next_after(last, prepared.index, from.as_ref())?),
                None => return Ok(count),
            }
        }
    }

    pub(crate) async fn optional<R: FromItem>(&self) -> Result<Option<R>> {
        self.without_maximum("optional")?;
        let mut items = self.take(2).await?.items;
        if items.len() > 1 {
            return Err(self.error(Error::new(ErrorKind::NotUnique, "there is more than one such item")));
        }
        Ok(items.pop())
    }

    pub(crate) async fn one<R: FromItem>(&self) -> Result<R> {
        self.without_maximum("one")?;
        let item = self.optional().await?;
        item.ok_or_else(|| self.error(Error::new(ErrorKind::NotFound, "there is no such item")))
    }

    /// A read that stops early must say where, and this terminal cannot.
    fn without_maximum(&self, terminal: &str) -> Result<()> {
        match self.max_read_units {
            None => Ok(()),
            Some(_) => Err(self.error(Error::invalid(format!(
                "`{terminal}` has no start key to stop at `max_read_units` with: use `take`, which gives one"
            )))),
        }
    }
}
