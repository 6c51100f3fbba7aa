//! The end of a database: orderly, and in bounded time whatever holds it up.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use plinth_persistence::{Connection, Database, DatabaseSettings, Error, Location};
use plinth_testing::on_both;

use crate::support::database;

on_both! {
    fn what_is_under_way_is_finished_and_what_comes_later_refused(db) {
        let database = database(&db, 1);
        let (begins, began) = mpsc::channel();
        let work = database.write(move |_| {
            begins.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(300));
            Ok::<_, Error>(())
        });
        let closing = database.clone();
        let closes = std::thread::spawn(move || {
            began.recv().unwrap();
            closing.close();
        });
        db.block_on(work).unwrap();
        closes.join().unwrap();
        let late = db.block_on(database.write(|_| Ok::<_, Error>(())));
        assert!(matches!(late, Err(Error::Unavailable(..))), "{late:?}");
        let again = Instant::now();
        database.close();
        assert!(again.elapsed() < Duration::from_secs(1));
    }

    fn a_query_that_hangs_is_left_behind(db) {
        let database = database(&db, 1);
        let (begins, began) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let work = move |_: &mut Connection| {
            begins.send(()).unwrap();
            let _ = released.recv();
            Ok::<_, Error>(())
        };
        let asking = database.clone();
        let hangs = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(asking.write(work))
        });
        began.recv().unwrap();
        let told = Instant::now();
        database.close();
        let took = told.elapsed();
        assert!((Duration::from_secs(4)..Duration::from_secs(7)).contains(&took), "{took:?}");
        drop(release);
        hangs.join().unwrap().unwrap();
    }
}

/// Work whose callers have gone is skipped, and the rest refused, without waiting for a connection for each.
#[test]
fn a_full_queue_does_not_hold_up_the_end_while_the_server_is_away() {
    // Nobody listens at port 1.
    let location = Location::parse("postgres://nobody@127.0.0.1:1/nothing").unwrap();
    let database = Database::start(&DatabaseSettings { location, pool_size: Some(1) }).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let ask = || {
        let database = database.clone();
        runtime.spawn(async move { database.write(|_| Ok::<_, Error>(())).await })
    };
    let assert_refused = |asked: Vec<tokio::task::JoinHandle<Result<(), Error>>>| {
        for one in asked {
            let result = runtime.block_on(one).unwrap();
            assert!(matches!(result, Err(Error::Unavailable(..))), "{result:?}");
        }
    };
    // The callers of these go away, those of the others wait still.
    assert_refused((0..100).map(|_| ask()).collect());
    let waiting: Vec<_> = (0..100).map(|_| ask()).collect();
    std::thread::sleep(Duration::from_millis(100));
    let told = Instant::now();
    database.close();
    assert!(told.elapsed() < Duration::from_secs(4), "{:?}", told.elapsed());
    assert_refused(waiting);
}
