//! Removes what is no longer of any use: sessions and tokens that have run out, old dead letters and audit entries.

use std::sync::Arc;
use std::time::Duration;

use plinth_domain::{Clock, Timestamp};
use plinth_persistence::{Connection, Database, Error, outbox, sweep};

use crate::stop::Stop;

/// How long things are kept that nobody needs to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Messages that could not be delivered.
    pub dead_letters: Duration,
    /// Entries of the audit log; `None` keeps them for ever.
    pub audit: Option<Duration>,
}

impl Default for Retention {
    /// A month, and a year.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { dead_letters: 30 * DAY, audit: Some(365 * DAY) }
    }
}

/// Removes what is no longer of any use, now and then.
#[derive(Clone)]
pub struct Sweeper {
    /// The database.
    pub db: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long things are kept.
    pub retention: Retention,
    /// How long it waits before its first round: not long, so that instances that live for less than an interval sweep
    /// too, and not the same in all that are started together.
    pub first: Duration,
    /// How long it rests between two rounds.
    pub interval: Duration,
}

/// Nothing in the outbox waits for longer: neither a lease nor the pause before another attempt is as long.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

type Sweep = fn(&mut Connection, Timestamp) -> Result<usize, Error>;

impl Sweeper {
    /// Works until it is told to stop.
    pub async fn run(self, mut stop: Stop) {
        let mut rest = self.first;
        while stop.pause(rest).await {
            self.sweep(&stop).await;
            rest = self.interval;
        }
    }

    /// One round.
    pub async fn sweep(&self, stop: &Stop) {
        let now = self.clock.now();
        let before = |age: Duration| now.minus(age);
        let mut rounds: Vec<(&str, Sweep, Timestamp)> = vec![
            ("sessions", sweep::sessions, now),
            ("one_time_tokens", sweep::one_time_tokens, now),
            ("dead_letters", sweep::dead_letters, before(self.retention.dead_letters)),
        ];
        if let Some(age) = self.retention.audit {
            rounds.push(("audit", sweep::audit, before(age)));
        }
        self.bring_mail_forward(now).await;
        for (what, sweep, until) in rounds {
            match self.all(sweep, until, stop).await {
                Ok(0) => {}
                Ok(removed) => tracing::info!(what, removed, "swept"),
                Err(error) => tracing::warn!(what, %error, "cannot sweep; it is tried again later"),
            }
        }
    }

    /// Mail that was put on its way, or taken, while the clock was ahead.
    async fn bring_mail_forward(&self, now: Timestamp) {
        let brought = self
            .db
            .write(move |connection| outbox::bring_forward(connection, now, now.plus(LONGEST_WAIT)))
            .await;
        match brought {
            Ok(0) => {}
            Ok(brought) => tracing::warn!(brought, "mail was due in a distant future; it is due now"),
            Err(error) => tracing::warn!(%error, "cannot look for mail that is due too late"),
        }
    }

    /// Batch after batch, each a transaction of its own, so that whoever else writes comes in between.
    async fn all(&self, sweep: Sweep, until: Timestamp, stop: &Stop) -> Result<usize, Error> {
        let mut removed = 0;
        loop {
            let batch = self.db.write(move |connection| sweep(connection, until)).await?;
            removed += batch;
            if batch < sweep::BATCH || stop.is_told() {
                return Ok(removed);
            }
        }
    }
}
