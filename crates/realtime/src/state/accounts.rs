//! Which role a user has: what says so comes on several ways, and the later `updated_at` counts.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use plinth_domain::{Role, Timestamp, UserId};

use super::State;
use crate::event::AccountChange;
use crate::link::CloseReason;
use crate::settings::HubSettings;

/// How long a change is remembered of a user who has no connection: longer than it takes to connect with what was read
/// before it.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// Of how many changes, at most.
const MOST_KEPT: usize = 10_000;

/// The changes of the last minute.
#[derive(Default)]
pub(super) struct Recent {
    changes: HashMap<UserId, (Instant, AccountChange)>,
    order: VecDeque<(Instant, UserId)>,
}

impl Recent {
    fn note(&mut self, change: AccountChange, now: Instant) {
        self.changes.insert(change.user, (now, change));
        self.order.push_back((now, change.user));
        while let Some((noted, user)) = self.order.front().copied()
            && (self.order.len() > MOST_KEPT || now.saturating_duration_since(noted) > KEPT_FOR)
        {
            self.order.pop_front();
            // Unless it was noted again.
            if self.changes.get(&user).is_some_and(|(at, _)| *at == noted) {
                self.changes.remove(&user);
            }
        }
    }

    fn of(&self, user: UserId) -> Option<AccountChange> {
        let (noted, change) = self.changes.get(&user)?;
        (noted.elapsed() <= KEPT_FOR).then_some(*change)
    }
}

impl State {
    /// The latest that is known of a user, if anything is.
    pub(super) fn known(&self, user: UserId) -> Option<AccountChange> {
        let present = self.users.get(&user).map(|presence| presence.known);
        self.recent.of(user).into_iter().chain(present).max_by_key(|change| change.at)
    }

    /// What is known of a user's role, with that. Gives it to the connections that the user has already.
    pub(super) fn learn(&mut self, change: AccountChange, settings: &HubSettings) -> AccountChange {
        if let Some(known) = self.known(change.user).filter(|known| known.at > change.at) {
            return known;
        }
        if let Some(presence) = self.users.get_mut(&change.user) {
            presence.known = change;
            for id in presence.connections.clone() {
                self.set_role_of(id, change.role, settings);
            }
        }
        change
    }

    pub(crate) fn set_role(&mut self, user: UserId, role: Role, at: Timestamp, settings: &HubSettings) {
        let change = AccountChange { user, role, at: at.micros(), ends: false };
        let news = self.users.get(&user).is_some_and(|presence| presence.known.role != role);
        if self.learn(change, settings).at == change.at && news {
            self.recent.note(change, Instant::now());
        }
    }

    /// Applies what an event means to its user's connections, and says which of them are to be closed after it.
    pub(super) fn apply(&mut self, change: AccountChange, settings: &HubSettings) -> Vec<u64> {
        if self.learn(change, settings).at > change.at {
            return Vec::new();
        }
        self.recent.note(change, Instant::now());
        if change.ends { self.of_user(change.user) } else { Vec::new() }
    }

    /// As [`State::deliver`] without the event, which was lost.
    pub(crate) fn apply_lost(&mut self, change: AccountChange, settings: &HubSettings) {
        for id in self.apply(change, settings) {
            self.close(id, CloseReason::SessionEnded);
        }
    }
}
