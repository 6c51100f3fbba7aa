//! The task that connects a hub with those of other instances.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{Fuse, FusedFuture};
use redis::aio::PubSubStream;
use redis::{Client, RedisError};
use tokio::time::{MissedTickBehavior, interval};

use crate::hub::Hub;
use crate::outbound::{Backlog, Outbound, Outgoing};
use crate::redis_line::Line;

/// How often a sign of life is sent, what was put off is looked at, and, while Redis is away, it is looked for.
const TICK: Duration = Duration::from_secs(1);
/// How long Redis is left alone between two looks at whether it is back.
const PAUSE: Duration = Duration::from_millis(500);
/// How long nothing is sent when deliveries do not keep up.
const BREATH: Duration = Duration::from_millis(2);
/// The most that is sent to Redis at once.
const BATCH: usize = 128;
/// The most bytes that are sent to Redis at once, but for the last message of them.
const BATCH_BYTES: usize = 1024 * 1024;

/// The text is not the URL of a Redis. It is not repeated: it may have a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the URL of a Redis, such as redis://localhost:6379 or rediss://:password@redis.example.com:6379/0"
)]
pub struct NotARedisUrl;

/// The way to the other instances: a task to be run beside the server.
pub struct Bus {
    hub: Hub,
    outbound: Arc<Outbound>,
    backlog: Backlog,
    client: Client,
}

/// How a connection ended.
enum End {
    Stopped,
    Lost(String),
}

impl Bus {
    pub(crate) fn new(
        hub: Hub,
        outbound: Arc<Outbound>,
        backlog: Backlog,
        url: &str,
    ) -> Result<Self, NotARedisUrl> {
        let client = Client::open(url).map_err(|_| NotARedisUrl)?;
        Ok(Self { hub, outbound, backlog, client })
    }

    /// Runs until it is told to stop, and then sends what still waits; connects, and connects again, by itself.
    ///
    /// To be run within a Tokio runtime with I/O and time.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        // Redis may fail while what waits is being sent: then it has been told to stop already.
        let mut stop = pin!(stop.fuse());
        // Which Redis was last connected to: one that was started anew may have forgotten what it took.
        let mut run_id = None;
        let mut away = false;
        loop {
            let found = tokio::select! {
                biased;
                () = stop.as_mut() => return,
                found = Line::open(&self.client, &self.hub, &self.outbound, &mut run_id) => found,
                () = drain(&self.hub, &self.outbound, &mut self.backlog) => return,
            };
            let end = match found {
                Ok((line, ears)) => {
                    self.outbound.set_up(true);
                    if std::mem::take(&mut away) {
                        tracing::info!("Redis is back: instances share their events again");
                    }
                    self.use_line(&line, ears, stop.as_mut()).await
                }
                Err(reason) => End::Lost(reason),
            };
            match end {
                End::Stopped => return,
                End::Lost(_) if stop.is_terminated() => return,
                End::Lost(reason) if !away => {
                    away = true;
                    tracing::warn!(reason, "Redis is away: until it is back each instance is on its own");
                }
                End::Lost(_) => {}
            }
            tokio::select! {
                biased;
                () = stop.as_mut() => return,
                () = tokio::time::sleep(PAUSE) => {}
                () = drain(&self.hub, &self.outbound, &mut self.backlog) => return,
            }
            if self.outbound.owes_resync(Instant::now()) {
                self.hub.resync_all();
            }
        }
    }

    async fn use_line(
        &mut self,
        line: &Line,
        mut ears: PubSubStream,
        stop: Pin<&mut Fuse<impl Future<Output = ()>>>,
    ) -> End {
        let end = tokio::select! {
            reason = line.listen(&mut ears) => End::Lost(reason),
            end = write(line, &self.outbound, &mut self.backlog, stop) => end,
        };
        if matches!(end, End::Lost(_)) {
            // From here on nobody offers: what this finds is all there is.
            self.outbound.set_up(false);
            for outgoing in line.not_known_to_have_arrived() {
                self.hub.lose(outgoing);
            }
        }
        end
    }
}

/// Brings what waits to Redis, until that fails or it is told to stop.
async fn write(
    line: &Line,
    outbound: &Outbound,
    backlog: &mut Backlog,
    mut stop: Pin<&mut Fuse<impl Future<Output = ()>>>,
) -> End {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        while line.is_behind() {
            tokio::time::sleep(BREATH).await;
        }
        let mut batch: Vec<Outgoing> = Vec::new();
        let mut stopping = false;
        tokio::select! {
            Some(first) = backlog.next(outbound) => batch.push(first),
            _ = tick.tick() => {}
            () = stop.as_mut() => stopping = true,
        }
        loop {
            let mut bytes: usize = batch.iter().map(Outgoing::len).sum();
            while batch.len() < BATCH
                && bytes < BATCH_BYTES
                && let Some(next) = backlog.try_next(outbound)
            {
                bytes += next.len();
                batch.push(next);
            }
            let full = batch.len() == BATCH || bytes >= BATCH_BYTES;
            let sent = match line.send(std::mem::take(&mut batch)).await {
                Ok(()) => line.announce_loss().await,
                failed => failed,
            };
            match sent {
                Err(error) => return End::Lost(reason(&error)),
                Ok(()) if stopping && full => {}
                Ok(()) if stopping => return End::Stopped,
                Ok(()) => break,
            }
        }
        line.resync_if_owed();
    }
}

/// While there is no Redis: deals with what waits as lost. Never returns while the hub lives.
async fn drain(hub: &Hub, outbound: &Outbound, backlog: &mut Backlog) {
    loop {
        tokio::select! {
            next = backlog.next(outbound) => match next {
                Some(outgoing) => hub.lose(outgoing),
                None => return,
            },
            () = tokio::time::sleep(TICK) => {}
        }
        if outbound.owes_resync(Instant::now()) {
            hub.resync_all();
        }
    }
}

/// What is wrong, without the text of the error: it may name the server or what was asked.
pub(crate) fn reason(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if error.is_connection_refusal() {
        return "connection refused".to_owned();
    }
    error.code().unwrap_or_else(|| error.category()).to_owned()
}

impl Drop for Bus {
    fn drop(&mut self) {
        // Also where the task was aborted. Nobody takes what waits, and nothing more is let in.
        self.outbound.set_up(false);
        self.backlog.close();
        while let Some(outgoing) = self.backlog.try_next(&self.outbound) {
            self.hub.lose(outgoing);
        }
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the client, which has the URL.
        f.debug_struct("Bus").finish_non_exhaustive()
    }
}
