//! The events of the recent past, for those who resume.

use std::collections::VecDeque;
use std::sync::Arc;

use bytestring::ByteString;

use crate::event::Audience;

/// An event that was delivered.
pub(crate) struct Logged {
    pub(crate) seq: u64,
    pub(crate) audience: Audience,
    pub(crate) text: ByteString,
}

/// All events with a number above `floor` and up to `last`, in order.
pub(crate) struct EventLog {
    entries: VecDeque<Arc<Logged>>,
    bytes: usize,
    floor: u64,
    last: u64,
    most_events: usize,
    most_bytes: usize,
}

impl EventLog {
    /// An empty one that starts after that number.
    pub(crate) fn new(last: u64, most_events: usize, most_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, floor: last, last, most_events, most_bytes }
    }

    /// The number of the newest event, or where the log starts.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Adds an event that comes directly after the last.
    pub(crate) fn push(&mut self, logged: Arc<Logged>) {
        self.last = logged.seq;
        self.bytes += logged.text.len();
        self.entries.push_back(logged);
        while self.entries.len() > self.most_events || self.bytes > self.most_bytes {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.text.len();
            self.floor = oldest.seq;
        }
    }

    /// Forgets everything: from that number on it is known again what happens.
    pub(crate) fn restart(&mut self, at: u64) {
        self.entries = VecDeque::new();
        self.bytes = 0;
        self.floor = at;
        self.last = at;
    }

    /// What came after that number; `None` where that is not known.
    pub(crate) fn since(&self, seq: u64) -> Option<impl Iterator<Item = &Arc<Logged>>> {
        if seq < self.floor || seq > self.last {
            return None;
        }
        let from = self.entries.partition_point(|logged| logged.seq <= seq);
        Some(self.entries.range(from..))
    }
}
