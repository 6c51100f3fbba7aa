//! How many searches run at once.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::ApiError;

/// How long a search waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// The turns of searches that anybody may make, in descriptions of any length. Such a search reads every row that might
/// match, which no index shortens: without a bound, a few clients that search would keep all of the database's threads
/// from everybody else.
#[derive(Clone)]
pub struct Searches(Arc<Semaphore>);

impl Default for Searches {
    /// One for every two cores, and at least one: fewer than the database has threads, but for a pool of one.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new((cores / 2).max(1))))
    }
}

impl Searches {
    /// Waits for a turn where there is something to search for. Whatever does the searching has to hold what this
    /// returns, rather than whoever waits for it, who may go away earlier.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] if there is none in two seconds.
    pub async fn turn(&self, is_search: bool) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        if !is_search {
            return Ok(None);
        }
        match tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            // Nobody closes it, so it is the time that has run out.
            Ok(Err(_)) | Err(_) => Err(ApiError::Unavailable(None)),
        }
    }

    /// How many could begin now.
    pub fn free(&self) -> usize {
        self.0.available_permits()
    }
}
