//! The hub as a server uses it.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytestring::ByteString;
use plinth_domain::{Clock, Role, SessionId, Timestamp, UserId};

use crate::budget::Budgets;
use crate::bus::{Bus, NotARedisUrl};
use crate::event::{AccountChange, Event, next_seq};
use crate::frame::{Frame, Problem, Target, membership, parse};
use crate::link::{CloseReason, Link, Seat};
use crate::log::{EventLog, Logged};
use crate::outbound::{Outbound, Outgoing};
use crate::settings::{HubSettings, Member, Refused};
use crate::state::State;
use crate::wire::Control;

/// All connections of this instance, and the way to those of the others. Clones are the same hub.
///
/// No method waits for anything but memory, and none fails for want of the bus.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    settings: HubSettings,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    budgets: Mutex<Budgets>,
    /// What goes to the bus, where there is one.
    outbound: Option<Arc<Outbound>>,
}

impl Hub {
    /// A hub whose connections are all there are.
    pub fn local(settings: HubSettings, clock: Arc<dyn Clock>) -> Self {
        // What happened before the start is not known.
        let log = EventLog::new(next_seq(clock.now(), 0), settings.log_events, settings.log_bytes);
        Self::new(settings, clock, State::new(log, false), None)
    }

    /// A hub that shares events and messages with those of other instances, through a Redis (5 or newer), and the
    /// task that does so, which is to be run.
    ///
    /// Does not connect, and so succeeds while Redis is away.
    ///
    /// # Errors
    /// Only a text that is no Redis URL is refused. `rediss://` is TLS.
    pub fn shared(
        settings: HubSettings,
        clock: Arc<dyn Clock>,
        redis_url: &str,
    ) -> Result<(Self, Bus), NotARedisUrl> {
        let (outbound, backlog) = Outbound::new();
        let log = EventLog::new(0, settings.log_events, settings.log_bytes);
        // Until the bus has read what happened before.
        let hub = Self::new(settings, clock, State::new(log, true), Some(Arc::clone(&outbound)));
        let bus = Bus::new(hub.clone(), outbound, backlog, redis_url)?;
        Ok((hub, bus))
    }

    fn new(
        settings: HubSettings,
        clock: Arc<dyn Clock>,
        state: State,
        outbound: Option<Arc<Outbound>>,
    ) -> Self {
        let (state, budgets) = (Mutex::new(state), Mutex::default());
        Self(Arc::new(Inner { settings, clock, state, budgets, outbound }))
    }

    /// Lets somebody in who has been authenticated. `since` is the number of the last event that the client has seen:
    /// what it missed comes first, or a `resync` where that is not known.
    ///
    /// # Errors
    /// Where there are too many, or the server is going away.
    pub fn connect(&self, member: Member, since: Option<u64>) -> Result<Link, Refused> {
        let cut_off = self.is_degraded();
        let (id, seat, missed) =
            self.with(|state, settings| state.enter(member, since, cut_off, settings))?;
        Ok(Link::new(self.clone(), id, seat, missed))
    }

    /// Has an event delivered to those who may read it, on every instance. To be called after the commit.
    ///
    /// While Redis is away connections of this instance are told to resync at once, all others when it is back.
    pub fn publish(&self, event: Event) {
        let Some(outbound) = &self.0.outbound else {
            return self.with(|state, settings| {
                let seq = next_seq(self.0.clock.now(), state.log.last());
                let text = with_seq(&event.body, seq);
                state.deliver(Logged { seq, audience: event.audience, text }, event.account, settings);
            });
        };
        if let Err(outgoing) = outbound.offer(Outgoing::Event(event)) {
            self.lose(outgoing);
        }
    }

    /// Has all connections resync, on every instance: an event may have happened that nobody can tell of, such as a
    /// write whose commit was asked for and never answered.
    pub fn lost_an_event(&self) {
        let Some(outbound) = &self.0.outbound else {
            let now = self.0.clock.now();
            return self.with(|state, settings| {
                state.log.restart(next_seq(now, state.log.last()));
                state.resync_all(settings);
            });
        };
        if let Err(outgoing) = outbound.offer(Outgoing::Loss) {
            self.lose(outgoing);
        }
    }

    /// Gives the connections of a user on this instance the role that was read when their sessions were looked up, with
    /// the `updated_at` of the user as it was read: an older one than is known already is ignored.
    ///
    /// A change is for [`Event::user_updated`], which does it on all instances.
    pub fn set_role(&self, user: UserId, role: Role, at: Timestamp) {
        self.with(|state, settings| state.set_role(user, role, at, settings));
    }

    /// Closes all connections of a user, but for those of one session where that is given, on every instance; while
    /// Redis is away on this one.
    pub fn end_sessions_of(&self, user: UserId, but: Option<SessionId>) {
        self.control(but.map_or(Control::EndUser(user), |session| Control::KeepOnly(user, session)));
    }

    /// Closes the connections of these sessions on this instance alone: every instance looks for itself which have
    /// ended. However many they are, it is one pass over the connections.
    pub fn end_sessions(&self, ended: &HashSet<SessionId>) {
        self.with(|state, _| state.end_sessions(|session| ended.contains(session)));
    }

    /// Closes the connections of a session, on every instance; while Redis is away on this one.
    pub fn end_session(&self, session: SessionId) {
        self.control(Control::EndSession(session));
    }

    /// The sessions that have connections on this instance, each once: to look up whether they still live.
    pub fn sessions(&self) -> Vec<(SessionId, UserId)> {
        self.with(|state, _| state.sessions()).into_iter().collect()
    }

