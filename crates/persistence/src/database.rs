//! The one way to the database: work is handed to threads that hold connections.
//!
//! [`Database::read`] and [`Database::write`] take a closure over a [`Connection`] and answer with what it returns.
//! A `write` is a transaction that stands if the closure returns `Ok` and has never been if it returns `Err`.
//! Threads of a fixed number do the work, fed by a bounded queue: handing it to the async runtime's blocking threads
//! costs twice the time (docs/architecture.md). No connection is held while nothing is asked of it.

use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};

use crate::connection::{AnyConnection as Connection, Purpose};
use crate::error::Error;
use crate::job::{Job, Message, Outage, Queue, Ran, submit};
use crate::pool::{Pool, pool, take};
use crate::settings::{DatabaseSettings, Location};

/// How many pieces of work may wait for each thread. What comes beyond is refused at once.
const WAITING_PER_THREAD: usize = 256;

/// Writers that wait share a commit, up to this many and for at most this long.
const GROUP: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// The database. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    location: Location,
    readers: Queue,
    writers: Queue,
    threads: Mutex<Vec<Thread>>,
}

/// A thread, and the queue that it serves.
type Thread = (Queue, JoinHandle<()>);

impl Database {
    /// Starts the threads. Connections are opened as they are needed, so this succeeds while the server is away;
    /// [`crate::migrations`] open the first one and tell.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the system gives no thread.
    pub fn start(settings: &DatabaseSettings) -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let cores = u32::try_from(cores).unwrap_or(u32::MAX);
        let mut threads = Vec::new();
        let location = settings.location.clone();
        let (readers, writers) = match &location {
            Location::Sqlite(_) => {
                let size = settings.pool_size.unwrap_or(cores).max(1);
                let read_pool = pool(&location, Purpose::Reading, size);
                let write_pool = pool(&location, Purpose::Writing, 1);
                let readers = spawn(&mut threads, "db-read", size, move |queue| serve(queue, &read_pool))?;
                let writers =
                    spawn(&mut threads, "db-write", 1, move |queue| serve_grouped(queue, &write_pool))?;
                (readers, writers)
            }
            Location::Postgres(_) => {
                let size = settings.pool_size.unwrap_or(cores.saturating_mul(4)).max(1);
                let shared = pool(&location, Purpose::Writing, size);
                let queue = spawn(&mut threads, "db", size, move |queue| serve(queue, &shared))?;
                (queue.clone(), queue)
            }
        };
        Ok(Self { inner: Arc::new(Inner { location, readers, writers, threads: Mutex::new(threads) }) })
    }

    /// Finishes what waits, ends the threads and closes the connections, so that SQLite leaves one file behind. What
    /// is asked for later is refused. Blocks until it is done.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.inner.location
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read(|connection| {
            diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1")).execute(connection)?;
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

/// Starts the threads of a queue.
fn spawn<F>(threads: &mut Vec<Thread>, name: &str, count: u32, body: F) -> Result<Queue, Error>
where
    F: Fn(&Receiver<Message>) + Clone + Send + 'static,
{
    let capacity = WAITING_PER_THREAD.saturating_mul(usize::try_from(count).unwrap_or(usize::MAX));
    let (queue, work) = crossbeam_channel::bounded(capacity.min(1 << 16));
    for n in 0..count {
        let (work, body) = (work.clone(), body.clone());
        let thread = std::thread::Builder::new()
            .name(format!("{name}-{n}"))
            .spawn(move || body(&work))
            .map_err(|error| Error::Unexpected(error.into()))?;
        threads.push((queue.clone(), thread));
    }
    Ok(queue)
}

/// One piece of work after the other.
fn serve(queue: &Receiver<Message>, pool: &Pool) {
    while let Ok(Message::Work(mut job)) = queue.recv() {
        match take(pool) {
            Ok(mut pooled) => {
                if job.claim() {
                    pooled.broken |= job.run(&mut pooled.connection) == Ran::Broke;
                    // Given back first, so that whoever is answered finds a connection free.
                    drop(pooled);
                    job.answer(Ok(()));
                }
            }
            Err(error) => job.answer(Err(error)),
        }
    }
}

/// SQLite's one writer: work that waits shares a commit, which is what takes the time, as it waits for the disk.
fn serve_grouped(queue: &Receiver<Message>, pool: &Pool) {
    let mut stopped = false;
    while !stopped && let Ok(Message::Work(job)) = queue.recv() {
        match take(pool) {
            Ok(mut pooled) => {
                let next = || match queue.try_recv() {
                    Ok(Message::Work(job)) => Some(job),
                    Ok(Message::Stop) => {
                        stopped = true;
                        None
                    }
                    Err(_) => None,
                };
                let (done, outcome) = group(&mut pooled.connection, job, next);
                pooled.broken |= outcome.is_err();
                drop(pooled);
                // All share the commit, so all share its failure.
                match outcome {
                    Ok(()) => done.into_iter().for_each(|job| job.answer(Ok(()))),
                    Err(error) => {
                        let text = error.to_string();
                        tracing::error!(error = &error as &dyn std::error::Error, "a commit failed");
                        for job in done {
                            job.answer(Err(Error::Unavailable("a commit failed", Some(text.clone().into()))));
                        }
                    }
                }
            }
            Err(error) => job.answer(Err(error)),
        }
    }
}

type Done = Vec<Box<dyn Job>>;

/// Runs the first piece of work and what waits behind it in one transaction. Those in `done` were run.
fn group(
    connection: &mut Connection,
    first: Box<dyn Job>,
    mut waiting: impl FnMut() -> Option<Box<dyn Job>>,
) -> (Done, Result<(), Error>) {
    let mut done: Done = Vec::new();
    let began = Instant::now();
    if let Err(error) = begin(connection) {
        return (vec![first], Err(error));
    }
    let mut next = Some(first);
    while let Some(mut job) = next {
        if job.claim() {
            match run_in_savepoint(connection, &mut *job) {
                Ok(Ran::Broke) => {
                    done.push(job);
                    return (
                        done,
                        rollback(connection).and(Err(Error::Unexpected("a write broke off".into()))),
                    );
                }
                Ok(Ran::Well | Ran::Badly) => done.push(job),
                Err(error) => {
                    done.push(job);
                    return (done, rollback(connection).and(Err(error)));
                }
            }
        }
        next = if done.len() < GROUP && began.elapsed() < GROUP_TIME { waiting() } else { None };
    }
    let outcome = sqlite(connection).and_then(|c| Ok(AnsiTransactionManager::commit_transaction(c)?));
    match outcome {
        Ok(()) => (done, Ok(())),
        Err(error) => {
            let _ = rollback(connection);
            (done, Err(error))
        }
    }
}

/// Takes the write lock at once: a transaction that begins as a reader can fail when it comes to write.
fn begin(connection: &mut Connection) -> Result<(), Error> {
    Ok(AnsiTransactionManager::begin_transaction_sql(sqlite(connection)?, "BEGIN IMMEDIATE")?)
}

fn rollback(connection: &mut Connection) -> Result<(), Error> {
    Ok(AnsiTransactionManager::rollback_transaction(sqlite(connection)?)?)
}

/// Runs a piece of work so that its refusal undoes what it did and nothing else.
fn run_in_savepoint(connection: &mut Connection, job: &mut dyn Job) -> Result<Ran, Error> {
    AnsiTransactionManager::begin_transaction(sqlite(connection)?)?;
    let ran = job.run(connection);
    match ran {
        Ran::Well => AnsiTransactionManager::commit_transaction(sqlite(connection)?)?,
        Ran::Badly => AnsiTransactionManager::rollback_transaction(sqlite(connection)?)?,
        Ran::Broke => {}
    }
    Ok(ran)
}

fn sqlite(connection: &mut Connection) -> Result<&mut SqliteConnection, Error> {
    match connection {
        Connection::Sqlite(connection) => Ok(connection),
        Connection::Postgres(_) => Err(Error::Inconsistent("writes are grouped on SQLite only")),
    }
}

impl Inner {
    fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for (queue, _) in &threads {
            // A full queue has threads that empty it; one without threads needs no telling.
            let _ = queue.send(Message::Stop);
        }
        for (_, thread) in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("location", &self.inner.location).finish_non_exhaustive()
    }
}
