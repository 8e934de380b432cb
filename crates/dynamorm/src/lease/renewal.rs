//! Renewing a lease in the background, until it is lost or dropped.

use super::holding::Holding;
use super::{LeaseModel, until};
use crate::Result;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long it waits after a renewal that failed, at most: there are some tries left before the end.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A task that ends with its handle.
pub(super) struct Renewal(JoinHandle<()>);

impl Renewal {
    pub(super) fn start<M: LeaseModel>(holding: Arc<Holding<M>>) -> Self {
        Self(tokio::spawn(async move { renew(&holding).await }))
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Renews whenever a third of the duration is over, so that two renewals may fail before the lease ends.
async fn renew<M: LeaseModel>(holding: &Holding<M>) {
    let third = holding.duration / 3;
    let mut pause = third;
    loop {
        sleep(pause).await;
        let Some(end) = *holding.until.borrow() else { return };
        let left = until(end, holding.db.now());
        if left.is_zero() {
            // It has ended by the holder's own clock, so it is not his to renew, whether another has taken it or not.
            holding.until.send_replace(None);
            return;
        }
        // A request that hangs must not keep others from being tried.
        let renewed: Option<Result<()>> = timeout(left.min(third), holding.renew()).await.ok();
        pause = match renewed {
            Some(Ok(())) => third,
            Some(Err(error)) if error.is_lease_lost() => return,
            Some(Err(_)) | None => AFTER_FAILURE.min(third),
        };
    }
}
