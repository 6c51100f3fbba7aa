//! What was sent to Redis and has not come back yet.

use std::collections::VecDeque;

use crate::outbound::Outgoing;

/// The most that is sent before it comes back, but for one batch.
const MOST: usize = 1_024;
/// The most bytes of it.
const MOST_BYTES: usize = 8 * 1024 * 1024;

#[derive(Default)]
pub(crate) struct UnderWay {
    sent: VecDeque<(u64, Outgoing)>,
    bytes: usize,
}

impl UnderWay {
    pub(crate) fn push(&mut self, number: u64, outgoing: Outgoing) {
        self.bytes += outgoing.len();
        self.sent.push_back((number, outgoing));
    }

    pub(crate) fn retain(&mut self, is_under_way: impl Fn(u64, &Outgoing) -> bool) {
        let bytes = &mut self.bytes;
        self.sent.retain(|(number, outgoing)| {
            let stays = is_under_way(*number, outgoing);
            if !stays {
                *bytes -= outgoing.len();
            }
            stays
        });
    }

    pub(crate) fn take(&mut self) -> Vec<Outgoing> {
        self.bytes = 0;
        self.sent.drain(..).map(|(_, outgoing)| outgoing).collect()
    }

    /// Whether more has to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.sent.len() > MOST || self.bytes > MOST_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Target;

    fn fill(under_way: &mut UnderWay, count: u64, bytes: usize) {
        for number in 0..count {
            under_way.push(number, Outgoing::Message(Target::Everyone, "x".repeat(bytes).into()));
        }
    }

    #[test]
    fn it_is_full_by_number_and_by_bytes_until_enough_has_come_back() {
        for (count, bytes, last) in [(1_025, 1, 1_023), (129, 65_536, 127)] {
            let mut under_way = UnderWay::default();
            fill(&mut under_way, count - 1, bytes);
            assert!(!under_way.is_full());
            fill(&mut under_way, 1, bytes);
            assert!(under_way.is_full());
            under_way.retain(|number, _| number >= last);
            assert!(!under_way.is_full() && under_way.bytes == bytes * under_way.sent.len());
            fill(&mut under_way, count, bytes);
            assert_eq!(under_way.take().len() as u64, count + 1);
            assert!(!under_way.is_full() && under_way.bytes == 0);
        }
    }
}
