//! A clock that is set by hand, and cases that run in memory and on Redis.

use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use plinth_domain::{Clock, SystemClock, Timestamp};
use plinth_limits::{Key, Limits, Rate, Rates};

/// Stands where it is put.
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn new() -> Arc<Self> {
        // 2026-01-01T00:00:00Z
        Arc::new(Self(AtomicI64::new(1_767_225_600_000_000)))
    }

    pub(crate) fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }

    pub(crate) fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn back(&self, by: Duration) {
        self.0.fetch_sub(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Where a case runs: in memory with a clock of its own, or on the Redis with that URL.
pub(crate) enum World {
    Local(Arc<SetClock>),
    Redis(&'static str),
}

impl World {
    pub(crate) fn limits(&self, rates: Rates) -> Limits {
        match self {
            Self::Local(clock) => Limits::local(rates, Arc::<SetClock>::clone(clock)),
            Self::Redis(url) => shared(url, rates),
        }
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        match self {
            Self::Local(clock) => clock.forward(time),
            Self::Redis(_) => tokio::time::sleep(time).await,
        }
    }

    /// That no answer came from elsewhere than the case says.
    pub(crate) fn check(&self, limits: &Limits) {
        assert!(!limits.is_degraded(), "Redis was away");
    }
}

pub(crate) fn shared(url: &str, rates: Rates) -> Limits {
    Limits::shared(rates, Arc::new(SystemClock), url).unwrap()
}

/// The same rate for all limits.
pub(crate) fn all(rate: &str) -> Rates {
    let rate: Rate = rate.parse().unwrap();
    Rates {
        login_per_account: rate,
        login_per_ip: rate,
        register_per_ip: rate,
        mail_per_address: rate,
        refresh_per_session: rate,
    }
}

/// A key that no other test has, nor another run on the same Redis.
pub(crate) fn fresh_key() -> Key {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let (made, process) = (MADE.fetch_add(1, Ordering::SeqCst), std::process::id());
    Key::account_text(&format!("{} {process} {made}", SystemClock.now()))
}

pub(crate) fn address(number: u32) -> Key {
    Key::ip(std::net::IpAddr::from(Ipv4Addr::from(number)))
}

/// Runs a case on a runtime of its own with several threads.
pub(crate) fn run<T>(case: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap().block_on(case)
}

/// Runs each case in memory and on Redis; where there is no Redis that half says so, and fails with
/// `REQUIRE_REDIS=1`.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn case($world: crate::support::World) $body

            #[test]
            fn local() {
                crate::support::run(case(crate::support::World::Local(crate::support::SetClock::new())));
            }

            #[test]
            fn redis() {
                if let Some(url) = plinth_testing::redis::url() {
                    crate::support::run(case(crate::support::World::Redis(url)));
                }
            }
        }
    )*};
}
pub(crate) use on_both;
