//! More work than the database can take up is refused in time, and not done behind the caller's back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use diesel::{Connection as _, PgConnection, SqliteConnection};
use plinth_domain::UserId;
use plinth_persistence::{Connection, Database, Error, Location, users};
use plinth_testing::{TestDb, on_both};

use crate::support::{database, execute, lines, lines_on, somebody, user};

/// Holds every thread until the sender is dropped. Returns when all are held.
fn hold(
    database: &Database,
    threads: u32,
    write: bool,
) -> (mpsc::SyncSender<()>, Vec<tokio::task::JoinHandle<()>>) {
    let (release, released) = mpsc::sync_channel::<()>(0);
    let released = Arc::new(std::sync::Mutex::new(released));
    let (holds, held) = mpsc::channel();
    let tasks = (0..threads)
        .map(|_| {
            let (database, released, holds) = (database.clone(), Arc::clone(&released), holds.clone());
            tokio::spawn(async move {
                let work = move |_: &mut plinth_persistence::Connection| {
                    holds.send(()).unwrap();
                    // One of them waits for the sender to go, the others for that one.
                    let _ = released.lock().unwrap().recv();
                    Ok::<_, Error>(())
                };
                if write { database.write(work).await } else { database.read(work).await }.unwrap();
            })
        })
        .collect();
    for _ in 0..threads {
        held.recv().unwrap();
    }
    (release, tasks)
}

on_both! {
    fn what_cannot_be_taken_up_in_time_is_refused_and_never_done(db) {
        for write in [false, true] {
            let database = database(&db, 2);
            let done = Arc::new(AtomicUsize::new(0));
            let ask = |database: &Database| {
                let (database, done) = (database.clone(), Arc::clone(&done));
                let work = move |_: &mut plinth_persistence::Connection| Ok::<_, Error>(done.fetch_add(1, Ordering::SeqCst));
                async move { if write { database.write(work).await } else { database.read(work).await } }
            };
            db.block_on(async {
                let threads = if write && !db.is_postgres() { 1 } else { 2 };
                let (release, tasks) = hold(&database, threads, write);
                let began = Instant::now();
                let result = ask(&database).await;
                let waited = began.elapsed();
                assert!(matches!(result, Err(Error::Unavailable(..))), "{result:?}");
                assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
                // So is work whose caller went away.
                let _ = tokio::time::timeout(Duration::from_millis(50), ask(&database)).await;
                drop(release);
                for task in tasks {
                    task.await.unwrap();
                }
                // The queue is in order, so this comes after those.
                ask(&database).await.unwrap();
                ask(&database).await.unwrap();
                assert_eq!(done.load(Ordering::SeqCst), 2, "late work was done");
            });
        }
    }

    fn a_full_queue_refuses_at_once(db) {
        let database = database(&db, 1);
        db.block_on(async {
            let (release, tasks) = hold(&database, 1, true);
            let mut waiting = tokio::task::JoinSet::new();
            for _ in 0..2_000 {
                let database = database.clone();
                waiting.spawn(async move {
                    let began = Instant::now();
                    (database.write(|_| Ok::<_, Error>(())).await, began.elapsed())
                });
            }
            // Those for whom there is no room are back while the thread is still held.
            let (first, waited) = waiting.join_next().await.unwrap().unwrap();
            assert!(matches!(first, Err(Error::Unavailable(..))), "{first:?}");
            assert!(waited < Duration::from_millis(1500), "{waited:?}");
            drop(release);
            let mut refused = 1;
            while let Some(answer) = waiting.join_next().await {
                match answer.unwrap().0 {
                    Ok(()) => {}
                    Err(Error::Unavailable(..)) => refused += 1,
                    Err(other) => panic!("{other}"),
                }
            }
            assert!((1..2_000).contains(&refused), "{refused} refused");
            for task in tasks {
                task.await.unwrap();
            }
        });
    }
}

