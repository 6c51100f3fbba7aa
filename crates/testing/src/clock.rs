//! Time and randomness under a test's control.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plinth_domain::{Clock, Entropy, SystemClock, Timestamp};

/// The machine's clock, put forward by as much as a test likes, or standing at one instant.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    ahead: Arc<AtomicU64>,
    stands_at: Arc<Mutex<Option<Timestamp>>>,
}

impl TestClock {
    /// Lets that much time pass at once.
    pub fn advance(&self, duration: Duration) {
        self.ahead.fetch_add(u64::try_from(duration.as_micros()).unwrap(), Ordering::SeqCst);
    }

    /// Lets it stand at that instant, until it is told another.
    pub fn stand_at(&self, at: Timestamp) {
        *self.stands_at.lock().unwrap() = Some(at);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let ahead = Duration::from_micros(self.ahead.load(Ordering::SeqCst));
        self.stands_at.lock().unwrap().unwrap_or_else(|| SystemClock.now().plus(ahead))
    }
}

/// Bytes that are the same in every run and never the same twice.
#[derive(Debug, Default)]
pub struct TestEntropy {
    drawn: AtomicU64,
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64 (Steele, Lea, Flood 2014): spreads a counter over all bits.
            let mut z =
                self.drawn.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
