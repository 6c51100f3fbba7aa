//! Accounts: addresses, deletion, and the administrator who always remains.

use std::sync::Barrier;

use plinth_domain::{Role, User, UserId};
use plinth_persistence::{Connection, Error, Result, UniqueKey, users};
use plinth_testing::{TestDb, on_both, postgres};

use crate::support::{at, database, somebody, store_user, user};

fn delete(db: &TestDb, user: &User) -> User {
    let deleted = User { deleted_at: Some(at(10)), ..user.clone() };
    db.write(move |c| users::update(c, deleted, at(10))).unwrap()
}

fn restore(db: &TestDb, id: UserId) -> Result<User> {
    db.write(move |c| {
        let user = users::find_even_deleted_for_change(c, id)?;
        users::update(c, User { deleted_at: None, ..user }, at(20))
    })
}

fn is_taken<T: std::fmt::Debug>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::Conflict(UniqueKey::UserEmail)))
}

fn admin(db: &TestDb, name: &str) -> UserId {
    let admin = User { role: Role::Admin, ..user(name) };
    store_user(db, &admin).unwrap();
    admin.id
}

type Way = fn(&mut User);

/// What a request that demotes an administrator does; `false` where nobody would be left.
fn demote(connection: &mut Connection, id: UserId) -> Result<bool> {
    let user = users::find_for_change(connection, id)?;
    match users::update(connection, User { role: Role::Viewer, ..user }, at(1)) {
        Ok(_) => Ok(true),
        Err(Error::LastAdmin) => Ok(false),
        Err(error) => Err(error),
    }
}

/// One takes an administrator away and has not committed; another, who began meanwhile, must not count that one.
fn assert_the_second_waits_for_the_first(db: &TestDb) {
    let (first, second) = (admin(db, "first"), admin(db, "second"));
    let (one, other) = (database(db, 2), database(db, 2));
    let (demoted, has_demoted) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel();
    let slow = one.write(move |c| {
        let outcome = demote(c, first)?;
        demoted.send(()).unwrap();
        may_go_on.recv().unwrap();
        Ok::<_, Error>(outcome)
    });
    let quick = async {
        // The other one begins to ask while the first still holds the lock.
        has_demoted.recv().unwrap();
        let asks = tokio::spawn(async move { other.write(move |c| demote(c, second)).await });
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(!asks.is_finished(), "it did not wait");
        go_on.send(()).unwrap();
        asks.await.unwrap()
    };
    let (slow, quick) = db.block_on(async { tokio::join!(slow, quick) });
    assert!(slow.unwrap());
    assert!(!quick.unwrap(), "nobody would be left");
}

