//! Refreshes whose messages get lost, and thieves, against the real application: what the rules of rotation promise
//! (see the tests of the domain crate) holds over HTTP and in either database.

use std::time::Duration;

use plinth_domain::sessions::{Refresh, Rotation};
use plinth_domain::{Clock, Role};
use plinth_testing::{Answer, Client, PASSWORD, TestApp, on_both};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const GRACE: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_secs(1);
/// As long as an access token is good.
const ACCESS: Duration = Duration::from_secs(30 * 60);

/// How many schedules are tried on each database: each takes a login and many requests.
const CASES: u32 = 20;

fn token(tokens: &Answer) -> String {
    tokens.text("refresh_token")
}

fn login(app: &TestApp) -> Answer {
    if app.stored("ada@example.com").is_none() {
        app.user(Role::Viewer, "ada");
    }
    app.login("ada@example.com", PASSWORD).expect(200)
}

fn admin(app: &TestApp) -> Client {
    app.stored("admin@example.com")
        .map_or_else(|| app.admin(), |_| app.bearer(&app.login("admin@example.com", PASSWORD).expect(200)))
}

/// What the audit log says about reused tokens, the newest first.
fn reuses(admin: &Client) -> Vec<Value> {
    let page = admin.get("/api/audit?event=refresh_reused&page_size=100").expect(200).json();
    page["items"].as_array().unwrap().clone()
}

#[track_caller]
fn expect_dead(app: &TestApp, tokens: &[&Answer]) {
    for tokens in tokens {
        app.bearer(tokens).get("/api/users/me").expect_problem(401, "invalid_token");
        app.refresh(&token(tokens)).expect_problem(400, "invalid_grant");
    }
}

/// Somebody who holds tokens of a session: a tab, or a thief.
#[derive(Clone)]
struct Holder {
    tokens: Answer,
    generation: u32,
    got_at: plinth_domain::Timestamp,
}

/// What a holder does.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Refreshes with what it holds; with `false` the answer is lost.
    Refresh(bool),
    Use,
}

/// Moves of that many holders, each so many milliseconds after the one before.
fn moves(holders: usize) -> impl Strategy<Value = Vec<(u64, usize, Move)>> {
    let wait = prop_oneof![3 => 0..9_000_u64, 2 => 9_999..10_002_u64, 3 => 10_000..600_000_u64];
    let act =
        prop_oneof![2 => Just(Move::Refresh(true)), 1 => Just(Move::Refresh(false)), 2 => Just(Move::Use)];
    prop::collection::vec((wait, 0..holders, act), 1..16)
}

/// Lets so many milliseconds pass, and no more: what requests take on a busy machine is not counted.
fn pass(app: &TestApp, milliseconds: u64) {
    app.clock.stand_at(app.clock.now().plus(Duration::from_millis(milliseconds)));
}

/// Tries a law on that many schedules, and shows the smallest on which it fails.
fn for_all<S: Strategy>(strategy: S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(&strategy, law).unwrap_or_else(|failure| panic!("{failure}"));
}

