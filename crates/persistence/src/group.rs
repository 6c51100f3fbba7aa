//! SQLite's one writer. Work that waits shares a commit, which is what takes the time, as it waits for the disk.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use diesel::SqliteConnection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};

use crate::connection::AnyConnection as Connection;
use crate::error::Error;
use crate::job::{self, Job, Message, Ran};
use crate::pool::{Pool, take};

/// Writers that wait share a commit, up to this many and for at most this long.
const GROUP: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// Does work in groups until it is told to stop.
pub(crate) fn serve_grouped(queue: &Receiver<Message>, pool: &Pool, closing: &AtomicBool) {
    let mut stopped = false;
    while !stopped && let Some(job) = job::next(queue, closing) {
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
                let group = run(&mut pooled.connection, job, next);
                pooled.broken |= group.broken;
                drop(pooled);
                group.answer();
            }
            Err(error) => job.answer(Err(error)),
        }
    }
}

/// What became of pieces of work that shared a transaction.
struct Group {
    done: Vec<Box<dyn Job>>,
    outcome: Result<(), Error>,
    /// Whether the connection is of no further use.
    broken: bool,
}

impl Group {
    /// All share the commit, so all share its failure.
    fn answer(self) {
        match self.outcome {
            Ok(()) => self.done.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(error) => {
                let cause = Arc::new(error);
                for job in self.done {
                    let cause = Box::new(Shared(Arc::clone(&cause)));
                    job.answer(Err(Error::Unavailable("a commit failed", Some(cause))));
                }
            }
        }
    }
}

/// A failure that several callers are told of. Shows itself as what it is.
struct Shared(Arc<Error>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Runs the first piece of work and what waits behind it in one transaction.
fn run(
    connection: &mut Connection,
    first: Box<dyn Job>,
    mut waiting: impl FnMut() -> Option<Box<dyn Job>>,
) -> Group {
    let mut done = Vec::new();
    let began = Instant::now();
    if let Err(error) = begin(connection) {
        // Another process may write; that is no fault of the connection.
        let broken = !matches!(error, Error::Unavailable(..));
        return Group { done: vec![first], outcome: Err(error), broken };
    }
    let mut next = Some(first);
    while let Some(mut job) = next {
        if job.claim() {
            let ran = run_in_savepoint(connection, &mut *job);
            done.push(job);
            let failure = match ran {
                Ok(Ran::Well | Ran::Badly | Ran::Outage) => None,
                Ok(Ran::Panicked) => Some(Error::Unexpected("a write broke off".into())),
                Err(error) => Some(error),
            };
            if let Some(error) = failure {
                let outcome = rollback(connection).and(Err(error));
                return Group { done, outcome, broken: true };
            }
        }
        next = if done.len() < GROUP && began.elapsed() < GROUP_TIME { waiting() } else { None };
    }
    let outcome = sqlite(connection).and_then(|c| Ok(AnsiTransactionManager::commit_transaction(c)?));
    let broken = outcome.is_err();
    if broken {
        // It may be that there is nothing left to roll back.
        let _ = rollback(connection);
    }
    Group { done, outcome, broken }
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
        Ran::Badly | Ran::Outage => AnsiTransactionManager::rollback_transaction(sqlite(connection)?)?,
        Ran::Panicked => {}
    }
    Ok(ran)
}

fn sqlite(connection: &mut Connection) -> Result<&mut SqliteConnection, Error> {
    match connection {
        Connection::Sqlite(connection) => Ok(connection),
        Connection::Postgres(_) => Err(Error::Inconsistent("writes are grouped on SQLite only")),
    }
}
