//! PostgreSQL goes away under load and comes back; the server stays.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use plinth_testing::postgres::DedicatedServer;
use serde_json::json;

use crate::raw::{self, Reply};
use crate::support::{CHEAP, PATIENCE, Server, folder, get};

/// How long an answer may take while the database is away: 2 s of waiting for it, and what a busy machine adds.
const REFUSAL: Duration = Duration::from_secs(5);
/// How soon after the database everything works again.
const RECOVERY: Duration = Duration::from_secs(5);

/// An answer under load, and when it was asked for and given.
struct Seen {
    caller: usize,
    began: Instant,
    ended: Instant,
    status: u16,
}

/// What the callers have seen, and what was acknowledged to them.
#[derive(Default)]
struct Record {
    seen: Mutex<Vec<Seen>>,
    acknowledged: Mutex<BTreeSet<String>>,
    over: AtomicBool,
}

#[test]
fn the_server_outlives_a_restart_of_postgres() {
    let Some(postgres) = DedicatedServer::start() else { return };
    let url = postgres.create_database("plinth_restarted");
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP, ("DATABASE_URL", &url)]);
    let token = server.sign_up("ada@example.com").token().to_owned();
    let (port, record) = (server.port, Record::default());
    std::thread::scope(|scope| {
        // Whatever fails in here, the callers end.
        let _over = Over(&record.over);
        for caller in 0..4 {
            let (token, record) = (&token, &record);
            scope.spawn(move || call(port, token, caller, record));
        }
        wait_for(&record, "answers", |seen| seen.status < 300);

        postgres.stop();
        let away = Instant::now();
        // What is asked twice by each is asked while it is away, all of it.
        wait_for(&record, "refusals", |seen| seen.began > away && seen.status == 503);
        assert_eq!(get(port, "/health"), Some(200));
        assert_eq!(get(port, "/health/ready"), Some(503));
        wait_for(&record, "more refusals", |seen| seen.began > away && seen.status == 503);
        let still_away = Instant::now();
        for seen in record.seen.lock().unwrap().iter() {
            if seen.began > away && seen.ended < still_away {
                assert_eq!(seen.status, 503, "an answer while the database was away");
            }
        }
        postgres.start_again();
        assert_recovers(&record, port);

        // And so short that nobody may have noticed.
        postgres.restart();
        assert_recovers(&record, port);
    });
    let seen = record.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let slowest = seen.iter().map(|seen| seen.ended - seen.began).max().unwrap();
    assert!(slowest < REFUSAL, "an answer took {slowest:?}");
    let stored = postgres.query(&url, "SELECT title FROM items");
    let titles: BTreeSet<_> = stored.lines().map(str::to_owned).collect();
    assert_eq!(titles.len(), stored.lines().count(), "an item is there twice");
    let acknowledged = record.acknowledged.into_inner().unwrap();
    assert!(!acknowledged.is_empty());
    let lost: Vec<_> = acknowledged.difference(&titles).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
}

/// Under a load of which most is given up by its callers before it is taken up.
#[test]
fn signals_end_the_server_in_time_while_postgres_is_away() {
    let Some(postgres) = DedicatedServer::start() else { return };
    let url = postgres.create_database("plinth_away");
    let folder = folder();
    let variables = [CHEAP, ("DATABASE_URL", &url), ("DATABASE_POOL_SIZE", "2")];
    let mut servers = [(); 2].map(|()| Server::start(folder.path(), &variables));
    let token = servers[0].sign_up("ada@example.com").token().to_owned();
    postgres.stop();
    std::thread::scope(|scope| {
        for caller in 0..100 {
            let (token, port) = (&token, servers[caller % 2].port);
            // Until nobody takes it any more.
            scope.spawn(
                move || while raw::get(port, "/api/items", token).is_ok_and(|reply| reply.status == 503) {},
            );
        }
        std::thread::sleep(Duration::from_secs(3));
        let [once, twice] = &mut servers;
        let told = Instant::now();
        once.signal("TERM");
        twice.signal("TERM");
        twice.wait_for_line("shutting down");
        let told_again = Instant::now();
        twice.signal("TERM");
        assert_eq!(twice.wait().code(), Some(1), "{:#?}", twice.log());
        assert!(told_again.elapsed() < Duration::from_secs(5), "{:?}", told_again.elapsed());
        assert_eq!(once.wait().code(), Some(0), "{:#?}", once.log());
        assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    });
}

