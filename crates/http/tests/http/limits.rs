//! Limits on how often something may be tried, as clients meet them: those of one process on both databases, and those
//! in Redis.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plinth_domain::Role;
use plinth_limits::{Limits, Rate, Rates};
use plinth_testing::redis::DedicatedRedis;
use plinth_testing::{Answer, PASSWORD, TestApp, TestDb, TestSetup, on_both};
use serde_json::json;

pub(crate) const WRONG: &str = "wrong password";

/// What a case starts its application with.
pub(crate) struct Start {
    db: TestDb,
    redis: Option<DedicatedRedis>,
}

/// An application with limits. Redis goes after it.
pub(crate) struct Limited {
    app: TestApp,
    pub(crate) redis: Option<DedicatedRedis>,
}

impl Deref for Limited {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

/// So many, and for as long as a test takes no more.
pub(crate) fn only(count: u32) -> Rate {
    Rate::new(count, 24 * 60 * 60).unwrap()
}

impl Start {
    pub(crate) fn new(db: TestDb, redis: Option<DedicatedRedis>) -> Self {
        Self { db, redis }
    }

    /// An application where everything may be tried a thousand times, but for what the case says.
    pub(crate) fn app(self, change: impl FnOnce(&mut Rates)) -> Limited {
        self.app_as(change, |_| {})
    }

    pub(crate) fn app_as(
        self,
        change: impl FnOnce(&mut Rates),
        set_up: impl FnOnce(&mut TestSetup),
    ) -> Limited {
        let most = only(1_000);
        let mut rates = Rates {
            login_per_account: most,
            login_per_ip: most,
            register_per_ip: most,
            mail_per_address: most,
            refresh_per_session: most,
        };
        change(&mut rates);
        let redis = self.redis;
        let app = TestApp::start_as(self.db, |setup| {
            let clock = Arc::new(setup.clock.clone());
            setup.limits = match &redis {
                Some(redis) => Limits::shared(rates, clock, &redis.url()).unwrap(),
                None => Limits::local(rates, clock),
            };
            set_up(setup);
        });
        Limited { app, redis }
    }
}

impl Limited {
    /// A login with the wrong password.
    pub(crate) fn fail(&self, email: &str) -> Answer {
        self.login(email, WRONG)
    }

