//! Takes events from the bus into the hub, in their order.

use crate::hub::{Hub, with_seq};
use crate::log::Logged;
use crate::wire::{self, Logging};

/// An event as the bus has it.
pub(crate) struct Entry<'a> {
    pub(crate) seq: u64,
    /// The number of the event before; 0 for the first.
    pub(crate) prev: u64,
    /// `None` where it cannot be read: another version's.
    pub(crate) data: Option<&'a str>,
}

/// Reads entries one after the other.
///
/// Where one does not follow the last that the hub knows there is a gap: from there on the log is built anew, without
/// deliveries, and in the end every connection is told to resync once. The end is the drop: also where reading on fails
/// or is given up, or else what is in the log by then would never have been told of.
pub(crate) struct Reader<'a> {
    hub: &'a Hub,
    late: bool,
    anew: bool,
    ends_in_resync: bool,
    /// The number that the next entry has to name as the one before it.
    follows: u64,
}

impl<'a> Reader<'a> {
    /// `late` is for events that happened while this instance was not there.
    pub(crate) fn new(hub: &'a Hub, late: bool) -> Self {
        Self { hub, late, anew: false, ends_in_resync: false, follows: hub.last_seq() }
    }

    /// Starts the log before that entry.
    fn start_anew(&mut self, entry: &Entry<'_>) {
        self.anew = true;
        // The first of a stream: what was before it is not known, least of all with what numbers.
        let before = if entry.prev == 0 { entry.seq - 1 } else { entry.prev };
        self.hub.with(|state, _| state.log.restart(before.max(state.log.last())));
    }

    pub(crate) fn read(&mut self, entry: &Entry<'_>) {
        let last = self.hub.last_seq();
        if entry.seq <= last {
            return;
        }
        if last == 0 && !self.late {
            // The very first event, and we were there before it: nothing was missed.
            self.hub.with(|state, _| state.log.restart(entry.seq - 1));
        } else if last == 0 || entry.prev != self.follows {
            self.start_anew(entry);
        }
        self.follows = entry.seq;
        self.ends_in_resync = false;
        match entry.data.and_then(wire::read_data) {
            Some(Logging::Change { audience, account, body }) => {
                let logged = Logged { seq: entry.seq, audience, text: with_seq(body, entry.seq) };
                if self.anew {
                    self.hub.with(|state, settings| state.keep(logged, account, settings));
                } else {
                    self.hub.deliver(logged, account);
                }
            }
            Some(Logging::Resync) if !self.anew => {
                self.ends_in_resync = true;
                self.hub.resync(entry.seq);
            }
            resync => {
                self.ends_in_resync = resync.is_some();
                self.anew = true;
                self.hub.with(|state, _| state.log.restart(entry.seq));
            }
        }
    }

    /// Whether the last that was read is a resync.
    pub(crate) fn ends_in_resync(&self) -> bool {
        self.ends_in_resync
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if self.anew {
            self.hub.resync_all();
        }
    }
}
