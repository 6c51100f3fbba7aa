//! What is put into the queues of connections.

use std::sync::Arc;

use bytestring::ByteString;

use super::{Connection, State};
use crate::event::{AccountChange, Audience};
use crate::frame::Target;
use crate::link::{CloseReason, Room};
use crate::log::Logged;
use crate::settings::HubSettings;

impl State {
    /// Puts an answer into a connection's own queue.
    pub(crate) fn answer(&mut self, id: u64, text: &ByteString, settings: &HubSettings) {
        self.push_each(Some(id), text, settings);
    }

    /// Delivers a client's message.
    pub(crate) fn send(&mut self, to: &Target, text: &ByteString, settings: &HubSettings) {
        match to {
            Target::Everyone => {
                let everyone: Vec<u64> = self.connections.keys().copied().collect();
                self.push_each(everyone, text, settings);
            }
            Target::User(user) => {
                let theirs = self.of_user(*user);
                self.push_each(theirs, text, settings);
            }
            Target::Channel(name) => {
                let members: Vec<u64> =
                    self.channels.get(&**name).map_or_else(Vec::new, |ids| ids.iter().copied().collect());
                self.push_each(members, text, settings);
            }
        }
    }

    /// Delivers an event and keeps it.
    pub(crate) fn deliver(&mut self, logged: Logged, account: Option<AccountChange>, settings: &HubSettings) {
        let ending = account.map_or_else(Vec::new, |change| self.apply(change, settings));
        self.push_where(logged.audience, &logged.text, settings);
        for id in ending {
            self.close(id, CloseReason::SessionEnded);
        }
        self.log.push(Arc::new(logged));
    }

    /// As [`State::deliver`] without the delivery: everyone is told to resync instead.
    pub(crate) fn keep(&mut self, logged: Logged, account: Option<AccountChange>, settings: &HubSettings) {
        let ending = account.map_or_else(Vec::new, |change| self.apply(change, settings));
        for id in ending {
            self.close(id, CloseReason::SessionEnded);
        }
        self.log.push(Arc::new(logged));
    }

    /// Has everyone fetch anew what they show.
    pub(crate) fn resync_all(&mut self, settings: &HubSettings) {
        let last = self.log.last();
        let text = resync(last);
        let mut slow = Vec::new();
        for (id, Connection { seat, .. }) in &self.connections {
            // Not back behind what the client has come with, while others may know more than this instance.
            let own = (seat.since > last).then(|| resync(seat.since));
            if !seat.push(own.as_ref().unwrap_or(&text), Room::of(settings), &mut self.wakers) {
                slow.push(*id);
            }
        }
        self.leave_each(slow);
    }

    fn push_where(&mut self, audience: Audience, text: &ByteString, settings: &HubSettings) {
        let mut slow = Vec::new();
        for (id, connection) in &self.connections {
            let seat = &connection.seat;
            if audience.has(seat.user, seat.role()) && !seat.push(text, Room::of(settings), &mut self.wakers)
            {
                slow.push(*id);
            }
        }
        self.leave_each(slow);
    }

    fn push_each(&mut self, ids: impl IntoIterator<Item = u64>, text: &ByteString, settings: &HubSettings) {
        let mut slow = Vec::new();
        for id in ids {
            if let Some(connection) = self.connections.get(&id)
                && !connection.seat.push(text, Room::of(settings), &mut self.wakers)
            {
                slow.push(id);
            }
        }
        self.leave_each(slow);
    }

    fn leave_each(&mut self, slow: Vec<u64>) {
        for id in slow {
            self.leave(id);
        }
    }
}

/// What tells a client that events may be missing, and from which number on it is up to date again.
pub(super) fn resync(seq: u64) -> ByteString {
    format!(r#"{{"event":"resync","seq":{seq}}}"#).into()
}
