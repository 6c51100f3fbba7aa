//! One connection, from its upgrade to its end.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Closed, MessageStream, Session};
use bytestring::ByteString;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use plinth_domain::User;
use plinth_realtime::{Link, Out};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};

use super::frames::{Fault, Frames, Incoming};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::middleware::connections::Connection;

/// How long a peer may take to take the last that it is told.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often it is looked whether it has.
const FAREWELL_TICK: Duration = Duration::from_millis(50);

/// A connection that was let in.
pub(super) struct Socket {
    caller: Rc<Caller>,
    link: Link,
    session: Session,
    /// To hang up by, where the peer takes nothing any more.
    guard: Option<Arc<Connection>>,
    /// When the token is no longer good.
    expiry: Instant,
}

/// Why a connection ends.
enum End {
    /// With that code and reason.
    Told(u16, &'static str),
    /// The peer has closed it, with that.
    Closed(Option<CloseReason>),
    /// The peer is gone, or says nothing, or takes nothing.
    Dead,
}

/// How many messages are handed over, or taken in, in one go, before anything else on the connection gets its turn.
const BATCH: usize = 32;

const SESSION_ENDED: End = End::Told(4401, "the session has ended");
const TOO_MANY: End = End::Told(1008, "too many frames");

impl Socket {
    pub(super) fn new(caller: Caller, link: Link, session: Session, guard: Option<Arc<Connection>>) -> Self {
        let expiry = Instant::now() + caller.token_expires_in();
        Self { caller: Rc::new(caller), link, session, guard, expiry }
    }

    /// Carries frames until there is a reason to end.
    pub(super) async fn run(mut self, frames: MessageStream) {
        let mut frames = Frames::new(frames);
        let end = self.carry(&mut frames).await;
        // Its place is free from here on.
        let Self { link, session, guard, .. } = self;
        drop(link);
        match end {
            End::Told(code, reason) => {
                drop(frames);
                let reason =
                    CloseReason { code: CloseCode::from(code), description: Some(reason.to_owned()) };
                let handed_over = timeout(FAREWELL, session.close(Some(reason))).await;
                if let (Ok(Ok(())), Some(guard)) = (handed_over, &guard) {
                    let _late = timeout(FAREWELL, taken(guard)).await;
                }
            }
            End::Closed(reason) => {
                let reason = reason.map(|reason| CloseReason { description: None, ..reason });
                let answer = async {
                    let _gone = session.close(reason).await;
                    // They end when the answer has been written: the peer waits for nothing but our end.
                    frames.end().await;
                };
                let _late = timeout(FAREWELL, answer).await;
            }
            End::Dead => {}
        }
        guard.inspect(|guard| guard.hang_up());
    }

