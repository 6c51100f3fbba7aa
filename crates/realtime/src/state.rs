//! Who is connected and in which channels, and the delivery to them: everything that happens under the hub's lock.

mod accounts;
mod delivery;

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use plinth_domain::{Role, SessionId, UserId};

use crate::event::AccountChange;
use crate::frame::{Problem, Target};
use crate::link::{CloseReason, Room, Seat};
use crate::log::{EventLog, Logged};
use crate::settings::{HubSettings, Member, Refused};
use crate::state::accounts::Recent;
use crate::state::delivery::resync;
use crate::wire::SEQ_END;

pub(crate) struct State {
    connections: HashMap<u64, Connection>,
    users: HashMap<UserId, Presence>,
    addresses: HashMap<IpAddr, usize>,
    channels: HashMap<Arc<str>, HashSet<u64>>,
    recent: Recent,
    pub(crate) log: EventLog,
    /// Whether events may have happened that are not in the log and will never be; then nobody can resume.
    pub(crate) unsure: bool,
    /// Whether connections are refused because the server is going away.
    closing: bool,
    /// Whether it was logged that the policy panics.
    policy_failed: bool,
    next_id: u64,
    /// Who is to be woken once the lock is released.
    wakers: Vec<Waker>,
}

struct Connection {
    seat: Arc<Seat>,
    channels: Vec<Arc<str>>,
}

/// A new connection's number and seat, and what it missed.
type Entered = (u64, Arc<Seat>, Vec<Arc<Logged>>);

/// A user with connections.
struct Presence {
    connections: Vec<u64>,
    /// The latest of what was read and what events have said.
    known: AccountChange,
}

impl State {
    pub(crate) fn new(log: EventLog, unsure: bool) -> Self {
        Self {
            connections: HashMap::new(),
            users: HashMap::new(),
            addresses: HashMap::new(),
            channels: HashMap::new(),
            recent: Recent::default(),
            log,
            unsure,
            closing: false,
            policy_failed: false,
            next_id: 0,
            wakers: Vec::new(),
        }
    }

