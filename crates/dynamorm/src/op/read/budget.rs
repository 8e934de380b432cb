//! How many read units a read may still consume, and how many items that is likely to be.

use crate::error::ErrorKind;
use crate::{Error, Result};

/// What was consumed so far, and what may be.
#[derive(Default)]
pub(crate) struct Budget {
    max: Option<f64>,
    consumed: Option<f64>,
    scanned: u64,
    consistent_read: bool,
}

impl Budget {
    pub(crate) fn new(max: Option<u32>, consistent_read: bool) -> Self {
        Self { max: max.map(f64::from), consistent_read, ..Self::default() }
    }

    /// Adds what one request consumed.
    pub(crate) fn add(&mut self, consumed: Option<f64>, scanned: u64) -> Result<()> {
        if self.max.is_some() && consumed.is_none() {
            let problem = "the answer does not say what it consumed, so `max_read_units` cannot be kept";
            return Err(Error::new(ErrorKind::Service, problem));
        }
        if let Some(consumed) = consumed {
            *self.consumed.get_or_insert(0.0) += consumed;
        }
        self.scanned += scanned;
        Ok(())
    }

    /// The read units so far, if the answers said.
    pub(crate) fn consumed(&self) -> Option<f64> {
        self.consumed
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.max.is_some_and(|max| self.consumed.unwrap_or(0.0) >= max)
    }

    /// The items that the next request may look at: as many as the rest pays for if they are like those before, and items of
    /// 4 KB, half a unit or a whole one each, as long as there are none.
    pub(crate) fn limit(&self) -> Option<u32> {
        let consumed = self.consumed.unwrap_or(0.0);
        let rest = self.max? - consumed;
        let per_item = match self.scanned {
            0 if self.consistent_read => 1.0,
            0 => 0.5,
            scanned => (consumed / scanned as f64).max(f64::MIN_POSITIVE),
        };
        // Out of range it saturates.
        Some(((rest / per_item).ceil() as u32).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_follows_what_items_cost() {
        assert_eq!(Budget::new(None, false).limit(), None);
        let mut budget = Budget::new(Some(10), false);
        assert_eq!(budget.limit(), Some(20));
        assert_eq!(Budget::new(Some(10), true).limit(), Some(10));
        budget.add(Some(2.0), 20).unwrap();
        assert_eq!((budget.limit(), budget.is_spent()), (Some(80), false));
        budget.add(Some(7.5), 10).unwrap();
        assert_eq!((budget.limit(), budget.is_spent()), (Some(2), false));
        budget.add(Some(0.5), 1).unwrap();
        assert!(budget.is_spent());
        assert_eq!(budget.consumed(), Some(10.0));
    }

    #[test]
    fn a_maximum_needs_an_answer_that_says_what_it_consumed() {
        assert!(Budget::new(Some(1), false).add(None, 1).is_err());
        let mut without = Budget::new(None, false);
        without.add(None, 1).unwrap();
        assert_eq!((without.consumed(), without.is_spent()), (None, false));
    }
}