    async fn carry(&mut self, frames: &mut Frames) -> End {
        let settings = &self.caller.app().settings;
        let mut allowance = Allowance::new(settings.ws_frames_per_second);
        let ping = settings.ws_ping_interval;
        let mut pings = interval_at(Instant::now() + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Two pings were not answered by then, or will not be: whoever is there answers each at once.
        let mut silence = pin!(sleep(ping * 2));
        let mut expiry = pin!(sleep_until(self.expiry));
        // Frames whose sender is being looked up. The next one waits for that; what is sent does not.
        let mut asked: Option<Asked> = None;
        let mut held = None;
        loop {
            let end = tokio::select! {
                out = self.link.next() => match out {
                    Out::Text(text) => self.forward(text).await,
                    Out::Close(reason) => Some(End::Told(reason.code(), reason.text())),
                },
                who = answered(&mut asked) => match asked.take() {
                    Some(Asked { texts, .. }) => self.accept(who, &texts),
                    None => None,
                },
                frame = next(&mut held, frames), if asked.is_none() => match frame {
                    Ok(Incoming::Close(reason)) => Some(End::Closed(reason)),
                    Ok(_) if !allowance.take() => Some(TOO_MANY),
                    Ok(frame) => {
                        // Whatever comes shows that the peer is there.
                        silence.as_mut().reset(Instant::now() + ping * 2);
                        match frame {
                            Incoming::Text(text) => {
                                let texts = batch(text, frames, &mut held, &mut allowance);
                                asked = Some(Asked::about(&self.caller, texts));
                                None
                            }
                            Incoming::Ping(payload) => {
                                self.send(async |session| session.pong(&payload).await).await
                            }
                            Incoming::Fragment | Incoming::Pong | Incoming::Close(_) => None,
                        }
                    }
                    Err(fault) => Some(fault.code().map_or(End::Dead, |(code, reason)| End::Told(code, reason))),
                },
                _ = pings.tick() => self.send(async |session| session.ping(b"").await).await,
                () = &mut silence, if asked.is_none() => Some(End::Dead),
                () = &mut expiry => Some(SESSION_ENDED),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Sends a message and what waits behind it, at most [`BATCH`] of them: what is handed over together is written
    /// together. `Some` where the connection ends by it.
    async fn forward(&mut self, first: ByteString) -> Option<End> {
        let mut next = Out::Text(first);
        for _ in 0..BATCH {
            let text = match next {
                Out::Text(text) => text,
                Out::Close(reason) => return Some(End::Told(reason.code(), reason.text())),
            };
            // Mostly there is room, and then no timer has to be set.
            let sent = match self.session.text(text.clone()).now_or_never() {
                Some(Ok(())) => None,
                Some(Err(_)) => Some(End::Dead),
                None => self.send(async |session| session.text(text).await).await,
            };
            if sent.is_some() {
                return sent;
            }
            next = self.link.try_next()?;
        }
        // The last one of a full batch that was looked at and not sent.
        match next {
            Out::Text(text) => self.send(async |session| session.text(text).await).await,
            Out::Close(reason) => Some(End::Told(reason.code(), reason.text())),
        }
    }

    /// Sends something; `Some` where the connection ends by it. A peer that takes nothing for as long as it may be
    /// silent is as good as gone, and one that is to be closed is not waited for.
    async fn send(&mut self, what: impl AsyncFnOnce(&mut Session) -> Result<(), Closed>) -> Option<End> {
        let patience = self.caller.app().settings.ws_ping_interval * 2;
        tokio::select! {
            biased;
            sent = timeout(patience, what(&mut self.session)) => match sent {
                Ok(Ok(())) => None,
                Ok(Err(_)) | Err(_) => Some(End::Dead),
            },
            end = over(&mut self.link, self.expiry) => Some(end),
        }
    }

    /// Does what frames ask, sent by whom the lookup says. `Some` where the connection ends by it.
    fn accept(&self, who: Result<User, ApiError>, texts: &[ByteString]) -> Option<End> {
        match who {
            Ok(user) => self.caller.app().hub.set_role(user.id, user.role, user.updated_at),
            Err(ApiError::InvalidToken) => return Some(SESSION_ENDED),
            // Without the database nobody can tell; whoever is in stays in, as what they were.
            Err(_) => {}
        }
        texts.iter().for_each(|text| self.link.receive(text));
        None
    }
}

/// Frames whose sender is being looked up.
struct Asked {
    who: LocalBoxFuture<'static, Result<User, ApiError>>,
    texts: Vec<ByteString>,
}

impl Asked {
    fn about(caller: &Rc<Caller>, texts: Vec<ByteString>) -> Self {
        let caller = Rc::clone(caller);
        Self { who: Box::pin(async move { caller.read(|_, user| Ok(user.clone())).await }), texts }
    }
}

/// A text and those behind it that are there already, as many as may come, at most [`BATCH`] of them: one lookup that
/// begins now covers them all. What comes after them and is another thing is held back.
fn batch(
    first: ByteString,
    frames: &mut Frames,
    held: &mut Held,
    allowance: &mut Allowance,
) -> Vec<ByteString> {
    let mut texts = vec![first];
    while held.is_none() && texts.len() < BATCH {
        match frames.next().now_or_never() {
            Some(Ok(Incoming::Text(text))) if allowance.take() => texts.push(text),
            Some(other) => *held = Some(other),
            None => break,
        }
    }
    texts
}

/// What came and is still to be looked at.
type Held = Option<Result<Incoming, Fault>>;

/// The frame that was held back, else the next one.
async fn next(held: &mut Held, frames: &mut Frames) -> Result<Incoming, Fault> {
    match held.take() {
        Some(frame) => frame,
        None => frames.next().await,
    }
}

/// Waits for what a lookup says; for ever where there is none.
async fn answered(asked: &mut Option<Asked>) -> Result<User, ApiError> {
    match asked {
        Some(asked) => (&mut asked.who).await,
        None => std::future::pending().await,
    }
}

/// Waits until the peer has taken what was written, and closed its end.
async fn taken(guard: &Arc<Connection>) {
    while !guard.is_over() {
        sleep(FAREWELL_TICK).await;
    }
}

/// Waits until the connection has to end, whatever is being done on it.
async fn over(link: &mut Link, expiry: Instant) -> End {
    tokio::select! {
        reason = link.closed() => End::Told(reason.code(), reason.text()),
        () = sleep_until(expiry) => SESSION_ENDED,
    }
}

/// How many frames may come: so many a second, and twice that at once.
struct Allowance {
    per_second: f64,
    left: f64,
    since: Instant,
}

impl Allowance {
    fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, left: per_second * 2.0, since: Instant::now() }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let refilled = now.duration_since(self.since).as_secs_f64() * self.per_second;
        self.left = (self.left + refilled).min(self.per_second * 2.0);
        self.since = now;
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}