#[test]
fn a_database_that_is_not_there_at_start_is_said_in_words() {
    let Some(postgres) = DedicatedServer::start() else { return };
    let url = postgres.url("plinth_nowhere").replace("postgres@", "postgres:hunter2@");
    assert_refuses(folder().path(), &url, "plinth_nowhere");
    postgres.stop();
    assert_refuses(folder().path(), &url, "refused");
}

/// The server does not start on that database, and says why in one line without the password.
fn assert_refuses(folder: &Path, url: &str, why: &str) {
    let output = crate::support::run(folder, &[CHEAP, ("DATABASE_URL", url)], &["serve"]);
    let (out, err) = crate::support::texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(err.contains(why) && err.contains("cannot bring the database up to date"), "{err}");
    assert!(!err.contains("hunter2") && !out.contains("hunter2"), "{err}{out}");
}

/// Asks without a pause worth the name: callers with an even number write, the others read.
fn call(port: u16, token: &str, caller: usize, record: &Record) {
    for n in 0.. {
        if record.over.load(Ordering::Relaxed) {
            return;
        }
        let title = format!("caller {caller} item {n}");
        let began = Instant::now();
        let reply = if caller.is_multiple_of(2) {
            raw::post(port, "/api/items", token, &json!({"title": title}))
        } else {
            raw::get(port, "/api/items", token)
        };
        let ended = Instant::now();
        let reply = reply.unwrap_or_else(|lost| panic!("{lost:?} after {:?}", ended - began));
        match reply.status {
            201 => drop(record.acknowledged.lock().unwrap().insert(title)),
            200 => {}
            _ => assert_says_to_try_again(&reply),
        }
        record.seen.lock().unwrap().push(Seen { caller, began, ended, status: reply.status });
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn assert_says_to_try_again(reply: &Reply) {
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(reply.json()["code"], "unavailable", "{}", reply.body);
    let seconds = reply.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
    assert!(seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "Retry-After: {seconds:?}");
}

/// Waits until each caller has had two more answers that are such.
fn wait_for(record: &Record, what: &str, wanted: impl Fn(&Seen) -> bool) {
    let from = record.seen.lock().unwrap().len();
    let deadline = Instant::now() + PATIENCE;
    let enough = |caller| {
        let seen = record.seen.lock().unwrap();
        seen[from..].iter().filter(|seen| seen.caller == caller && wanted(seen)).count() >= 2
    };
    while !(0..4).all(enough) {
        assert!(Instant::now() < deadline, "no {what} in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The database is back: readiness and every request are well again in time, and stay so.
fn assert_recovers(record: &Record, port: u16) {
    let back = Instant::now();
    while get(port, "/health/ready") != Some(200) {
        assert!(back.elapsed() < RECOVERY, "not ready {RECOVERY:?} after the database");
    }
    while !all_well(record, back) {
        assert!(back.elapsed() < RECOVERY + REFUSAL, "no service {RECOVERY:?} after the database");
        std::thread::sleep(Duration::from_millis(5));
    }
    let seen = record.seen.lock().unwrap();
    let refused = seen.iter().filter(|seen| seen.status == 503 && seen.began > back + RECOVERY).count();
    assert_eq!(refused, 0, "refused {RECOVERY:?} after the database came back");
}

/// Whether the last twenty answers of each caller since then are successes.
fn all_well(record: &Record, since: Instant) -> bool {
    let seen = record.seen.lock().unwrap();
    (0..4).all(|caller| {
        let mut last = seen.iter().rev().filter(|seen| seen.caller == caller && seen.began > since).take(20);
        let good = last.by_ref().take_while(|seen| seen.status < 300).count();
        good == 20
    })
}

/// Tells the callers to end when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
