//! What waits for the bus.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytestring::ByteString;
use tokio::sync::mpsc;

use crate::event::Event;
use crate::frame::Target;
use crate::wire::Control;

/// The most messages that wait.
const MOST_WAITING: usize = 4_096;
/// The most bytes that wait.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How long the connections of an instance are not told to resync again after they were, while events are lost. Twice
/// as long each time while Redis is away: what they fetch anew costs more than the events did.
const RESYNC_PAUSE: Duration = Duration::from_secs(1);
/// The longest that it gets.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Something for all instances.
pub(crate) enum Outgoing {
    Event(Event),
    /// Instead of an event that cannot be told of: all are to resync.
    Loss,
    Message(Target, ByteString),
    Control(Control),
}

impl Outgoing {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Event(event) => event.body.len(),
            Self::Message(_, text) => text.len(),
            Self::Loss | Self::Control(_) => 0,
        }
    }
}

/// The near end of the bus.
pub(crate) struct Outbound {
    queue: mpsc::Sender<Outgoing>,
    bytes: AtomicUsize,
    up: AtomicBool,
    /// Whether an event was lost, so that all instances have to be told to resync.
    lost: AtomicBool,
    resync: Mutex<Resync>,
}

#[derive(Default)]
struct Resync {
    last: Option<Instant>,
    /// How long after the last none is sent.
    pause: Duration,
    owed: bool,
}

/// A loss that is being announced. Where that is given up or fails it is one still.
pub(crate) struct Loss<'a>(Option<&'a Outbound>);

impl Loss<'_> {
    /// It has been announced.
    pub(crate) fn told(mut self) {
        self.0 = None;
    }
}

impl Drop for Loss<'_> {
    fn drop(&mut self) {
        if let Some(outbound) = self.0 {
            outbound.set_lost();
        }
    }
}

/// The far end.
pub(crate) struct Backlog(mpsc::Receiver<Outgoing>);

impl Outbound {
    pub(crate) fn new() -> (Arc<Self>, Backlog) {
        let (queue, rest) = mpsc::channel(MOST_WAITING);
        let outbound = Self {
            queue,
            bytes: AtomicUsize::new(0),
            up: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            resync: Mutex::default(),
        };
        (Arc::new(outbound), Backlog(rest))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::SeqCst)
    }

    pub(crate) fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::SeqCst);
        if up {
            self.resync().pause = RESYNC_PAUSE;
        }
    }

    /// An event was lost: all instances have to be told to resync.
    pub(crate) fn set_lost(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    pub(crate) fn has_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// What is to be announced, if there is something. What is lost from here on is another loss.
    pub(crate) fn take_loss(&self) -> Option<Loss<'_>> {
        self.lost.swap(false, Ordering::SeqCst).then(|| Loss(Some(self)))
    }

    /// Queues it; gives it back where there is no room or no bus.
    pub(crate) fn offer(&self, outgoing: Outgoing) -> Result<(), Outgoing> {
        let length = outgoing.len();
        if !self.is_up() || self.bytes.load(Ordering::Relaxed) + length > MOST_BYTES {
            return Err(outgoing);
        }
        self.bytes.fetch_add(length, Ordering::Relaxed);
        self.queue.try_send(outgoing).map_err(|error| {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            match error {
                mpsc::error::TrySendError::Full(outgoing) | mpsc::error::TrySendError::Closed(outgoing) => {
                    outgoing
                }
            }
        })
    }

    /// Whether connections are to be told to resync now, and not a little later together with the next loss.
    pub(crate) fn may_resync(&self, now: Instant) -> bool {
        let mut resync = self.resync();
        resync.owed = resync.last.is_some_and(|last| now.saturating_duration_since(last) < resync.pause);
        if !resync.owed {
            resync.last = Some(now);
            let longer = if self.is_up() { RESYNC_PAUSE } else { resync.pause * 2 };
            resync.pause = longer.clamp(RESYNC_PAUSE, LONGEST_PAUSE);
        }
        !resync.owed
    }

    /// Whether a resync was put off whose time has come.
    pub(crate) fn owes_resync(&self, now: Instant) -> bool {
        let owed = self.resync().owed;
        owed && self.may_resync(now)
    }

    /// All have been told to resync over the bus: what was put off is done.
    pub(crate) fn is_resynced(&self) {
        self.resync().owed = false;
    }

    fn resync(&self) -> MutexGuard<'_, Resync> {
        self.resync.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backlog {
    /// Lets nothing more in; what waits can still be taken.
    pub(crate) fn close(&mut self) {
        self.0.close();
    }

    /// The next that waits.
    pub(crate) async fn next(&mut self, outbound: &Outbound) -> Option<Outgoing> {
        let outgoing = self.0.recv().await?;
        outbound.bytes.fetch_sub(outgoing.len(), Ordering::Relaxed);
        Some(outgoing)
    }

    /// The next, if one waits already.
    pub(crate) fn try_next(&mut self, outbound: &Outbound) -> Option<Outgoing> {
        let outgoing = self.0.try_recv().ok()?;
        outbound.bytes.fetch_sub(outgoing.len(), Ordering::Relaxed);
        Some(outgoing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_one_until_it_told() {
        let (outbound, _queue) = Outbound::new();
        assert!(outbound.take_loss().is_none() && !outbound.has_lost());
        outbound.set_lost();
        // Given up, as by a `select!` that something else has won.
        drop(outbound.take_loss());
        assert!(outbound.has_lost());
        outbound.take_loss().into_iter().for_each(Loss::told);
        assert!(!outbound.has_lost());
    }

    #[test]
    fn what_is_lost_while_a_loss_told_is_another() {
        let (outbound, _queue) = Outbound::new();
        outbound.set_lost();
        let loss = outbound.take_loss();
        outbound.set_lost();
        loss.into_iter().for_each(Loss::told);
        assert!(outbound.has_lost());
    }

    /// In which seconds connections are told, where an event is lost in each.
    fn told(outbound: &Outbound, start: Instant, seconds: std::ops::Range<u64>) -> Vec<u64> {
        seconds.filter(|second| outbound.may_resync(start + Duration::from_secs(*second))).collect()
    }

    #[test]
    fn resyncs_grow_rarer_while_redis_is_away() {
        let (outbound, _queue) = Outbound::new();
        let start = Instant::now();
        assert_eq!(told(&outbound, start, 0..125), [0, 1, 3, 7, 15, 31, 61, 91, 121]);
        assert!(outbound.owes_resync(start + Duration::from_secs(151)));
        assert!(!outbound.owes_resync(start + Duration::from_secs(300)));
        // Back, and away again.
        outbound.set_up(true);
        assert_eq!(told(&outbound, start, 152..156), [152, 153, 154, 155]);
        outbound.set_up(false);
        assert_eq!(told(&outbound, start, 156..163), [156, 158, 162]);
    }

    #[test]
    fn what_all_were_told_is_not_owed() {
        let (outbound, _queue) = Outbound::new();
        let start = Instant::now();
        assert!(outbound.may_resync(start) && !outbound.may_resync(start));
        outbound.is_resynced();
        assert!(!outbound.owes_resync(start + LONGEST_PAUSE));
    }
}
