//! Redis goes away and comes back.

use std::future::Future;
use std::time::{Duration, Instant};

use plinth_limits::Limit::LoginPerAccount;
use plinth_limits::Limits;
use plinth_testing::Log;
use plinth_testing::redis::DedicatedRedis;

use crate::support::{all, fresh_key, shared};

/// Runs a case on one thread, whose log is kept.
fn logged(case: impl Future<Output = ()>) -> Log {
    let log = Log::default();
    // While there is one subscriber only, a line that another test's thread comes by first is off for good.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    // Without times, in which the digits of a port may be.
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(log.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || runtime.block_on(case));
    log
}

async fn until_back(limits: &Limits) {
    let start = Instant::now();
    while limits.is_degraded() {
        assert!(start.elapsed() < Duration::from_secs(10), "Redis is back and not asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn without_redis_an_instance_goes_on_by_itself() {
    let Some(server) = DedicatedRedis::start() else { return };
    let log = logged(async {
        let limits = shared(&server.url(), all("3/1h"));
        let key = fresh_key();
        assert_eq!(limits.take(LoginPerAccount, key).await.remaining, 2);
        server.stop();
        // It goes by what Redis said last.
        let start = Instant::now();
        assert_eq!(limits.take(LoginPerAccount, key).await.remaining, 1);
        assert!(limits.is_degraded());
        assert!(limits.take(LoginPerAccount, key).await.allowed);
        assert!(!limits.take(LoginPerAccount, key).await.allowed);
        limits.give_back(LoginPerAccount, key).await;
        assert!(limits.take(LoginPerAccount, key).await.allowed);
        limits.clear(LoginPerAccount, key).await;
        assert_eq!(limits.take(LoginPerAccount, key).await.remaining, 2);
        assert!(start.elapsed() < Duration::from_millis(700), "{:?}", start.elapsed());

        server.start_again();
        until_back(&limits).await;
        // It is Redis that decides: it has forgotten all.
        assert_eq!(limits.take(LoginPerAccount, key).await.remaining, 2);
        assert!(!limits.is_degraded());
    });
    assert_eq!((log.count("Redis is away"), log.count("Redis is back")), (1, 1));
    assert_eq!((log.count(&server.port().to_string()), log.count("redis:")), (0, 0));
}

#[test]
fn a_redis_that_stands_still_costs_its_time_once() {
    let Some(server) = DedicatedRedis::start() else { return };
    let log = logged(async {
        let limits = shared(&server.url(), all("100/1h"));
        let key = fresh_key();
        assert!(limits.take(LoginPerAccount, key).await.allowed);
        server.pause();
        let start = Instant::now();
        assert_eq!(limits.take(LoginPerAccount, key).await.remaining, 98);
        assert!(start.elapsed() < Duration::from_millis(600), "{:?}", start.elapsed());
        // Over three of the looks at whether it is back.
        let (start, mut slow) = (Instant::now(), Vec::new());
        while start.elapsed() < Duration::from_millis(4_200) {
            let one = Instant::now();
            assert!(limits.take(LoginPerAccount, fresh_key()).await.allowed);
            slow.extend(Some(one.elapsed()).filter(|took| *took > Duration::from_millis(200)));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // A busy machine may hold one up. Whoever waits for Redis waits for 250 ms, and that would be one at each look.
        assert!(slow.len() < 3, "{slow:?}");
        server.resume();
        until_back(&limits).await;
        assert!(limits.take(LoginPerAccount, key).await.allowed);
    });
    assert_eq!((log.count("Redis is away"), log.count("Redis is back")), (1, 1));
}

#[test]
fn a_redis_that_is_away_at_the_start_is_found_later() {
    let Some(server) = DedicatedRedis::start() else { return };
    server.stop();
    let log = logged(async {
        let limits = shared(&server.url(), all("1/1h"));
        let key = fresh_key();
        assert!(limits.take(LoginPerAccount, key).await.allowed);
        assert!(!limits.take(LoginPerAccount, key).await.allowed);
        assert!(limits.is_degraded());
        server.start_again();
        until_back(&limits).await;
        assert!(limits.take(LoginPerAccount, key).await.allowed);
    });
    assert_eq!((log.count("Redis is away"), log.count("Redis is back")), (1, 1));
}

#[test]
fn a_closed_connection_is_no_outage() {
    let Some(server) = DedicatedRedis::start() else { return };
    let log = logged(async {
        let limits = shared(&server.url(), all("9/1h"));
        let key = fresh_key();
        assert!(limits.take(LoginPerAccount, key).await.allowed);
        // Between two requests Redis is restarted, and so has forgotten the script too.
        server.stop();
        server.start_again();
        assert_eq!(limits.take(LoginPerAccount, key).await.remaining, 8);
        assert!(!limits.is_degraded());
    });
    assert_eq!((log.count("Redis is away"), log.count("Redis is back")), (0, 0));
}

#[test]
fn a_redis_that_cannot_write_is_away() {
    let Some(server) = DedicatedRedis::start_with(&["--min-replicas-to-write", "1"]) else { return };
    let log = logged(async {
        let limits = shared(&server.url(), all("1/1h"));
        let key = fresh_key();
        assert!(limits.take(LoginPerAccount, key).await.allowed);
        assert!(!limits.take(LoginPerAccount, key).await.allowed);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(limits.is_degraded(), "it answers, but not what was asked");
    });
    assert_eq!((log.count("Redis is away"), log.count("Redis is back")), (1, 0));
}