    /// Lets time pass for the limits: Redis has a clock of its own.
    fn pass(&self, time: Duration) {
        match &self.redis {
            Some(_) => std::thread::sleep(time),
            None => self.clock.advance(time),
        }
    }
}

/// Runs each case with the limits of one process, on both databases, and with those in Redis.
macro_rules! limited {
    ($($(#[$meta:meta])* fn $name:ident($start:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn case($start: Start) $body

            #[test]
            fn sqlite() {
                case(Start::new(TestDb::sqlite(), None));
            }

            #[test]
            fn postgres() {
                if let Some(db) = TestDb::postgres() {
                    case(Start::new(db, None));
                }
            }

            #[test]
            fn redis() {
                if let Some(redis) = DedicatedRedis::start() {
                    case(Start::new(TestDb::sqlite(), Some(redis)));
                }
            }
        }
    )*};
}
pub(crate) use limited;

/// Checks that this was one too many by that limit, and returns the seconds that are to be waited.
#[track_caller]
pub(crate) fn expect_limited(answer: Answer, limit: &str) -> u64 {
    let answer = answer.expect_problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!(wait >= 1);
    let current = answer.header("ratelimit");
    assert!(current.starts_with(&format!("\"{limit}\";r=0;t={wait}")), "{current}");
    assert!(answer.header("ratelimit-policy").starts_with(&format!("\"{limit}\";q=")));
    wait
}

/// How many more a limit allows, as an answer says.
#[track_caller]
pub(crate) fn remaining(answer: &Answer, limit: &str) -> u32 {
    let current = answer.header("ratelimit");
    let item = current.split(", ").find(|item| item.starts_with(&format!("\"{limit}\"")));
    let item = item.unwrap_or_else(|| panic!("no {limit} in {current:?}"));
    item.split(";r=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap()
}

limited! {
    fn failed_logins_of_an_account_count_however_they_are_written(start) {
        let app = start.app(|rates| rates.login_per_account = only(5));
        app.user(Role::Viewer, "ada");
        let extra = [("scope", "items"), ("client_id", "app"), ("grant_type", "password")];
        type Fields<'a> = &'a [(&'a str, &'a str)];
        let tries: [(&str, &str, Fields<'_>); 5] = [
            ("/api/auth/login", "ada@example.com", &[]),
            ("/token", "ADA@Example.COM", &[]),
            ("/api/auth/login", "  ada@example.com\t", &extra[..1]),
            ("/api/auth/login", "ada@example.com", &extra[1..]),
            ("/api/auth/login/", "ada@example.com", &[("nonsense", "1")]),
        ];
        let attempt = |(path, username, more): (&str, &str, Fields<'_>)| {
            app.anyone().form(path, &[&[("username", username), ("password", WRONG)], more].concat())
        };
        for (n, one) in (1..).zip(tries) {
            let answer = attempt(one).expect_problem(400, "invalid_grant");
            assert_eq!(remaining(&answer, "login-account"), 5 - n);
        }
        for one in tries {
            expect_limited(attempt(one), "login-account");
        }
        expect_limited(app.login("ada@example.com", PASSWORD), "login-account");
        let refused = app.fail("ada@example.com").json();
        assert!(refused["error"].as_str().is_some_and(|error| !error.is_empty()));
        assert_eq!(refused["error_description"], refused["detail"]);
        app.signed_in(Role::Viewer, "bob").get("/api/users/me").expect(200);
    }

    fn a_success_clears_the_failures(start) {
        let app = start.app(|rates| rates.login_per_account = only(3));
        app.user(Role::Viewer, "ada");
        for _ in 0..3 {
            for _ in 0..2 {
                app.fail("ada@example.com").expect_problem(400, "invalid_grant");
            }
            let answer = app.login("ada@example.com", PASSWORD).expect(200);
            assert!(answer.header("ratelimit").contains("\"login-ip\";r="));
            assert!(answer.header("ratelimit-policy").contains("\"login-account\";q=3;w=86400"));
        }
    }

    fn an_unknown_account_is_limited_as_a_known_one(start) {
        let app = start.app(|rates| rates.login_per_account = only(2));
        app.user(Role::Viewer, "ada");
        for name in ["ada@example.com", "nobody@example.com", "no address", "\u{1F98A}"] {
            for left in [1, 0] {
                let answer = app.fail(name).expect_problem(400, "invalid_grant");
                assert_eq!(remaining(&answer, "login-account"), left, "{name}");
            }
            expect_limited(app.fail(name), "login-account");
            expect_limited(app.fail(&name.to_uppercase()), "login-account");
        }
    }

    fn wrong_current_passwords_count_as_failed_logins(start) {
        let app = start.app(|rates| rates.login_per_account = only(4));
        let admin = app.admin();
        let id = admin.id();
        let change = json!({"password": "another good one", "current_password": WRONG});
        let all = || {
            [
                admin.patch("/api/users/me", &change),
                admin.post("/api/users/me/delete", &json!({"current_password": WRONG})),
                admin.patch(&format!("/api/users/{id}"), &change),
                app.fail("admin@example.com"),
            ]
        };
        let codes: Vec<_> = all().map(|answer| (answer.status, answer.text("code"))).into();
        let expected = ["wrong_password", "wrong_password", "wrong_password", "invalid_grant"];
        assert_eq!(codes, expected.map(|code| (400, code.to_owned())));
        for answer in all() {
            expect_limited(answer, "login-account");
        }
        // What takes no password is no attempt.
        admin.patch("/api/users/me", &json!({"full_name": "Ada"})).expect(200);
        admin.patch(&format!("/api/users/{id}"), &json!({"full_name": "Ada"})).expect(200);
    }

    fn the_right_current_password_clears_the_failures(start) {
        let app = start.app(|rates| rates.login_per_account = only(2));
        let ada = app.viewer("ada");
        app.fail("ada@example.com").expect(400);
        let change = json!({"password": "another good one", "current_password": PASSWORD});
        ada.patch("/api/users/me", &change).expect(200);
        app.fail("ada@example.com").expect(400);
        app.login("ada@example.com", "another good one").expect(200);
    }

    fn an_account_under_attack_keeps_its_sessions(start) {
        let app = start.app(|rates| rates.login_per_account = only(2));
        app.user(Role::Viewer, "ada");
        let tokens = app.login("ada@example.com", PASSWORD).expect(200);
        for _ in 0..2 {
            app.fail("ada@example.com").expect(400);
        }
        expect_limited(app.login("ada@example.com", PASSWORD), "login-account");
        app.bearer(&tokens).get("/api/users/me").expect(200);
        let next = app.refresh(&tokens.text("refresh_token")).expect(200);
        app.bearer(&next).get("/api/items").expect(200);
    }

    fn every_login_of_an_address_counts(start) {
        let app = start.app(|rates| rates.login_per_ip = only(4));
        app.user(Role::Viewer, "ada");
        app.login("ada@example.com", PASSWORD).expect(200);
        app.fail("ada@example.com").expect(400);
        let form = [("username", "bob@example.com"), ("password", WRONG)];
        let answer = app.anyone().form("/token", &form).expect(400);
        assert_eq!(remaining(&answer, "login-ip"), 1);
        app.login("ada@example.com", PASSWORD).expect(200);
        expect_limited(app.login("ada@example.com", PASSWORD), "login-ip");
        expect_limited(app.anyone().form("/token", &form), "login-ip");
        // Nobody says for himself where he comes from.
        expect_limited(login_from(&app, "203.0.113.9"), "login-ip");
    }

    fn a_trusted_proxy_says_who_comes(start) {
        let app = start.app_as(
            |rates| rates.login_per_ip = only(2),
            |setup| setup.settings.trusted_proxies = "127.0.0.0/8".parse().unwrap(),
        );
        let groups = [
            ["203.0.113.1", "203.0.113.1", "::ffff:203.0.113.1"],
            ["203.0.113.2", "198.51.100.7, 203.0.113.2", "203.0.113.2, 127.0.0.9"],
            ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:1:2:3:4"],
            ["2001:db8:1:3::1", "2001:db8:1:3::1", "2001:db8:1:3::2"],
        ];
        for [first, second, third] in groups {
            login_from(&app, first).expect(400);
            login_from(&app, second).expect(400);
            expect_limited(login_from(&app, third), "login-ip");
        }
    }

    fn at_the_end_of_the_wait_it_works_again(start) {
        let seconds = if start.redis.is_some() { 4 } else { 60 };
        let app = start.app(|rates| rates.login_per_account = Rate::new(2, seconds).unwrap());
        app.fail("ada@example.com").expect(400);
        app.fail("ada@example.com").expect(400);
        let wait = expect_limited(app.fail("ada@example.com"), "login-account");
        assert!(wait <= u64::from(seconds) / 2, "{wait} s");
        app.pass(Duration::from_secs(wait));
        app.fail("ada@example.com").expect_problem(400, "invalid_grant");
        expect_limited(app.fail("ada@example.com"), "login-account");
        app.pass(Duration::from_secs(seconds.into()));
        app.fail("ada@example.com").expect(400);
        app.fail("ada@example.com").expect(400);
        expect_limited(app.fail("ada@example.com"), "login-account");
    }

    fn of_twenty_at_once_as_many_are_checked_as_are_allowed(start) {
        let app = start.app(|rates| rates.login_per_account = only(10));
        app.user(Role::Viewer, "ada");
        let statuses = at_once(&app, 20);
        assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 10, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 10, "{statuses:?}");
        let entries = app.admin().get("/api/audit?event=login_failed&page_size=100").expect(200);
        assert_eq!(entries.each("id").len(), 10);
    }
}

fn login_from(app: &TestApp, forwarded_for: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-forwarded-for", forwarded_for)];
    app.anyone().send(
        "POST",
        "/api/auth/login",
        &headers,
        b"username=ada%40example.com&password=wrong".to_vec(),
    )
}

/// The statuses of so many wrong logins at once.
fn at_once(app: &Limited, count: usize) -> Vec<u16> {
    let client = app.anyone();
    std::thread::scope(|scope| {
        let attempt =
            || client.form("/api/auth/login", &[("username", "ada@example.com"), ("password", WRONG)]);
        let running: Vec<_> = (0..count).map(|_| scope.spawn(move || attempt().status)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

// Not with Redis: where nothing gets its turn in time, Redis counts as away, and two keepers count.
on_both! {
    fn what_met_an_overloaded_server_was_no_attempt(db) {
        let start = Start::new(db, None);
        let app = start.app_as(|rates| rates.login_per_account = only(500), |setup| setup.cost = 9);
        app.user(Role::Viewer, "ada");
        let statuses = at_once(&app, 220);
        let wrong = u32::try_from(statuses.iter().filter(|status| **status == 400).count()).unwrap();
        let overloaded = statuses.iter().filter(|status| **status == 503).count();
        assert!(overloaded > 0 && wrong > 0 && usize::try_from(wrong).unwrap() + overloaded == 220);
        let answer = app.fail("ada@example.com").expect(400);
        assert_eq!(remaining(&answer, "login-account"), 500 - wrong - 1);
    }
}

#[test]
fn without_limits_nothing_is_limited_and_nothing_told() {
    let app = TestApp::start(TestDb::sqlite());
    app.user(Role::Viewer, "ada");
    for _ in 0..70 {
        let answer = app.login("ada@example.com", WRONG).expect(400);
        assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), ("", ""));
    }
    app.login("ada@example.com", PASSWORD).expect(200);
}

#[test]
fn while_redis_is_away_requests_go_on_at_once() {
    let Some(redis) = DedicatedRedis::start() else { return };
    let app = Start::new(TestDb::sqlite(), Some(redis)).app(|rates| rates.login_per_account = only(3));
    app.user(Role::Viewer, "ada");
    let tokens = app.login("ada@example.com", PASSWORD).expect(200);
    for _ in 0..3 {
        app.fail("ada@example.com").expect(400);
    }
    for outage in [DedicatedRedis::stop as fn(&DedicatedRedis), DedicatedRedis::pause] {
        outage(app.redis.as_ref().unwrap());
        let began = Instant::now();
        // It is remembered who was at the limit.
        expect_limited(app.fail("ada@example.com"), "login-account");
        app.fail("bob@example.com").expect(400);
        app.refresh(&tokens.text("refresh_token")).expect(200);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert!(app.limits.is_degraded());
        if outage as usize == DedicatedRedis::pause as fn(&DedicatedRedis) as usize {
            app.redis.as_ref().unwrap().resume();
            continue;
        }
        app.redis.as_ref().unwrap().start_again();
        let began = Instant::now();
        while app.limits.is_degraded() {
            assert!(began.elapsed() < Duration::from_secs(20), "it is not found again");
            std::thread::sleep(Duration::from_millis(50));
        }
        // It was empty when it came back.
        for _ in 0..3 {
            app.fail("ada@example.com").expect(400);
        }
    }
}
