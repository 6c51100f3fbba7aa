//! A write happens whole or not at all, whoever it shares a commit with.

use std::sync::mpsc;

use plinth_domain::User;
use plinth_persistence::{Error, UniqueKey, users};
use plinth_testing::{TestDb, on_both};

use crate::support::{at, count, execute, item, somebody, user};

on_both! {
    fn a_refused_write_leaves_nothing(db) {
        let ada = somebody(&db, "ada");
        let result: Result<(), Error> = db.write(move |c| {
            users::insert(c, &user("bob"), "a hash")?;
            users::update(c, User { is_active: false, ..ada }, at(1))?;
            Err(Error::NotFound)
        });
        assert!(matches!(result, Err(Error::NotFound)), "{result:?}");
        assert_eq!(count(&db, "users"), 1);
        assert_eq!(count(&db, "users WHERE is_active"), 1);
    }

    fn a_write_that_meets_a_conflict_leaves_nothing(db) {
        let ada = somebody(&db, "ada");
        let result = db.write(move |c| {
            users::insert(c, &user("bob"), "a hash")?;
            users::insert(c, &ada, "a hash")
        });
        assert!(matches!(result, Err(Error::Conflict(UniqueKey::UserEmail | UniqueKey::Other))), "{result:?}");
        assert_eq!(count(&db, "users"), 1);
    }

    fn a_panic_is_unexpected_and_the_database_goes_on(db) {
        for n in 0..6 {
            let written: Result<(), Error> = db.write(move |c| {
                users::insert(c, &user(&format!("lost{n}")), "a hash")?;
                panic!("as planned")
            });
            assert!(matches!(written, Err(Error::Unexpected(_))), "{written:?}");
            let read: Result<(), Error> = db.read(|_| panic!("as planned"));
            assert!(matches!(read, Err(Error::Unexpected(_))), "{read:?}");
        }
        assert_eq!(count(&db, "users"), 0, "what a panic broke off is kept");
        somebody(&db, "ada");
        assert_eq!(count(&db, "users"), 1);
    }

    fn the_caller_s_own_errors_come_back(db) {
        #[derive(Debug, PartialEq)]
        enum Refusal { Mine, Database }
        impl From<Error> for Refusal {
            fn from(_: Error) -> Self { Self::Database }
        }
        impl plinth_persistence::Outage for Refusal {
            fn is_outage(&self) -> bool { false }
        }
        let mine = db.database().write(|c| { users::insert(c, &user("ada"), "a hash")?; Err::<(), _>(Refusal::Mine) });
        assert_eq!(db.block_on(mine), Err(Refusal::Mine));
        let theirs = db.database().write(|c| Ok::<_, Refusal>(users::password_hash(c, user("nobody").id)?));
        assert_eq!(db.block_on(theirs), Err(Refusal::Database));
        assert_eq!(count(&db, "users"), 0);
    }

    fn concurrent_writers_lose_nothing(db) {
        let ada = somebody(&db, "ada");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (db, ada) = (&db, &ada);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    for n in 0..50 {
                        let item = item(ada, &format!("{writer}/{n}"));
                        runtime
                            .block_on(db.database().write(move |c| plinth_persistence::items::insert(c, &item)))
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(count(&db, "items"), 400);
        assert_eq!(count(&db, "(SELECT DISTINCT title FROM items) t"), 400);
    }

    fn two_databases_on_one_store_share_it(db) {
        let other = crate::support::database(&db, 2);
        std::thread::scope(|scope| {
            for (name, database) in [("one", db.database()), ("two", &other)] {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    for n in 0..50 {
                        let user = user(&format!("{name}{n}"));
                        runtime.block_on(database.write(move |c| users::insert(c, &user, "a hash"))).unwrap();
                    }
                });
            }
        });
        assert_eq!(count(&db, "users"), 100);
    }

    /// Holds the thread that writes, so that what is asked meanwhile is done together.
    fn a_refusal_undoes_itself_and_not_its_neighbours(db) {
        let (holds, held) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let write = |name: &str, keep: bool| {
            let user = user(name);
            db.database().write(move |c| {
                users::insert(c, &user, "a hash")?;
                if keep { Ok(()) } else { Err(Error::ForeignKey) }
            })
        };
        let holder = db.database().write(move |_| {
            holds.send(()).unwrap();
            released.recv().unwrap();
            Ok::<_, Error>(())
        });
        let neighbours = async {
            held.recv().unwrap();
            let all = async { tokio::join!(write("a", true), write("b", false), write("c", true), write("a", true), write("d", true)) };
            let let_go = async { release.send(()).unwrap() };
            tokio::join!(all, let_go).0
        };
        let (holder, (a, b, c, again, d)) = db.block_on(async { tokio::join!(holder, neighbours) });
        holder.unwrap();
        assert!(a.is_ok() != again.is_ok() && c.is_ok() && d.is_ok(), "{a:?} {again:?} {c:?} {d:?}");
        assert!(matches!(b, Err(Error::ForeignKey)), "{b:?}");
        let mut names = crate::support::lines(&db, "SELECT email AS line FROM users");
        names.sort();
        assert_eq!(names, ["a@example.com", "c@example.com", "d@example.com"]);
    }
}

#[test]
fn what_reads_cannot_write_on_sqlite() {
    let db = TestDb::sqlite();
    let result = db.read(|c| users::insert(c, &user("ada"), "a hash"));
    assert!(matches!(result, Err(Error::Unexpected(_))), "{result:?}");
    let result = db.read(|c| execute(c, "CREATE TABLE more (n INTEGER)"));
    assert!(matches!(result, Err(Error::Unexpected(_))), "{result:?}");
    assert_eq!(count(&db, "users"), 0);
}

#[test]
fn an_acknowledged_write_waits_for_the_disk_on_sqlite() {
    let db = TestDb::sqlite();
    let pragma = |name: &str| {
        crate::support::lines(&db, &format!("SELECT CAST({name} AS text) AS line FROM pragma_{name}"))[0]
            .clone()
    };
    assert_eq!(pragma("journal_mode"), "wal");
    assert_eq!(pragma("synchronous"), "2", "FULL");
    assert_eq!(pragma("foreign_keys"), "1");
}

#[test]
fn a_commit_that_breaks_off_is_answered_to_all_who_share_it_on_sqlite() {
    let db = TestDb::sqlite();
    let (holds, held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let holder = db.database().write(move |c| {
        users::insert(c, &user("holder"), "a hash")?;
        holds.send(()).unwrap();
        released.recv().unwrap();
        Ok::<_, Error>(())
    });
    let panics = async {
        held.recv().unwrap();
        let panics = db.database().write(|_| -> Result<(), Error> { panic!("as planned") });
        let let_go = async { release.send(()).unwrap() };
        tokio::join!(panics, let_go).0
    };
    let (holder, panics) = db.block_on(async { tokio::join!(holder, panics) });
    assert!(matches!(panics, Err(Error::Unexpected(_))), "{panics:?}");
    // Held longer than a group takes, the holder may have a commit of its own; what it was told must be true.
    assert_eq!(count(&db, "users"), usize::from(holder.is_ok()), "{holder:?}");
}
