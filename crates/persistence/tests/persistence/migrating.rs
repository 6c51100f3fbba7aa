//! Migrations: up, down and up again, and several instances at once.

use std::sync::Barrier;

use plinth_persistence::{Error, Location, migrations};
use plinth_testing::{TestDb, on_both, postgres};

use crate::support::{lines, somebody};

fn tables(db: &TestDb) -> Vec<String> {
    lines(
        db,
        if db.is_postgres() {
            "SELECT table_name AS line FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        } else {
            "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
        },
    )
}

fn applied(location: &Location) -> Vec<bool> {
    migrations::status(location).unwrap().into_iter().map(|status| status.applied).collect()
}

on_both! {
    fn a_database_without_our_tables_is_not_ready(db) {
        let ping = || db.block_on(db.database().ping());
        ping().unwrap();
        migrations::revert(db.location(), usize::MAX).unwrap();
        let result = ping();
        assert!(matches!(result, Err(Error::Unexpected(_))), "{result:?}");
        migrations::run(db.location()).unwrap();
        ping().unwrap();
    }

    fn up_down_and_up_again(db) {
        let location = db.location();
        let all = migrations::status(location).unwrap();
        assert!(!all.is_empty() && all.iter().all(|status| status.applied), "{all:?}");
        let names: Vec<String> = all.iter().map(|status| status.name.clone()).collect();
        assert!(names.is_sorted(), "{names:?}");
        let before = tables(&db);
        assert!(before.contains(&"users".to_owned()), "{before:?}");
        assert!(migrations::run(location).unwrap().is_empty(), "there was nothing to do");

        // One step, then the rest.
        assert_eq!(migrations::revert(location, 1).unwrap(), [names.last().unwrap().clone()]);
        assert_eq!(applied(location).iter().filter(|applied| !**applied).count(), 1);
        let rest: Vec<String> = names.iter().rev().skip(1).cloned().collect();
        assert_eq!(migrations::revert(location, usize::MAX).unwrap(), rest);
        assert_eq!(tables(&db), ["__diesel_schema_migrations"]);
        assert!(applied(location).iter().all(|applied| !applied));
        assert!(migrations::revert(location, 1).unwrap().is_empty(), "there was nothing to take back");

        assert_eq!(migrations::run(location).unwrap(), names);
        assert_eq!(tables(&db), before);
        somebody(&db, "ada");
    }
}

/// Eight at once, on a database that none of them has seen.
fn all_at_once(location: &Location) {
    let barrier = Barrier::new(8);
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    migrations::run(location).unwrap().len()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all = migrations::status(location).unwrap().len();
    let worked: Vec<&usize> = applied.iter().filter(|n| **n > 0).collect();
    assert_eq!(worked, [&all], "one does it all, the others find nothing to do");
}

#[test]
fn several_start_at_once_on_an_empty_sqlite_file() {
    for _ in 0..10 {
        let folder = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("fresh.db").display());
        all_at_once(&Location::parse(&url).unwrap());
    }
}

#[test]
fn several_start_at_once_on_an_empty_postgres_database() {
    let Some(server) = postgres::server() else { return };
    let url = server.create_database("fresh");
    all_at_once(&Location::parse(&url).unwrap());
    server.drop_database(&url);
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let url = format!("sqlite://{}", folder.path().join("missing/fresh.db").display());
    let result = migrations::run(&Location::parse(&url).unwrap());
    assert!(matches!(result, Err(plinth_persistence::Error::Unavailable(..))), "{result:?}");
}