    pub(crate) fn take_wakers(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.wakers)
    }

    /// Lets somebody in, with what was missed since that number. `cut_off` is while the bus is away: others may know
    /// more.
    pub(crate) fn enter(
        &mut self,
        member: Member,
        since: Option<u64>,
        cut_off: bool,
        settings: &HubSettings,
    ) -> Result<Entered, Refused> {
        if self.closing {
            return Err(Refused::Closing);
        }
        let of_user = self.users.get(&member.user).map_or(0, |presence| presence.connections.len());
        if of_user >= settings.max_per_user {
            return Err(Refused::TooManyOfUser);
        }
        let address = member.address.map(network);
        if let Some(address) = address {
            let count = self.addresses.entry(address).or_default();
            if *count >= settings.max_per_address {
                return Err(Refused::TooManyOfAddress);
            }
            *count += 1;
        }
        let read =
            AccountChange { user: member.user, role: member.role, at: member.at.micros(), ends: false };
        let known = self.learn(read, settings);
        let came_with = since.filter(|since| *since < SEQ_END).unwrap_or(0);
        let seat = Arc::new(Seat::new(member.user, known.role, member.session, address, came_with));
        let id = self.next_id;
        self.next_id += 1;
        let presence = Presence { connections: Vec::new(), known };
        self.users.entry(member.user).or_insert(presence).connections.push(id);
        self.connections.insert(id, Connection { seat: Arc::clone(&seat), channels: Vec::new() });

        let mut missed = Vec::new();
        if known.ends {
            // It was read before that.
            self.close(id, CloseReason::SessionEnded);
            return Ok((id, seat, missed));
        }
        if let Some(since) = since {
            match self.log.since(since) {
                Some(events) if !self.unsure => missed.extend(
                    // By the role of now; when they are sent they are looked at again.
                    events.filter(|logged| logged.audience.has(member.user, known.role)).cloned(),
                ),
                _ => {
                    let last = self.log.last();
                    // One that knows all there is says so: from there on events follow, though the client may have
                    // seen some of them elsewhere.
                    let seq = if cut_off || self.unsure { last.max(came_with) } else { last };
                    seat.push(&resync(seq), Room::ENDLESS, &mut self.wakers);
                }
            }
        }
        Ok((id, seat, missed))
    }

    /// Forgets a connection, if it is still known.
    pub(crate) fn leave(&mut self, id: u64) {
        let Some(connection) = self.connections.remove(&id) else { return };
        if let Some(presence) = self.users.get_mut(&connection.seat.user) {
            presence.connections.retain(|other| *other != id);
            if presence.connections.is_empty() {
                self.users.remove(&connection.seat.user);
            }
        }
        if let Some(address) = connection.seat.address
            && let Some(count) = self.addresses.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                self.addresses.remove(&address);
            }
        }
        for channel in &connection.channels {
            self.leave_channel(id, channel);
        }
    }

    fn leave_channel(&mut self, id: u64, channel: &str) {
        if let Some(members) = self.channels.get_mut(channel) {
            members.remove(&id);
            if members.is_empty() {
                self.channels.remove(channel);
            }
        }
    }

    pub(crate) fn join(&mut self, id: u64, channel: &str, settings: &HubSettings) -> Result<(), Problem> {
        // A connection that was closed meanwhile gets no answer, and is in nothing.
        let Some(connection) = self.connections.get_mut(&id) else { return Ok(()) };
        let seat = &connection.seat;
        if !may_join(&mut self.policy_failed, settings, seat, seat.role(), channel) {
            return Err(Problem::ChannelForbidden);
        }
        if connection.channels.iter().any(|joined| **joined == *channel) {
            return Ok(());
        }
        if connection.channels.len() >= settings.max_channels {
            return Err(Problem::TooManyChannels);
        }
        let name =
            self.channels.get_key_value(channel).map_or_else(|| channel.into(), |(name, _)| name.clone());
        connection.channels.push(Arc::clone(&name));
        self.channels.entry(name).or_default().insert(id);
        Ok(())
    }

    pub(crate) fn part(&mut self, id: u64, channel: &str) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.channels.retain(|joined| **joined != *channel);
            self.leave_channel(id, channel);
        }
    }

    /// Whether a connection may send there now.
    pub(crate) fn may_send(&self, id: u64, to: &Target, settings: &HubSettings) -> Result<(), Problem> {
        let Some(connection) = self.connections.get(&id) else { return Err(Problem::NotAMember) };
        match to {
            Target::Everyone if settings.broadcast_roles.contains(&connection.seat.role()) => Ok(()),
            Target::Everyone => Err(Problem::BroadcastForbidden),
            Target::Channel(name) if connection.channels.iter().any(|joined| **joined == **name) => Ok(()),
            Target::Channel(_) => Err(Problem::NotAMember),
            Target::User(_) => Ok(()),
        }
    }

    fn set_role_of(&mut self, id: u64, role: Role, settings: &HubSettings) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let seat = &connection.seat;
        if seat.role() == role {
            return;
        }
        seat.set_role(role);
        let lost: Vec<Arc<str>> = connection
            .channels
            .extract_if(.., |name| !may_join(&mut self.policy_failed, settings, seat, role, name))
            .collect();
        for channel in lost {
            self.leave_channel(id, &channel);
        }
    }

    pub(crate) fn end_user(&mut self, user: UserId, but: Option<SessionId>) {
        for id in self.of_user(user) {
            if self.connections.get(&id).is_some_and(|connection| Some(connection.seat.session) != but) {
                self.close(id, CloseReason::SessionEnded);
            }
        }
    }

    pub(crate) fn end_sessions(&mut self, has_ended: impl Fn(&SessionId) -> bool) {
        let theirs = self.connections.iter().filter(|(_, connection)| has_ended(&connection.seat.session));
        for id in theirs.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.close(id, CloseReason::SessionEnded);
        }
    }

    pub(crate) fn close_all(&mut self, reason: CloseReason) {
        self.closing |= reason == CloseReason::GoingAway;
        for id in self.connections.keys().copied().collect::<Vec<_>>() {
            self.close(id, reason);
        }
    }

    pub(crate) fn sessions(&self) -> HashSet<(SessionId, UserId)> {
        self.connections.values().map(|connection| (connection.seat.session, connection.seat.user)).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.len()
    }

    fn close(&mut self, id: u64, reason: CloseReason) {
        if let Some(connection) = self.connections.get(&id) {
            connection.seat.close(reason, &mut self.wakers);
        }
        self.leave(id);
    }

    fn of_user(&self, user: UserId) -> Vec<u64> {
        self.users.get(&user).map_or_else(Vec::new, |presence| presence.connections.clone())
    }
}

/// Asks the policy. One that panics says no: the lock is held, and the caller may be seeing to all connections.
fn may_join(failed: &mut bool, settings: &HubSettings, seat: &Seat, role: Role, channel: &str) -> bool {
    let asked = catch_unwind(AssertUnwindSafe(|| settings.policy.may_join(seat.user, role, channel)));
    asked.unwrap_or_else(|_| {
        if !std::mem::replace(failed, true) {
            tracing::error!("the policy about channels panics; what it panics at is refused");
        }
        false
    })
}

/// What counts as one address: an IPv4 address, also where it is mapped into IPv6, or the first 64 bits of an IPv6
/// one, which is what one customer has at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}