    /// Closes all connections of this instance, and after [`CloseReason::GoingAway`] lets nobody in any more.
    pub fn close_all(&self, reason: CloseReason) {
        self.with(|state, _| state.close_all(reason));
    }

    /// How many connections this instance has.
    pub fn connections(&self) -> usize {
        self.with(|state, _| state.connections())
    }

    /// Whether this hub is to share with others, through Redis.
    pub fn is_shared(&self) -> bool {
        self.0.outbound.is_some()
    }

    /// Whether this hub is to share with others and cannot now: for readiness checks and metrics.
    pub fn is_degraded(&self) -> bool {
        self.0.outbound.as_ref().is_some_and(|outbound| !outbound.is_up())
    }

    pub(crate) fn receive(&self, id: u64, seat: &Seat, text: &str) {
        let done = self
            .charge(seat.user, text.len())
            .and_then(|()| parse(text, seat.user))
            .and_then(|frame| self.act(id, frame));
        if let Err(problem) = done {
            self.with(|state, settings| state.answer(id, &problem.answer(), settings));
        }
    }

    /// Whether the user may send so much now.
    fn charge(&self, user: UserId, bytes: usize) -> Result<(), Problem> {
        let mut budgets = self.0.budgets.lock().unwrap_or_else(PoisonError::into_inner);
        let may = budgets.take(user, bytes, Instant::now(), &self.0.settings);
        if may { Ok(()) } else { Err(Problem::TooMuchData) }
    }

    fn act(&self, id: u64, frame: Frame) -> Result<(), Problem> {
        match frame {
            Frame::Join(channel) => self.with(|state, settings| {
                state.join(id, &channel, settings)?;
                state.answer(id, &membership("joined", &channel), settings);
                Ok(())
            }),
            Frame::Leave(channel) => self.with(|state, settings| {
                state.part(id, &channel);
                state.answer(id, &membership("left", &channel), settings);
                Ok(())
            }),
            Frame::Send(to, text) => {
                let to_bus = self.0.outbound.as_ref().filter(|outbound| outbound.is_up());
                self.with(|state, settings| {
                    state.may_send(id, &to, settings)?;
                    if to_bus.is_none() {
                        state.send(&to, &text, settings);
                    }
                    Ok(())
                })?;
                match to_bus.map(|outbound| outbound.offer(Outgoing::Message(to, text))) {
                    Some(Err(Outgoing::Message(..))) => Err(Problem::Overloaded),
                    _ => Ok(()),
                }
            }
        }
    }

    fn control(&self, control: Control) {
        self.apply(control);
        if let Some(outbound) = &self.0.outbound {
            // Lost while Redis is away: every instance looks up from time to time which sessions still live.
            let _ = outbound.offer(Outgoing::Control(control));
        }
    }

    pub(crate) fn apply(&self, control: Control) {
        self.with(|state, _| match control {
            Control::EndUser(user) => state.end_user(user, None),
            Control::KeepOnly(user, session) => state.end_user(user, Some(session)),
            Control::EndSession(ended) => state.end_sessions(|session| *session == ended),
        });
    }

    /// Deals with what could not be brought to the bus: a message goes to the connections of this instance; instead of
    /// an event they get a `resync`.
    pub(crate) fn lose(&self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Message(to, text) => self.send(&to, &text),
            Outgoing::Control(_) => {}
            Outgoing::Event(event) => self.lose_event(event.account),
            Outgoing::Loss => self.lose_event(None),
        }
    }

    fn lose_event(&self, account: Option<AccountChange>) {
        let Some(outbound) = &self.0.outbound else { return };
        outbound.set_lost();
        let resync_now = outbound.may_resync(Instant::now());
        self.with(|state, settings| {
            state.unsure = true;
            if let Some(change) = account {
                state.apply_lost(change, settings);
            }
            if resync_now {
                state.resync_all(settings);
            }
        });
    }

    pub(crate) fn send(&self, to: &Target, text: &ByteString) {
        self.with(|state, settings| state.send(to, text, settings));
    }

    pub(crate) fn deliver(&self, logged: Logged, account: Option<AccountChange>) {
        self.with(|state, settings| state.deliver(logged, account, settings));
    }

    /// What happened is known again only from that number on.
    pub(crate) fn resync(&self, at: u64) {
        if let Some(outbound) = &self.0.outbound {
            outbound.is_resynced();
        }
        self.with(|state, settings| {
            state.log.restart(at);
            state.unsure = self.0.outbound.as_ref().is_some_and(|outbound| outbound.has_lost());
            state.resync_all(settings);
        });
    }

    /// Has all connections resync to what is known.
    pub(crate) fn resync_all(&self) {
        self.with(|state, settings| state.resync_all(settings));
    }

    pub(crate) fn last_seq(&self) -> u64 {
        self.with(|state, _| state.log.last())
    }

    pub(crate) fn settings(&self) -> &HubSettings {
        &self.0.settings
    }

    /// Does something under the lock, and wakes those whom it concerns once that is released.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State, &HubSettings) -> T) -> T {
        let (done, wakers) = {
            // Every change is sound by itself, and no panic is expected: that of a policy is caught.
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            (act(&mut state, &self.0.settings), state.take_wakers())
        };
        for waker in wakers {
            waker.wake();
        }
        done
    }

    pub(crate) fn leave(&self, id: u64) {
        self.with(|state, _| state.leave(id));
    }
}

/// The whole text of an event.
pub(crate) fn with_seq(body: &str, seq: u64) -> ByteString {
    format!(r#"{body},"seq":{seq}}}"#).into()
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
