//! The one way to the database: work is handed to threads that hold connections.
//!
//! [`Database::read`] and [`Database::write`] take a closure over a [`Connection`] and answer with what it returns.
//! A `write` is a transaction that stands if the closure returns `Ok` and has never been if it returns `Err`.
//! Threads of a fixed number do the work, fed by a bounded queue: handing it to the async runtime's blocking threads
//! costs twice the time (docs/architecture.md). No connection is held while nothing is asked of it.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use diesel::r2d2::R2D2Connection as _;
use diesel::{Connection as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};

use crate::connection::{AnyConnection as Connection, Purpose};
use crate::error::Error;
use crate::group::serve_grouped;
use crate::job::{self, Message, Outage, Queue, Ran, submit};
use crate::pool::{Pool, pool, take};
use crate::schema::users;
use crate::settings::{DatabaseSettings, Location};
use crate::types::Key;

/// How many pieces of work may wait for each thread. What comes beyond is refused at once.
const WAITING_PER_THREAD: usize = 256;

/// How long closing waits for what is under way.
const CLOSING: Duration = Duration::from_secs(5);

/// The database. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    readers: Queue,
    writers: Queue,
    threads: Threads,
}

impl Database {
    /// Starts the threads. Connections are opened as they are needed, so this succeeds while the server is away;
    /// [`crate::migrations`] open the first one and tell.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the system gives no thread.
    pub fn start(settings: &DatabaseSettings) -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let cores = u32::try_from(cores).unwrap_or(u32::MAX);
        let location = settings.location.clone();
        let mut starting = Starting::default();
        let closing = Arc::clone(&starting.closing);
        let (readers, writers) = match &location {
            Location::Sqlite(_) => {
                let size = settings.pool_size.unwrap_or(cores).max(1);
                let read_pool = pool(&location, Purpose::Reading, size);
                let write_pool = pool(&location, Purpose::Writing, 1);
                let is_closing = Arc::clone(&closing);
                let readers =
                    starting.spawn("db-read", size, move |queue| serve(queue, &read_pool, &is_closing))?;
                let writers = starting
                    .spawn("db-write", 1, move |queue| serve_grouped(queue, &write_pool, &closing))?;
                (readers, writers)
            }
            Location::Postgres(_) => {
                let size = settings.pool_size.unwrap_or(cores.saturating_mul(4)).max(1);
                let shared = pool(&location, Purpose::Writing, size);
                let queue = starting.spawn("db", size, move |queue| serve(queue, &shared, &closing))?;
                (queue.clone(), queue)
            }
        };
        Ok(Self { inner: Arc::new(Inner { location, readers, writers, threads: starting.finish() }) })
    }

    /// Finishes what is under way, ends the threads and closes the connections, so that SQLite leaves one file
    /// behind. What waits, and what is asked for later, is refused. Blocks until it is done, but no longer than five
    /// seconds: a thread that hangs in a query is left to the end of the process.
    pub fn close(&self) {
        self.inner.threads.close();
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Whether the database answers, and has our tables.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it does not answer, [`Error::Unexpected`] where what is there is not ours.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read(|connection| {
            users::table.select(users::id).limit(1).first::<Key>(connection).optional()?;
            Ok(())
        })
        .await
    }

    /// Runs queries that change nothing.
    ///
    /// # Errors
    /// Those of the closure, and [`Error::Unavailable`] where the database cannot take up the work in two seconds.
    pub async fn read<F, T, E>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Outage + Send + 'static,
    {
        submit(&self.inner.readers, work).await
    }

    /// Runs queries of which the last one alone changes anything, by a single `INSERT`, `UPDATE` or `DELETE`: that
    /// happens whole or not at all by itself, and PostgreSQL is spared the two round trips of a transaction round it,
    /// which is half the work of such a write. Whatever makes two changes, or must see nothing change between what it
    /// reads and what it writes, is a [`Database::write`].
    ///
    /// # Errors
    /// As for [`Database::write`].
    pub async fn write_one<F, T, E>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Outage + Send + 'static,
    {
        submit(&self.inner.writers, work).await
    }

    /// Runs queries in a transaction, which is kept if the closure returns `Ok` and undone otherwise.
    ///
    /// # Errors
    /// Those of the closure, [`Error::Unavailable`] as for [`Database::read`], and whatever the commit meets.
    pub async fn write<F, T, E>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Outage + Send + 'static,
    {
        let queue = &self.inner.writers;
        match self.inner.location {
            // The writer's thread makes the transaction, which several pieces of work may share.
            Location::Sqlite(_) => submit(queue, work).await,
            Location::Postgres(_) => {
                submit(queue, move |connection: &mut Connection| in_transaction(connection, work)).await
            }
        }
    }
}

