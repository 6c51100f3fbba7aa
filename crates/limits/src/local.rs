//! Limits in the memory of this process.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};
use plinth_domain::Clock;

use crate::buckets::{Ask, Buckets, Store};
use crate::{Decision, Key, Limit, Rate, Rates};

/// The most buckets of one limit: at 25 bytes each, and the slack of a hash table, about 8 MiB.
pub(crate) const MOST_BUCKETS: usize = 200_000;

/// All limits, by the buckets of this process.
pub(crate) struct Local {
    of_limits: [OfLimit; Limit::ALL.len()],
    clock: Arc<dyn Clock>,
}

struct OfLimit {
    rate: Rate,
    buckets: Arc<Buckets>,
    governor: RateLimiter<Ask, Store, Ticks, NoOpMiddleware<Nanos>>,
}

impl Local {
    pub(crate) fn new(rates: &Rates, clock: Arc<dyn Clock>) -> Self {
        Self { of_limits: Limit::ALL.map(|limit| OfLimit::new(rates.of(limit))), clock }
    }

    pub(crate) fn take(&self, limit: Limit, key: Key) -> Decision {
        let of = self.of(limit);
        let now = nanos_now(&*self.clock);
        NOW.set(now);
        let ask = Ask::new(key, now);
        let allowed = of.governor.check_key(&ask).is_ok();
        Decision::new(limit, of.rate, allowed, ask.used().div_ceil(1_000))
    }

    pub(crate) fn clear(&self, limit: Limit, key: Key) {
        self.of(limit).buckets.clear(key);
    }

    pub(crate) fn give_back(&self, limit: Limit, key: Key) {
        let of = self.of(limit);
        of.buckets.give_back(key, nanos_now(&*self.clock), of.rate.interval() * 1_000);
    }

    /// Has a bucket be full in that many microseconds, as Redis says.
    pub(crate) fn set(&self, limit: Limit, key: Key, used: u64) {
        let of = self.of(limit);
        of.buckets.set(key, nanos_now(&*self.clock), used.min(of.rate.full()) * 1_000);
    }

    /// How many buckets are kept.
    pub(crate) fn len(&self) -> usize {
        self.of_limits.iter().map(|of| of.buckets.len()).sum()
    }

    fn of(&self, limit: Limit) -> &OfLimit {
        // The discriminants count from 0 in the order of `ALL`.
        &self.of_limits[limit as usize]
    }
}

impl OfLimit {
    fn new(rate: Rate) -> Self {
        let buckets = Arc::new(Buckets::new(MOST_BUCKETS, rate.full() * 1_000));
        // Neither is ever zero, so neither fallback is ever taken.
        let quota = Quota::with_period(Duration::from_micros(rate.interval()))
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(rate.count()).unwrap_or(NonZeroU32::MIN));
        NOW.set(0);
        let governor = RateLimiter::new(quota, Store(Arc::clone(&buckets)), Ticks);
        Self { rate, buckets, governor }
    }
}

thread_local! {
    /// What [`Ticks`] shows to this thread.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

/// Our clock as governor reads it, in nanoseconds since the Unix epoch.
///
/// governor reads it by itself, and its reading has to be the one that the store goes by: two would differ, and what
/// is left would come out one too low. It counts from the instant at which it was made, and what is before counts as
/// that; so it is made at the epoch, and the clock may be put back to before the start of the process.
struct Ticks;

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        NOW.get().into()
    }
}

/// Nanoseconds since the Unix epoch, at most those of the year 2477: room is left to add the longest period to.
fn nanos_now(clock: &dyn Clock) -> u64 {
    const LAST: u64 = 16_000_000_000_000_000;
    u64::try_from(clock.now().micros()).unwrap_or(0).min(LAST) * 1_000
}
