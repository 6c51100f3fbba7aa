//! A piece of work on its way to a database thread and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

use crate::connection::AnyConnection as Connection;
use crate::error::Error;
use crate::pool::PATIENCE;

/// A queue of work.
pub(crate) type Queue = Sender<Message>;

/// What a database thread is told.
pub(crate) enum Message {
    /// To do this.
    Work(Box<dyn Job>),
    /// To end, once what came before is done. Ends one thread.
    Stop,
}

/// A piece of work, whatever its type.
pub(crate) trait Job: Send {
    /// Whether somebody still waits for it. A look that costs nothing and claims nothing.
    fn is_wanted(&self) -> bool;
    /// Claims the work; `false` if whoever asked has stopped waiting, and then it must not be done.
    fn claim(&self) -> bool;
    /// Does it, and keeps the answer.
    fn run(&mut self, connection: &mut Connection) -> Ran;
    /// Sends the answer, or the reason why it does not hold, such as a commit that failed.
    fn answer(self: Box<Self>, held: Result<(), Error>);
}

/// Waits for the next piece of work to do; `None` once the thread is told to end. While the database is being closed
/// all work is refused.
pub(crate) fn next(queue: &Receiver<Message>, closing: &AtomicBool) -> Option<Box<dyn Job>> {
    while let Ok(Message::Work(job)) = queue.recv() {
        // Looked at before a connection is waited for: while the database is away the queue would otherwise empty at
        // the pace of those waits, for callers that are long gone.
        if !job.is_wanted() {
            continue;
        }
        if !closing.load(Ordering::Acquire) {
            return Some(job);
        }
        job.answer(Err(Error::Unavailable("it is being closed", None)));
    }
    None
}

/// How a piece of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// What it did should be kept.
    Well,
    /// It refused: what it did should be undone.
    Badly,
    /// It refused with an outage: the same, and whether the connection still works is to be seen.
    Outage,
    /// It panicked: nobody knows what the connection was doing, so it cannot be used any more.
    Panicked,
}

const WAITING: u8 = 0;
const CLAIMED: u8 = 1;
const ABANDONED: u8 = 2;

struct Task<F, T, E> {
    work: Option<F>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    state: Arc<AtomicU8>,
}

impl<F, T, E> Job for Task<F, T, E>
where
    F: FnOnce(&mut Connection) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Outage + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed() && self.state.load(Ordering::Acquire) == WAITING
    }

    fn claim(&self) -> bool {
        !self.reply.is_closed()
            && self.state.compare_exchange(WAITING, CLAIMED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn run(&mut self, connection: &mut Connection) -> Ran {
        let Some(work) = self.work.take() else { return Ran::Badly };
        // A panic must not take the thread with it. What the connection was doing then is anyone's guess.
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let (result, ran) = match result {
            Ok(Ok(value)) => (Ok(value), Ran::Well),
            Ok(Err(error)) if error.is_outage() => (Err(error), Ran::Outage),
            Ok(Err(error)) => (Err(error), Ran::Badly),
            Err(_) => (Err(Error::Unexpected("the work panicked".into()).into()), Ran::Panicked),
        };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>, held: Result<(), Error>) {
        let result = match (held, self.result) {
            // Its own refusal says more than that the transaction came to nothing.
            (_, Some(Err(refused))) => Err(refused),
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(Error::Unexpected("the work was not done".into()).into()),
        };
        // Whoever asked may have gone; the work stands all the same.
        let _ = self.reply.send(result);
    }
}

/// Tells the errors with which a connection may have been lost from all others.
pub trait Outage {
    /// Whether the database was not available. The connection that this was met on is checked before it is used
    /// again: it may be lost, or have met no more than a lock that was not given back in time.
    fn is_outage(&self) -> bool;
}

impl Outage for Error {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(..))
    }
}

/// Puts work into the queue and waits for the answer, but not for longer than [`PATIENCE`] until it is begun.
pub(crate) async fn submit<F, T, E>(queue: &Queue, work: F) -> Result<T, E>
where
    F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Outage + Send + 'static,
{
    let (reply, mut answer) = oneshot::channel();
    let state = Arc::new(AtomicU8::new(WAITING));
    let task = Task { work: Some(work), result: None, reply, state: Arc::clone(&state) };
    if queue.try_send(Message::Work(Box::new(task))).is_err() {
        return Err(Error::Unavailable("its queue is full or closed", None).into());
    }
    let lost = || Error::Unexpected("the database thread went away".into());
    match tokio::time::timeout(PATIENCE, &mut answer).await {
        Ok(answer) => answer.unwrap_or_else(|_| Err(lost().into())),
        Err(_) if state.compare_exchange(WAITING, ABANDONED, Ordering::AcqRel, Ordering::Acquire).is_ok() => {
            Err(Error::Unavailable("it did not take up the work in time", None).into())
        }
        // It has begun: what comes of it is the answer.
        Err(_) => answer.await.unwrap_or_else(|_| Err(lost().into())),
    }
}