on_both! {
    fn a_client_that_retries_is_never_logged_out(db) {
        let app = TestApp::start(db);
        for_all(moves(1), |moves| {
            pass(&app, 0);
            let mut held = login(&app);
            let mut got_at = app.clock.now();
            for (wait, _, act) in moves {
                pass(&app, wait);
                match act {
                    Move::Refresh(arrives) => {
                        let answer = app.refresh(&token(&held));
                        prop_assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
                        if arrives {
                            (held, got_at) = (answer, app.clock.now());
                        }
                    }
                    Move::Use if app.clock.now().since(got_at) < ACCESS => {
                        prop_assert_eq!(app.bearer(&held).get("/api/users/me").status, 200);
                    }
                    Move::Use => {}
                }
            }
            Ok(())
        });
        assert_eq!(reuses(&admin(&app)), [Value::Null; 0]);
    }

    /// A client and a thief with the same token, in any order and at any time: the application does what the rules say,
    /// so what follows from the rules holds for it.
    fn a_client_and_a_thief_get_what_the_rules_say(db) {
        let app = TestApp::start(db);
        let admin_tokens = || admin(&app);
        let sessions_ended = std::cell::Cell::new(0);
        for_all(moves(2), |moves| {
            pass(&app, 0);
            let stolen = Holder { tokens: login(&app), generation: 0, got_at: app.clock.now() };
            let mut holders = [stolen.clone(), stolen];
            let mut rules = Some(Rotation::START);
            for (wait, who, act) in moves {
                pass(&app, wait);
                let (now, holder) = (app.clock.now(), &mut holders[who]);
                match act {
                    Move::Use if now.since(holder.got_at) < ACCESS => {
                        let status = app.bearer(&holder.tokens).get("/api/users/me").status;
                        prop_assert_eq!(status, if rules.is_some() { 200 } else { 401 });
                        if let Some(rules) = &mut rules {
                            rules.successor_seen |= rules.generation == holder.generation;
                        }
                    }
                    Move::Use => {}
                    Move::Refresh(arrives) => {
                        let outcome = rules.map(|rules| rules.on_refresh(holder.generation, now, GRACE));
                        rules = match (rules, outcome) {
                            (Some(rules), Some(Refresh::Advance)) => Some(rules.advanced(now)),
                            (Some(rules), Some(Refresh::Repeat { current_shown })) => {
                                let successor_seen = rules.successor_seen || current_shown;
                                Some(Rotation { successor_seen, ..rules })
                            }
                            _ => None,
                        };
                        if outcome == Some(Refresh::Reuse) {
                            sessions_ended.set(sessions_ended.get() + 1);
                        }
                        let answer = app.refresh(&token(&holder.tokens));
                        prop_assert_eq!(answer.status, if rules.is_some() { 200 } else { 400 });
                        if let Some(rules) = rules {
                            let (_, generation) = app.refresh.read(&token(&answer)).unwrap();
                            prop_assert_eq!(generation, rules.generation);
                            if arrives {
                                *holder = Holder { tokens: answer, generation, got_at: now };
                            }
                        }
                    }
                }
            }
            if rules.is_none() {
                for holder in &holders {
                    prop_assert_eq!(app.bearer(&holder.tokens).get("/api/users/me").status, 401);
                    prop_assert_eq!(app.refresh(&token(&holder.tokens)).status, 400);
                }
            }
            Ok(())
        });
        assert!(sessions_ended.get() > 0, "no thief was found out");
        let audited = reuses(&admin_tokens()).len();
        assert_eq!(audited, sessions_ended.get(), "each once, and nothing for a session that had ended already");
    }

    /// Each of the two uses what it gets, and they refresh more than a window apart.
    fn a_thief_and_a_victim_do_not_both_go_on(db) {
        let app = TestApp::start(db);
        let turns = prop::collection::vec((10_000..600_000_u64, 0..2_usize), 2..10);
        for_all(turns, |turns| {
            let stolen = login(&app);
            let mut held = [stolen.clone(), stolen];
            let mut last = None;
            for (wait, who) in turns {
                pass(&app, wait);
                let answer = app.refresh(&token(&held[who]));
                if last.is_some_and(|last| last != who) {
                    prop_assert_eq!(answer.status, 400);
                    for held in &held {
                        prop_assert_eq!(app.bearer(held).get("/api/users/me").status, 401);
                        prop_assert_eq!(app.refresh(&token(held)).status, 400);
                    }
                    break;
                }
                prop_assert_eq!(answer.status, 200);
                prop_assert_eq!(app.bearer(&answer).get("/api/users/me").status, 200);
                (held[who], last) = (answer, Some(who));
            }
            Ok(())
        });
    }

    fn a_replay_ends_the_session_and_is_audited_once(db) {
        let app = TestApp::start(db);
        let admin = admin(&app);
        let (other, first) = (login(&app), login(&app));
        let second = app.refresh(&token(&first)).expect(200);
        app.bearer(&second).get("/api/users/me").expect(200);
        app.clock.advance(GRACE + MOMENT);
        let third = app.refresh(&token(&second)).expect(200);

        let body = json!({"refresh_token": token(&first)});
        let headers = [("x-request-id", "the-replay"), ("user-agent", "a thief's/1.0")];
        app.anyone().json("POST", "/api/auth/refresh", &headers, &body).expect_problem(400, "invalid_grant");
        // The access tokens first: they are dead before anything else has happened.
        for tokens in [&third, &second, &first] {
            app.bearer(tokens).get("/api/users/me").expect_problem(401, "invalid_token");
        }
        expect_dead(&app, &[&third, &second, &first]);

        let found = reuses(&admin);
        let [entry] = &found[..] else { panic!("not one entry: {found:?}") };
        let (user, _) = app.stored("ada@example.com").unwrap();
        let (session, _) = app.refresh.read(&token(&first)).unwrap();
        assert_eq!(entry["user_id"], user.id.to_string());
        assert_eq!(entry["details"]["session_id"], session.to_string());
        assert_eq!((&entry["actor_id"], &entry["request_id"]), (&Value::Null, &json!("the-replay")));
        assert_eq!((&entry["ip"], &entry["user_agent"]), (&json!("127.0.0.1"), &json!("a thief's/1.0")));
        let text = entry.to_string();
        for tokens in [&first, &second, &third] {
            assert!(!text.contains(&token(tokens)), "{text}");
        }

        // The user's other session has nothing to do with it.
        app.bearer(&other).get("/api/users/me").expect(200);
        let sessions = app.bearer(&other).get("/api/auth/sessions").expect(200).json();
        assert_eq!(sessions.as_array().unwrap().len(), 1);
    }

    fn twenty_replays_at_once_are_one_reuse(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        app.bearer(&second).get("/api/users/me").expect(200);
        app.clock.advance(GRACE + MOMENT);
        std::thread::scope(|scope| {
            let replays: Vec<_> = (0..20).map(|_| scope.spawn(|| app.refresh(&token(&first)))).collect();
            for replay in replays {
                replay.join().unwrap().expect_problem(400, "invalid_grant");
            }
        });
        expect_dead(&app, &[&first, &second]);
        assert_eq!(reuses(&admin(&app)).len(), 1);
    }

    fn twenty_repairs_at_once_get_the_one_successor(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let lost = app.refresh(&token(&first)).expect(200);
        app.clock.advance(GRACE + MOMENT);
        std::thread::scope(|scope| {
            let retries: Vec<_> = (0..20).map(|_| scope.spawn(|| app.refresh(&token(&first)))).collect();
            for retry in retries {
                assert_eq!(token(&retry.join().unwrap().expect(200)), token(&lost));
            }
        });
        app.bearer(&lost).get("/api/users/me").expect(200);
        assert_eq!(reuses(&admin(&app)), [Value::Null; 0]);
    }

    fn without_a_window_a_lost_answer_is_repaired_and_a_replay_found(db) {
        let app = TestApp::start_with(db, |settings| settings.refresh_grace = Duration::ZERO);
        let first = login(&app);
        let lost = app.refresh(&token(&first)).expect(200);
        let second = app.refresh(&token(&first)).expect(200);
        assert_eq!(token(&second), token(&lost));
        let third = app.refresh(&token(&second)).expect(200);
        assert_ne!(token(&third), token(&second), "at once");
        app.bearer(&third).get("/api/users/me").expect(200);
        app.refresh(&token(&second)).expect_problem(400, "invalid_grant");
        expect_dead(&app, &[&first, &second, &third]);
        assert_eq!(reuses(&admin(&app)).len(), 1);
    }
}