/// Runs the work in a transaction of its own.
fn in_transaction<F, T, E>(connection: &mut Connection, work: F) -> Result<T, E>
where
    F: FnOnce(&mut Connection) -> Result<T, E>,
    E: From<Error>,
{
    enum Failed<E> {
        Work(E),
        Transaction(diesel::result::Error),
    }
    impl<E> From<diesel::result::Error> for Failed<E> {
        fn from(error: diesel::result::Error) -> Self {
            Self::Transaction(error)
        }
    }
    connection.transaction(|connection| work(connection).map_err(Failed::Work)).map_err(|failed| match failed
    {
        Failed::Work(error) => error,
        Failed::Transaction(error) => Error::from(error).into(),
    })
}

/// One piece of work after the other.
fn serve(queue: &Receiver<Message>, pool: &Pool, closing: &AtomicBool) {
    while let Some(mut job) = job::next(queue, closing) {
        match take(pool) {
            Ok(mut pooled) => {
                if job.claim() {
                    pooled.broken |= match job.run(&mut pooled.connection) {
                        Ran::Well | Ran::Badly => false,
                        Ran::Outage => pooled.connection.ping().is_err(),
                        Ran::Panicked => true,
                    };
                    // Given back first, so that whoever is answered finds a connection free.
                    drop(pooled);
                    job.answer(Ok(()));
                }
            }
            Err(error) => job.answer(Err(error)),
        }
    }
}

/// The threads that serve the queues.
struct Threads {
    /// A queue for each thread that serves it; empty once they have been told to end.
    queues: Mutex<Vec<Queue>>,
    /// Nothing is ever sent; it is disconnected when the last thread has ended.
    ended: Receiver<Infallible>,
    closing: Arc<AtomicBool>,
}

/// Threads while they are being started.
struct Starting {
    queues: Vec<Queue>,
    alive: Sender<Infallible>,
    ended: Receiver<Infallible>,
    closing: Arc<AtomicBool>,
    /// Held while connections are closed.
    turn: Arc<Mutex<()>>,
}

impl Default for Starting {
    fn default() -> Self {
        let (alive, ended) = crossbeam_channel::bounded(0);
        Self { queues: Vec::new(), alive, ended, closing: Arc::default(), turn: Arc::default() }
    }
}

impl Starting {
    /// Starts the threads of a queue.
    fn spawn<F>(&mut self, name: &str, count: u32, body: F) -> Result<Queue, Error>
    where
        F: Fn(&Receiver<Message>) + Clone + Send + 'static,
    {
        let capacity = WAITING_PER_THREAD.saturating_mul(usize::try_from(count).unwrap_or(usize::MAX));
        let (queue, work) = crossbeam_channel::bounded(capacity.min(1 << 16));
        for n in 0..count {
            let (work, body, alive) = (work.clone(), body.clone(), self.alive.clone());
            let turn = Arc::clone(&self.turn);
            std::thread::Builder::new()
                .name(format!("{name}-{n}"))
                .spawn(move || {
                    body(&work);
                    // What the body holds, connections among it, goes before the thread counts as ended. One after the
                    // other: the last connection to an SQLite file tidies up after all, and of two that are closed in
                    // the same instant each takes the other for the last.
                    let turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                    drop(body);
                    drop(turn);
                    drop(alive);
                })
                .map_err(|error| Error::Unexpected(error.into()))?;
            self.queues.push(queue.clone());
        }
        Ok(queue)
    }

    fn finish(self) -> Threads {
        Threads { queues: Mutex::new(self.queues), ended: self.ended, closing: self.closing }
    }
}

impl Threads {
    fn close(&self) {
        let deadline = Instant::now() + CLOSING;
        self.closing.store(true, Ordering::Release);
        let queues = std::mem::take(&mut *self.queues.lock().unwrap_or_else(PoisonError::into_inner));
        if queues.is_empty() {
            return;
        }
        for queue in queues {
            // A full queue has threads that empty it, unless all of them hang; one without threads needs no telling.
            let _ = queue.send_deadline(Message::Stop, deadline);
        }
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_deadline(deadline) {
            tracing::warn!("a query does not end; its connection is left behind");
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("location", &self.inner.location).finish_non_exhaustive()
    }
}
