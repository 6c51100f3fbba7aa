//! More work than the database can take up is refused in time, and not done behind the caller's back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use plinth_persistence::{Database, Error};
use plinth_testing::on_both;

use crate::support::database;

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
                assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
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
            assert!(waited < Duration::from_millis(500), "{waited:?}");
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