/// What others hold is no reason to doubt the connection.
#[test]
fn waiting_in_vain_for_others_is_unavailable_and_keeps_the_connection_on_postgres() {
    let Some(db) = TestDb::postgres() else { return };
    let (ada, bob) = (somebody(&db, "ada").id, somebody(&db, "bob").id);
    let update = |id: UserId| format!("UPDATE users SET full_name = full_name WHERE id = '{}'", id.uuid());
    let (ada, bob) = (update(ada), update(bob));
    let mut other = Connection::Postgres(PgConnection::establish(db.url()).unwrap());
    execute(&mut other, "BEGIN").unwrap();
    execute(&mut other, &ada).unwrap();

    let database = database(&db, 1);
    let pid = || {
        let pid = database.read(|c| lines_on(c, "SELECT CAST(pg_backend_pid() AS text) AS line"));
        db.block_on(pid).unwrap()
    };
    let before = pid();
    let locked = vec!["SET LOCAL lock_timeout = '50ms'".to_owned(), ada.clone()];
    let slow = vec!["SET LOCAL statement_timeout = '50ms'".to_owned(), "SELECT pg_sleep(10)".to_owned()];
    for (statements, what) in [(locked, "lock timeout"), (slow, "statement timeout")] {
        let result: Result<(), Error> = db.block_on(
            database.write(move |c| statements.iter().try_for_each(|sql| execute(c, sql).map(drop))),
        );
        assert_unavailable_by(&result, what);
    }

    // The snapshot is older than what the other commits.
    let (sees, seen) = mpsc::channel();
    let (commits, committed) = mpsc::channel::<()>();
    let sql = ada.clone();
    let late = database.write(move |c| {
        execute(c, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
        lines_on(c, "SELECT email AS line FROM users")?;
        sees.send(()).unwrap();
        committed.recv().unwrap();
        execute(c, &sql)
    });
    let commit = async {
        tokio::task::spawn_blocking(move || seen.recv().unwrap()).await.unwrap();
        execute(&mut other, "COMMIT").unwrap();
        commits.send(()).unwrap();
    };
    let (late, ()) = db.block_on(async { tokio::join!(late, commit) });
    assert_unavailable_by(&late, "could not serialize");

    // Each waits for what the other has. Whoever has waited for a second looks for that: so not the other.
    execute(&mut other, "SET deadlock_timeout = '1h'").unwrap();
    execute(&mut other, "BEGIN").unwrap();
    execute(&mut other, &ada).unwrap();
    let (holds, held) = mpsc::channel();
    let sql = bob.clone();
    let victim = database.write(move |c| {
        execute(c, &sql)?;
        holds.send(()).unwrap();
        execute(c, &ada)
    });
    let (victim, ()) = db.block_on(async {
        let survivor = tokio::task::spawn_blocking(move || {
            held.recv().unwrap();
            execute(&mut other, &bob).unwrap();
        });
        tokio::join!(victim, async { survivor.await.unwrap() })
    });
    assert_unavailable_by(&victim, "deadlock detected");
    assert_eq!(pid(), before, "the connection was dropped");
}

#[test]
fn a_file_that_another_process_writes_is_unavailable_and_keeps_the_connection_on_sqlite() {
    let db = TestDb::sqlite();
    let Location::Sqlite(file) = db.location() else { panic!("not a file") };
    // Tells the connection from a new one, which would wait longer.
    db.write(|c| execute(c, "PRAGMA busy_timeout = 50")).unwrap();
    let mut other = Connection::Sqlite(SqliteConnection::establish(file.to_str().unwrap()).unwrap());
    execute(&mut other, "BEGIN IMMEDIATE").unwrap();
    let result = db.write(|c| users::insert(c, &user("ada"), "a hash"));
    assert_unavailable_by(&result, "database is locked");
    execute(&mut other, "ROLLBACK").unwrap();
    db.write(|c| users::insert(c, &user("ada"), "a hash")).unwrap();
    let timeout = lines(&db, "SELECT CAST(timeout AS text) AS line FROM pragma_busy_timeout");
    assert_eq!(timeout, ["50"], "the connection was dropped");
}

fn assert_unavailable_by<T: std::fmt::Debug>(result: &Result<T, Error>, what: &str) {
    let Err(error @ Error::Unavailable(..)) = result else { panic!("{what}: {result:?}") };
    let chain = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let shown: Vec<String> = chain.map(ToString::to_string).collect();
    assert!(shown.iter().any(|line| line.contains(what)), "{what}: {shown:?}");
}

/// Readers are not held up by a writer.
#[test]
fn reading_goes_on_while_something_is_written_on_sqlite() {
    let db = plinth_testing::TestDb::sqlite();
    db.block_on(async {
        let (release, tasks) = hold(db.database(), 1, true);
        db.database().ping().await.unwrap();
        drop(release);
        for task in tasks {
            task.await.unwrap();
        }
    });
}
