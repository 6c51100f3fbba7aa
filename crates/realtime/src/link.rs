//! One connection: what waits for it, and how it ends.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytestring::ByteString;
use plinth_domain::{Role, SessionId, UserId};

use crate::hub::Hub;
use crate::log::Logged;
use crate::settings::HubSettings;

/// How long a connection that ends in order may take for what still waits for it.
const GRACE: Duration = Duration::from_secs(2);
/// A queue that has been emptied keeps no more room than that.
const ROOM_KEPT: usize = 8;

/// What a connection is to send next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// A text frame.
    Text(ByteString),
    /// The close frame, after which nothing follows.
    Close(CloseReason),
}

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The server shuts down.
    GoingAway,
    /// The client does not read fast enough.
    SlowConsumer,
    /// The session has ended, or the account may no longer be used.
    SessionEnded,
}

impl CloseReason {
    /// The code of the close frame (RFC 6455 §7.4).
    pub fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::SlowConsumer => 1013,
            Self::SessionEnded => 4401,
        }
    }

    /// The reason in the close frame.
    pub fn text(self) -> &'static str {
        match self {
            Self::GoingAway => "the server is going away",
            Self::SlowConsumer => "too slow: messages were lost, connect again",
            Self::SessionEnded => "the session has ended",
        }
    }
}

/// A connection of a [`Hub`]. Dropping it is what disconnects.
pub struct Link {
    hub: Hub,
    id: u64,
    seat: Arc<Seat>,
    /// What was missed and has not been sent yet; it comes before the queue.
    missed: std::vec::IntoIter<Arc<Logged>>,
}

impl Link {
    pub(crate) fn new(hub: Hub, id: u64, seat: Arc<Seat>, missed: Vec<Arc<Logged>>) -> Self {
        Self { hub, id, seat, missed: missed.into_iter() }
    }

    /// What to send next. Cancel safe: what it has not returned stays.
    pub async fn next(&mut self) -> Out {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// What to send next, if there is something already: to send several frames in one write.
    pub fn try_next(&mut self) -> Option<Out> {
        match self.poll_next(&Context::from_waker(Waker::noop())) {
            Poll::Ready(out) => Some(out),
            Poll::Pending => None,
        }
    }

    fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Out> {
        if self.missed.len() > 0 && self.seat.closes_now().is_none() {
            // The role decides when it is sent: it may have changed since the connection was made.
            let (user, role) = (self.seat.user, self.seat.role());
            if let Some(next) = self.missed.find(|logged| logged.audience.has(user, role)) {
                return Poll::Ready(Out::Text(next.text.clone()));
            }
        }
        if self.missed.len() == 0 {
            self.missed = Vec::new().into_iter();
        }
        self.seat.poll_pop(cx)
    }

    /// Waits until the connection has to be given up even if a frame is just being sent: at once for a slow consumer,
    /// else two seconds after the end was decided, so that what still waits can be sent. For use beside a send that
    /// may never end.
    pub async fn closed(&mut self) -> CloseReason {
        let reason = poll_fn(|cx| self.seat.poll_closing(cx)).await;
        if reason != CloseReason::SlowConsumer {
            tokio::time::sleep(GRACE).await;
        }
        reason
    }

    /// Takes in one text frame of the client: delivers it, or puts the answer into this connection's own queue.
    pub fn receive(&self, text: &str) {
        self.hub.receive(self.id, &self.seat, text);
    }

    /// Whose connection it is.
    pub fn user(&self) -> UserId {
        self.seat.user
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.hub.leave(self.id);
    }
}

/// What the hub and the connection share.
pub(crate) struct Seat {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) address: Option<IpAddr>,
    /// The number that the client has come with, 0 for none.
    pub(crate) since: u64,
    role: AtomicU8,
    queue: Mutex<Queue>,
}

/// How much may wait for a connection.
#[derive(Clone, Copy)]
pub(crate) struct Room {
    pub(crate) texts: usize,
    pub(crate) bytes: usize,
}

impl Room {
    pub(crate) const ENDLESS: Self = Self { texts: usize::MAX, bytes: usize::MAX };

    pub(crate) fn of(settings: &HubSettings) -> Self {
        Self { texts: settings.queue, bytes: settings.queue_bytes }
    }
}

#[derive(Default)]
struct Queue {
    texts: VecDeque<ByteString>,
    bytes: usize,
    closing: Option<CloseReason>,
    waker: Option<Waker>,
}

impl Seat {
    pub(crate) fn new(
        user: UserId,
        role: Role,
        session: SessionId,
        address: Option<IpAddr>,
        since: u64,
    ) -> Self {
        let queue = Mutex::new(Queue::default());
        Self { user, session, address, since, role: AtomicU8::new(role as u8), queue }
    }

    pub(crate) fn role(&self) -> Role {
        let role = self.role.load(Ordering::Acquire);
        // Never another number; the least of roles stands for it.
        Role::ALL.into_iter().find(|known| *known as u8 == role).unwrap_or(Role::Viewer)
    }

    pub(crate) fn set_role(&self, role: Role) {
        self.role.store(role as u8, Ordering::Release);
    }

    /// Puts a message into the queue; false where there is no room: then the connection is closing, and what waited
    /// is gone.
    pub(crate) fn push(&self, text: &ByteString, most: Room, wakers: &mut Vec<Waker>) -> bool {
        let mut queue = self.queue();
        if queue.closing.is_some() {
            return true;
        }
        let bytes = queue.bytes + text.len();
        let fits = queue.texts.len() < most.texts && (bytes <= most.bytes || queue.texts.is_empty());
        if fits {
            queue.texts.push_back(text.clone());
            queue.bytes = bytes;
        } else {
            queue.texts = VecDeque::new();
            queue.bytes = 0;
            queue.closing = Some(CloseReason::SlowConsumer);
        }
        wakers.extend(queue.waker.take());
        fits
    }

    /// Has the connection close once the queue is empty, unless it is closing already.
    pub(crate) fn close(&self, reason: CloseReason, wakers: &mut Vec<Waker>) {
        let mut queue = self.queue();
        queue.closing.get_or_insert(reason);
        wakers.extend(queue.waker.take());
    }

    fn closes_now(&self) -> Option<CloseReason> {
        self.queue().closing.filter(|reason| *reason == CloseReason::SlowConsumer)
    }

    fn poll_pop(&self, cx: &Context<'_>) -> Poll<Out> {
        let mut queue = self.queue();
        if let Some(text) = queue.texts.pop_front() {
            queue.bytes -= text.len();
            if queue.texts.is_empty() && queue.texts.capacity() > ROOM_KEPT {
                queue.texts = VecDeque::new();
            }
            return Poll::Ready(Out::Text(text));
        }
        match queue.closing {
            Some(reason) => Poll::Ready(Out::Close(reason)),
            None => queue.wait(cx),
        }
    }

    fn poll_closing(&self, cx: &Context<'_>) -> Poll<CloseReason> {
        let mut queue = self.queue();
        match queue.closing {
            Some(reason) => Poll::Ready(reason),
            None => queue.wait(cx),
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Every change is a single step: whatever a panic left behind is sound.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}
