//! Items that a read by key leaves out although they are there: those that have expired, if asked for, and those of other tenants.

use super::live::Live;
use crate::codec::CodecError;
use crate::model::ModelShape;
use crate::tenant::Own;
use crate::{Db, Result};

/// What hides an item.
#[derive(Debug, Clone)]
pub(crate) struct Hidden {
    live: Option<Live>,
    own: Option<Own>,
}

impl Hidden {
    pub(crate) fn of(db: &Db, model: &ModelShape, live: bool) -> Result<Self> {
        Ok(Self { live: live.then(|| Live::of(db, model)).transpose()?, own: Own::of(db, model) })
    }

    /// The attributes of a projection, and those by which it is told.
    pub(crate) fn names(&self, projection: &[&'static str]) -> Vec<&'static str> {
        let mut names = projection.to_vec();
        let live = self.live.iter().map(|live| live.attribute());
        for name in live.chain(self.own.iter().map(|own| own.attribute)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// True if there is nothing to look at.
    pub(crate) fn is_nothing(&self) -> bool {
        self.live.is_none() && self.own.is_none()
    }

    /// True if the item, `{"id":{"S":"u1"},…}`, is as good as absent.
    pub(crate) fn hides(&self, item: &str) -> Result<bool, CodecError> {
        Ok(self.live.map_or(Ok(false), |live| live.hides(item))?
            || self.own.as_ref().map_or(Ok(false), |own| own.hides(item))?)
    }
}
