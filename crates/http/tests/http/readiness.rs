//! Readiness, and what it says of Redis, without which everything goes on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plinth_limits::{Limits, Rates};
use plinth_realtime::{Hub, HubSettings};
use plinth_testing::redis::DedicatedRedis;
use plinth_testing::{TestApp, TestDb, on_both};
use serde_json::{Value, json};

fn ready(app: &TestApp) -> Value {
    app.anyone().get("/health/ready").expect(200).json()
}

fn with_redis(state: &str) -> Value {
    json!({"status": "healthy", "checks": {"database": "ok", "redis": state}})
}

on_both! {
    fn without_redis_there_is_nothing_to_say_of_it(db) {
        let app = TestApp::start(db);
        assert_eq!(ready(&app), json!({"status": "healthy", "checks": {"database": "ok"}}));
    }
}

#[test]
fn a_redis_that_is_away_is_told_and_makes_no_difference() {
    let Some(redis) = DedicatedRedis::start() else { return };
    let app = TestApp::start_as(TestDb::sqlite(), |setup| {
        let clock = Arc::new(setup.clock.clone());
        setup.limits = Limits::shared(Rates::default(), clock, &redis.url()).unwrap();
    });
    let ask = || app.login("ada@example.com", "wrong password").expect(400);
    ask();
    assert_eq!(ready(&app), with_redis("ok"));
    redis.stop();
    ask();
    assert_eq!(ready(&app), with_redis("away"));
    redis.start_again();
    let began = Instant::now();
    while ready(&app) != with_redis("ok") {
        assert!(began.elapsed() < Duration::from_secs(20), "it is not found again");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn realtime_that_cannot_reach_it_tells_too() {
    let app = TestApp::start_as(TestDb::sqlite(), |setup| {
        // Nothing runs its bus, so it never connects.
        let clock = Arc::new(setup.clock.clone());
        let (hub, _bus) = Hub::shared(HubSettings::default(), clock, "redis://127.0.0.1:1").unwrap();
        setup.hub = Some(hub);
    });
    assert_eq!(ready(&app), with_redis("away"));
}
