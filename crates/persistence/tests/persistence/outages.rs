//! PostgreSQL that goes away and comes back, and connections over TLS.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::{Connection as _, PgConnection};
use plinth_persistence::{Connection, Database, DatabaseSettings, Error, Location, migrations, users};
use plinth_testing::TestDb;
use plinth_testing::postgres::DedicatedServer;

use crate::support::{database, user};

/// Writes once in each of several tasks at the same time, so that as many connections are in use.
async fn write_at_once(database: &Database, name: &str) -> Vec<Result<(), Error>> {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let (database, user) = (database.clone(), user(&format!("{name}{n}")));
        tasks.spawn(async move {
            database
                .write(move |c| {
                    // Long enough that none is done before all have begun.
                    crate::support::execute(c, "SELECT pg_sleep(0.05)")?;
                    users::insert(c, &user, "a hash")
                })
                .await
        });
    }
    tasks.join_all().await
}

#[test]
fn a_restart_of_the_server_is_lived_through() {
    let Some(server) = DedicatedServer::start() else { return };
    let db = TestDb::at(&server.create_database("outage"));
    let database = database(&db, 8);
    db.block_on(async {
        for result in write_at_once(&database, "before").await {
            result.unwrap();
        }
        server.stop();
        for n in 0..2 {
            for result in write_at_once(&database, &format!("meanwhile{n}")).await {
                assert!(matches!(result, Err(Error::Unavailable(..))), "{result:?}");
            }
        }
        server.start_again();
        let back = Instant::now();
        while let Err(error) = database.ping().await {
            assert!(matches!(error, Error::Unavailable(..)), "{error:?}");
            assert!(back.elapsed() < Duration::from_secs(5), "still not serving");
        }
        for result in write_at_once(&database, "after").await {
            result.unwrap();
        }
        let stored = database
            .read(|c| crate::support::lines_on(c, "SELECT CAST(count(*) AS text) AS line FROM users"))
            .await;
        assert_eq!(stored.unwrap(), ["16"], "an answer was not true");
    });
}

/// A restart that nobody noticed leaves every connection of the pool dead. One request may meet that, no more.
#[test]
fn a_restart_in_a_quiet_hour_costs_one_request() {
    let Some(server) = DedicatedServer::start() else { return };
    let db = TestDb::at(&server.create_database("quiet"));
    let database = database(&db, 8);
    db.block_on(async {
        for result in write_at_once(&database, "before").await {
            result.unwrap();
        }
        server.restart();
        let first = database.ping().await;
        assert!(matches!(first, Ok(()) | Err(Error::Unavailable(..))), "{first:?}");
        for result in write_at_once(&database, "after").await {
            result.unwrap();
        }
    });
}

/// The server ends the connection between the last statement and the commit.
#[test]
fn a_commit_that_is_cut_off_is_unavailable() {
    let Some(db) = TestDb::postgres() else { return };
    let url = db.url().to_owned();
    let result = db.write(move |c| {
        users::insert(c, &user("ada"), "a hash")?;
        let pid = crate::support::lines_on(c, "SELECT CAST(pg_backend_pid() AS text) AS line")?.remove(0);
        let mut other = Connection::Postgres(PgConnection::establish(&url).unwrap());
        crate::support::execute(&mut other, &format!("SELECT pg_terminate_backend({pid}, 5000)"))?;
        Ok(())
    });
    assert!(matches!(result, Err(Error::Unavailable(..))), "{result:?}");
    assert_eq!(crate::support::count(&db, "users"), 0);
}

#[test]
fn a_server_that_is_not_there_is_unavailable_in_time() {
    // Nobody listens at port 1.
    let location = Location::parse("postgres://nobody@127.0.0.1:1/nothing").unwrap();
    let database = Database::start(&DatabaseSettings { location, pool_size: Some(2) }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let began = Instant::now();
    let result = runtime.block_on(database.ping());
    assert!(matches!(result, Err(Error::Unavailable(..))), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn tls_is_verified() {
    let Some(server) = DedicatedServer::start_with_tls() else { return };
    let url = server.create_database("tls");
    assert!(url.contains("sslmode=verify-full"), "{url}");
    let db = TestDb::at(&url);
    let used = crate::support::lines(
        &db,
        "SELECT CAST(ssl AS text) AS line FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    );
    assert_eq!(used, ["true"]);

    let folder = tempfile::TempDir::new().unwrap();
    let other = folder.path().join("other.crt");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=another authority", "-keyout"])
        .args([&folder.path().join("other.key"), std::path::Path::new("-out"), &other])
        .output()
        .unwrap();
    assert!(made.status.success() && fs::metadata(&other).is_ok(), "{made:?}");

    let (base, _) = url.split_once('?').unwrap();
    let authority = server.authority();
    let (right, wrong) = (authority.display(), other.display());
    let by_address = base.replace("localhost", "127.0.0.1");
    assert_ne!(by_address, base);
    for refused in [
        format!("{base}?sslmode=verify-full&sslrootcert={wrong}"),
        format!("{by_address}?sslmode=verify-full&sslrootcert={right}"),
        format!("{base}?sslmode=verify-full&sslrootcert={right}.missing"),
        format!("{base}?sslmode=disable"),
    ] {
        let result = migrations::status(&Location::parse(&refused).unwrap());
        assert!(matches!(result, Err(Error::Unavailable(..))), "{refused}: {result:?}");
    }
    let taken = format!("{base}?sslmode=verify-full&sslrootcert={right}");
    assert!(migrations::status(&Location::parse(&taken).unwrap()).is_ok());
    // The name is what the certificate is not for; the authority is right.
    let without_name = format!("{by_address}?sslmode=verify-ca&sslrootcert={right}");
    assert!(migrations::status(&Location::parse(&without_name).unwrap()).is_ok());
}
