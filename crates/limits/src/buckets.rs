//! Where governor keeps its state: the buckets of one limit, in bounded memory.
//!
//! A bucket is one number, the instant at which it will be full again (the *theoretical arrival time* of GCRA). A
//! bucket that is full is not kept. Under more keys than there is room for the fullest go first, and what is
//! forgotten is remembered in sum: see [`Shard::floor`].

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

use crate::Key;

/// A key that governor is asked about, with room for what it does not tell.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    key: Key,
    now: u64,
    /// When the bucket will be full again, once there is an answer.
    full_at: Cell<u64>,
}

impl Ask {
    pub(crate) fn new(key: Key, now: u64) -> Self {
        Self { key, now, full_at: Cell::new(now) }
    }

    /// Nanoseconds until the bucket is full.
    pub(crate) fn used(&self) -> u64 {
        self.full_at.get().saturating_sub(self.now)
    }
}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// The buckets of one limit. All instants and durations are in nanoseconds.
pub(crate) struct Buckets {
    shards: [Mutex<Shard>; SHARDS],
    /// Keyed at random, so that nobody can choose keys that meet in one shard or one chain.
    hasher: RandomState,
    /// In how long an empty bucket fills.
    full: u64,
    /// The most buckets in a shard.
    most: usize,
}

/// So many threads seldom wait for each other.
const SHARDS: usize = 16;
/// A shard that holds fewer is never swept.
const FEW: usize = 64;

struct Shard {
    buckets: HashMap<Key, u64, RandomState>,
    /// At this many buckets those that have filled are removed.
    sweep_at: usize,
    /// Of the buckets that were forgotten before they were full, the latest instant at which one would have been.
    /// A key that is not known may be one of them, so its bucket starts as if it were.
    floor: u64,
}

impl Buckets {
    /// Room for about that many buckets, of which an empty one fills in `full`.
    pub(crate) fn new(most: usize, full: u64) -> Self {
        let hasher = RandomState::new();
        let shard = |_| {
            let buckets = HashMap::with_hasher(hasher.clone());
            Mutex::new(Shard { buckets, sweep_at: FEW, floor: 0 })
        };
        let shards = std::array::from_fn(shard);
        Self { shards, full, most: (most / SHARDS).max(FEW), hasher }
    }

    /// How many buckets are kept.
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).buckets.len()).sum()
    }

    /// Fills a bucket.
    pub(crate) fn clear(&self, key: Key) {
        self.shard(key).buckets.remove(&key);
    }

    /// Puts back what takes `interval` to refill.
    pub(crate) fn give_back(&self, key: Key, now: u64, interval: u64) {
        let mut shard = self.shard(key);
        let Some(full_at) = shard.buckets.get_mut(&key) else { return };
        *full_at = (*full_at).min(now.saturating_add(self.full)).saturating_sub(interval);
        if *full_at <= now {
            shard.buckets.remove(&key);
        }
    }

    /// Has a bucket be full in `used`.
    pub(crate) fn set(&self, key: Key, now: u64, used: u64) {
        let mut shard = self.shard(key);
        if used == 0 {
            shard.buckets.remove(&key);
        } else {
            self.keep(&mut shard, key, now, now.saturating_add(used));
        }
    }

    fn shard(&self, key: Key) -> MutexGuard<'_, Shard> {
        // From the upper half: a map looks at the lower bits for its place.
        let at = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0) % SHARDS;
        lock(&self.shards[at])
    }

    fn keep(&self, shard: &mut Shard, key: Key, now: u64, full_at: u64) {
        if let Some(known) = shard.buckets.get_mut(&key) {
            *known = full_at;
            return;
        }
        if shard.buckets.len() >= shard.sweep_at.min(self.most) {
            self.sweep(shard, now);
        }
        shard.buckets.insert(key, full_at);
    }

    /// Removes the buckets that have filled, and then, where there are still too many, the fullest eighth of the room.
    fn sweep(&self, shard: &mut Shard, now: u64) {
        let latest = now.saturating_add(self.full);
        shard.buckets.retain(|_, full_at| {
            // Later than that is only what was kept before the clock was put back.
            *full_at = (*full_at).min(latest);
            *full_at > now
        });
        if shard.buckets.len() >= self.most {
            let excess = shard.buckets.len() - self.most + self.most / 8;
            let mut all: Vec<u64> = shard.buckets.values().copied().collect();
            let (_, &mut fullest, _) = all.select_nth_unstable(excess);
            shard.floor = shard.floor.min(latest).max(fullest);
            shard.buckets.retain(|_, full_at| *full_at > fullest);
        }
        // Twice what is left: a sweep costs each bucket that comes a constant share.
        shard.sweep_at = (shard.buckets.len() * 2).max(FEW);
        if shard.buckets.capacity() > shard.sweep_at * 4 {
            shard.buckets.shrink_to(shard.sweep_at);
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Every change is a single insertion or removal: whatever a panic left behind is sound.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Buckets as governor holds them, which does not let go of what it is given.
pub(crate) struct Store(pub(crate) Arc<Buckets>);

impl StateStore for Store {
    type Key = Ask;

    fn measure_and_replace<T, F, E>(&self, ask: &Ask, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let buckets = &*self.0;
        let mut shard = buckets.shard(ask.key);
        let latest = ask.now.saturating_add(buckets.full);
        let known = shard.buckets.get_mut(&ask.key).map(|full_at| {
            // A clock that was put back must not leave a bucket emptier than empty.
            *full_at = (*full_at).min(latest);
            *full_at
        });
        let full_at = known.unwrap_or_else(|| shard.floor.min(latest));
        ask.full_at.set(full_at.max(ask.now));
        let (answer, full_at) = decide((full_at > 0).then(|| full_at.into()))?;
        ask.full_at.set(full_at.into());
        buckets.keep(&mut shard, ask.key, ask.now, full_at.into());
        Ok(answer)
    }
}
