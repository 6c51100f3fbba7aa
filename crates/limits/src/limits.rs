//! The limits as a server uses them.

use std::fmt;
use std::sync::Arc;

use plinth_domain::Clock;

use crate::local::Local;
use crate::shared::{Act, NotARedisUrl, Shared};
use crate::{Decision, Key, Limit, Rates};

/// All limits of a server. Clones are the same limits.
///
/// The methods are to be called within a Tokio runtime with I/O and time. They never fail, and take at most a quarter
/// of a second, at the start of an outage.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    rates: Rates,
    keeper: Keeper,
}

enum Keeper {
    Off,
    Local(Local),
    Shared { shared: Arc<Shared>, local: Local },
}

impl Limits {
    /// No limits: everything is allowed, and nothing is kept.
    pub fn off() -> Self {
        Self::with(Rates::default(), Keeper::Off)
    }

    /// Limits in the memory of this process.
    pub fn local(rates: Rates, clock: Arc<dyn Clock>) -> Self {
        Self::with(rates, Keeper::Local(Local::new(&rates, clock)))
    }

    /// Limits in a Redis (5 or newer), shared by all that use it. While it is away those of this process decide, by
    /// what Redis last told it.
    ///
    /// Does not connect, and so succeeds while Redis is away; only a text that is no Redis URL is refused. `rediss://`
    /// is TLS. The clock is for the time without Redis, which has its own.
    pub fn shared(rates: Rates, clock: Arc<dyn Clock>, redis_url: &str) -> Result<Self, NotARedisUrl> {
        let shared = Arc::new(Shared::new(redis_url)?);
        Ok(Self::with(rates, Keeper::Shared { shared, local: Local::new(&rates, clock) }))
    }

    fn with(rates: Rates, keeper: Keeper) -> Self {
        Self(Arc::new(Inner { rates, keeper }))
    }

    /// Whether these limits are to be shared, through Redis.
    pub fn is_shared(&self) -> bool {
        matches!(&self.0.keeper, Keeper::Shared { .. })
    }

    /// Whether these limits are to be shared and Redis is known to be away: for readiness checks and metrics.
    pub fn is_degraded(&self) -> bool {
        matches!(&self.0.keeper, Keeper::Shared { shared, .. } if shared.is_away())
    }

    /// How many buckets this process keeps: for metrics.
    pub fn buckets(&self) -> usize {
        match &self.0.keeper {
            Keeper::Off => 0,
            Keeper::Local(local) | Keeper::Shared { local, .. } => local.len(),
        }
    }

    /// Decides on an attempt and counts it if it is allowed.
    pub async fn take(&self, limit: Limit, key: Key) -> Decision {
        match &self.0.keeper {
            Keeper::Off => Decision::off(limit, self.0.rates.of(limit)),
            Keeper::Local(local) => local.take(limit, key),
            Keeper::Shared { shared, local } => {
                let rate = self.0.rates.of(limit);
                let Some(answer) = shared.act(Act::Take, limit, rate, key).await else {
                    return local.take(limit, key);
                };
                // So that an outage is no fresh start for whoever is at the limit.
                local.set(limit, key, answer.used);
                Decision::new(limit, rate, answer.allowed, answer.used)
            }
        }
    }

    /// Forgets the attempts on a key: a success clears an account's failures.
    pub async fn clear(&self, limit: Limit, key: Key) {
        match &self.0.keeper {
            Keeper::Off => {}
            Keeper::Local(local) => local.clear(limit, key),
            Keeper::Shared { shared, local } => {
                local.clear(limit, key);
                shared.act(Act::Clear, limit, self.0.rates.of(limit), key).await;
            }
        }
    }

    /// Takes back one attempt that was allowed and came to no verdict, such as one that met an overloaded server.
    pub async fn give_back(&self, limit: Limit, key: Key) {
        match &self.0.keeper {
            Keeper::Off => {}
            Keeper::Local(local) => local.give_back(limit, key),
            Keeper::Shared { shared, local } => {
                match shared.act(Act::GiveBack, limit, self.0.rates.of(limit), key).await {
                    Some(answer) => local.set(limit, key, answer.used),
                    None => local.give_back(limit, key),
                }
            }
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL, which may have a password.
        let keeper = match &self.0.keeper {
            Keeper::Off => "off",
            Keeper::Local(_) => "local",
            Keeper::Shared { .. } => "shared",
        };
        f.debug_struct("Limits").field("keeper", &keeper).field("rates", &self.0.rates).finish()
    }
}
