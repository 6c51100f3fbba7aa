//! Accounts: addresses, deletion, and the administrator who always remains.

use std::sync::Barrier;

use plinth_domain::{Role, User, UserId};
use plinth_persistence::{Connection, Error, Result, UniqueKey, users};
use plinth_testing::{TestDb, on_both};

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

/// What a request that demotes an administrator does.
fn demote(connection: &mut Connection, id: UserId) -> Result<bool> {
    let user = users::find_for_change(connection, id)?;
    if !users::another_admin_remains(connection, id)? {
        return Ok(false);
    }
    users::update(connection, User { role: Role::Viewer, ..user }, at(1))?;
    Ok(true)
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

    fn who_counts_as_another_administrator(db) {
        let first = admin(&db, "first");
        let remains = |id: UserId| db.write(move |c| users::another_admin_remains(c, id)).unwrap();
        assert!(!remains(first));
        for (name, role, is_active) in [("editor", Role::Editor, true), ("inactive", Role::Admin, false)] {
            store_user(&db, &User { role, is_active, ..user(name) }).unwrap();
            assert!(!remains(first), "{name}");
        }
        store_user(&db, &User { role: Role::Admin, deleted_at: Some(at(1)), ..user("deleted") }).unwrap();
        assert!(!remains(first), "a deleted one");
        let second = admin(&db, "second");
        assert!(remains(first) && remains(second));
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
        for round in 0..10 {
            let admins = [admin(&db, &format!("a{round}")), admin(&db, &format!("b{round}"))];
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
            // Leaves none, so that the next round has two again.
            let left = admins.into_iter().find(|id| {
                let id = *id;
                db.read(move |c| users::find(c, id)).unwrap().role == Role::Admin
            });
            let left = left.unwrap();
            db.write(move |c| {
                let user = users::find(c, left)?;
                users::update(c, User { role: Role::Viewer, ..user }, at(1))
            })
            .unwrap();
        }
    }

    /// Without the lock both transactions would count each other's administrator: they overlap for certain.
    fn whoever_asks_second_waits_for_the_first(db) {
        let (first, second) = (admin(&db, "first"), admin(&db, "second"));
        let other = database(&db, 2);
        let (asked, has_asked) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel();
        let slow = db.database().write(move |c| {
            let remains = users::another_admin_remains(c, first)?;
            asked.send(()).unwrap();
            may_go_on.recv().unwrap();
            let user = users::find(c, first)?;
            users::update(c, User { role: Role::Viewer, ..user }, at(1))?;
            Ok::<_, Error>(remains)
        });
        let quick = async {
            // The other one begins to ask while the first still holds the lock.
            has_asked.recv().unwrap();
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
}
