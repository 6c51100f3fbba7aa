//! What came of an attempt.

use std::time::Duration;

use crate::{Limit, Rate};

/// Whether an attempt is allowed, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a limit that nobody looks at limits nothing"]
pub struct Decision {
    /// Whether the attempt is allowed, and was counted.
    pub allowed: bool,
    /// False where limits are off; then every attempt is allowed and there is nothing to tell a client.
    pub enforced: bool,
    /// The limit.
    pub limit: Limit,
    /// Its rate.
    pub rate: Rate,
    /// How many more are allowed right now.
    pub remaining: u32,
    /// When refused: in how long the next one is allowed.
    pub retry_after: Option<Duration>,
    /// In how long the bucket is full again.
    pub reset_after: Duration,
}

impl Decision {
    /// A decision after which it takes that many microseconds until the bucket is full.
    pub(crate) fn new(limit: Limit, rate: Rate, allowed: bool, used: u64) -> Self {
        let (interval, full) = (rate.interval(), rate.full());
        let used = used.min(full);
        let remaining = if allowed { (full - used) / interval } else { 0 };
        Self {
            allowed,
            enforced: true,
            limit,
            rate,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            retry_after: (!allowed)
                .then(|| Duration::from_micros((used + interval).saturating_sub(full).max(1))),
            reset_after: Duration::from_micros(used),
        }
    }

    pub(crate) fn off(limit: Limit, rate: Rate) -> Self {
        Self { enforced: false, ..Self::new(limit, rate, true, 0) }
    }

    /// The value of `Retry-After` (RFC 9110 §10.2.3): whole seconds, rounded up; `None` where it is allowed.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }
}

/// Rounded up: a client that comes back then is not too early.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