on_both! {
    fn an_address_belongs_to_one_live_user(db) {
        let first = somebody(&db, "ada");
        assert!(is_taken(&store_user(&db, &user("ada"))));

        let other = somebody(&db, "bob");
        let renamed = User { email: first.email.clone(), ..other };
        let result = db.write(move |c| users::update(c, renamed, at(1)));
        assert!(is_taken(&result), "{result:?}");
    }

    fn deleting_frees_the_address_and_restoring_wants_it_back(db) {
        let first = somebody(&db, "ada");
        delete(&db, &first);
        let id = first.id;
        assert!(matches!(db.read(move |c| users::find(c, id)), Err(Error::NotFound)));
        assert!(matches!(db.write(move |c| users::find_for_change(c, id)), Err(Error::NotFound)));

        let second = somebody(&db, "ada");
        let email = second.email.clone();
        assert_eq!(db.read(move |c| users::find_with_hash_by_email(c, &email)).unwrap().0, second);

        let result = restore(&db, id);
        assert!(is_taken(&result), "{result:?}");
        delete(&db, &second);
        assert_eq!(restore(&db, id).unwrap().deleted_at, None);
        assert_eq!(db.read(move |c| users::find(c, id)).unwrap().id, id);
        let result = restore(&db, second.id);
        assert!(is_taken(&result), "{result:?}");
    }

    fn another_address_can_wait_for_several(db) {
        for name in ["ada", "bob"] {
            let user = User { pending_email: Some(user("new").email), ..user(name) };
            store_user(&db, &user).unwrap();
        }
    }

    fn the_last_administrator_stays(db) {
        let first = admin(&db, "first");
        let ways: [(&str, Way); 3] = [
            ("demoted", |user| user.role = Role::Editor),
            ("inactivated", |user| user.is_active = false),
            ("deleted", |user| user.deleted_at = Some(at(1))),
        ];
        let change = |id: UserId, way: Way| db.write(move |c| {
            let mut user = users::find_for_change(c, id)?;
            way(&mut user);
            users::update(c, user, at(1))
        });
        let assert_stays = |why: &str| for (how, way) in ways {
            let result = change(first, way);
            assert!(matches!(result, Err(Error::LastAdmin)), "{why}, {how}: {result:?}");
        };
        assert_stays("alone");
        for (name, role, is_active) in [("editor", Role::Editor, true), ("inactive", Role::Admin, false)] {
            store_user(&db, &User { role, is_active, ..user(name) }).unwrap();
            assert_stays(name);
        }
        store_user(&db, &User { role: Role::Admin, deleted_at: Some(at(1)), ..user("gone") }).unwrap();
        assert_stays("beside a deleted one");
        change(first, |user| user.full_name = None).unwrap();
        for (how, way) in ways {
            let other = admin(&db, how);
            change(other, way).unwrap();
            assert_stays(how);
        }
        admin(&db, "second");
        change(first, |user| user.role = Role::Viewer).unwrap();
        change(first, |user| user.is_active = false).unwrap();
    }

    fn any_administrator_counts_the_inactive_but_not_the_deleted(db) {
        let any = || db.write(users::any_admin).unwrap();
        assert!(!any());
        store_user(&db, &User { role: Role::Editor, ..user("editor") }).unwrap();
        store_user(&db, &User { role: Role::Admin, deleted_at: Some(at(1)), ..user("deleted") }).unwrap();
        assert!(!any());
        store_user(&db, &User { role: Role::Admin, is_active: false, ..user("inactive") }).unwrap();
        assert!(any());
    }

    fn of_two_racing_demotions_one_succeeds(db) {
        let mut left = None;
        for round in 0..10 {
            // The one of the round before goes once the next has two.
            let admins = [admin(&db, &format!("a{round}")), admin(&db, &format!("b{round}"))];
            if let Some(id) = left.take() {
                assert!(db.write(move |c| demote(c, id)).unwrap());
            }
            let barrier = Barrier::new(2);
            let mut demoted = std::thread::scope(|scope| {
                let threads = admins.map(|id| {
                    let (db, barrier) = (&db, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
                            .block_on(db.database().write(move |c| demote(c, id)))
                            .unwrap()
                    })
                });
                threads.map(|thread| thread.join().unwrap())
            });
            demoted.sort_unstable();
            assert_eq!(demoted, [false, true], "round {round}");
            left = admins.into_iter().find(|id| {
                let id = *id;
                db.read(move |c| users::find(c, id)).unwrap().role == Role::Admin
            });
        }
    }

    /// Without the lock both transactions would count each other's administrator: they overlap for certain.
    fn whoever_asks_second_waits_for_the_first(db) {
        assert_the_second_waits_for_the_first(&db);
    }
}

/// A snapshot taken before the lock was had would still show the other administrator.
#[test]
fn a_stricter_default_isolation_does_not_count_who_is_gone_on_postgres() {
    let Some(db) = TestDb::postgres() else { return };
    let server = postgres::server().unwrap();
    let alter = "ALTER DATABASE %I SET default_transaction_isolation = 'repeatable read'";
    server.query(db.url(), &format!("DO $$ BEGIN EXECUTE format($f${alter}$f$, current_database()); END $$"));
    assert_eq!(server.query(db.url(), "SHOW transaction_isolation"), "repeatable read");
    assert_the_second_waits_for_the_first(&db);
}
