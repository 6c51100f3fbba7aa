//! Refresh tokens: how they replace each other, what honest clients may do, and how a stolen one is noticed.

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use plinth_domain::{Clock, Role};
use plinth_testing::{Answer, PASSWORD, TestApp, on_both};
use serde_json::json;

const GRACE: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A session that has just begun.
fn login(app: &TestApp) -> Answer {
    if app.stored("ada@example.com").is_none() {
        app.user(Role::Viewer, "ada");
    }
    app.login("ada@example.com", PASSWORD).expect(200)
}

fn token(tokens: &Answer) -> String {
    tokens.text("refresh_token")
}

fn generation(app: &TestApp, tokens: &Answer) -> u32 {
    app.refresh.read(&token(tokens)).unwrap().1
}

#[track_caller]
fn expect_alive(app: &TestApp, tokens: &Answer) {
    app.bearer(tokens).get("/api/users/me").expect(200);
}

/// Checks that neither kind of token of a session is good any more.
#[track_caller]
fn expect_ended(app: &TestApp, tokens: &[&Answer]) {
    for tokens in tokens {
        app.bearer(tokens).get("/api/users/me").expect_problem(401, "invalid_token");
        expect_refused(app.refresh(&token(tokens)));
    }
}

#[track_caller]
fn expect_refused(answer: Answer) {
    let answer = answer.expect_problem(400, "invalid_grant");
    let body = answer.json();
    assert_eq!(body["error"], "invalid_grant");
    assert_eq!(body["error_description"], body["detail"]);
    assert_eq!(answer.header("cache-control"), "no-store");
}

on_both! {
    fn a_refresh_replaces_the_token(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        // At once: a login does not begin a grace window.
        let second = app.refresh(&token(&first)).expect(200);
        assert_eq!(second.header("content-type"), "application/json");
        assert_eq!(second.header("cache-control"), "no-store");
        let body = second.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("bearer"), &json!(1800)));
        assert_eq!(body.as_object().unwrap().len(), 4);
        assert_ne!(token(&second), token(&first));
        assert_ne!(second.text("access_token"), first.text("access_token"));
        assert_eq!(generation(&app, &second), generation(&app, &first) + 1);
        // The access token that is out already stays good.
        expect_alive(&app, &first);
        expect_alive(&app, &second);
    }

    fn within_the_grace_window_the_current_token_is_repeated(db) {
        let app = TestApp::start(db);
        // However long the requests take on a busy machine.
        let now = app.clock.now();
        app.clock.stand_at(now);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        // Also when its successor was seen already.
        expect_alive(&app, &second);
        for shown in [&first, &second, &first, &second] {
            let again = app.refresh(&token(shown)).expect(200);
            assert_eq!(token(&again), token(&second), "the generation advances once in a window");
            assert_ne!(again.text("access_token"), second.text("access_token"), "a fresh access token");
            expect_alive(&app, &again);
        }
        app.clock.stand_at(now.plus(GRACE - MOMENT));
        assert_eq!(token(&app.refresh(&token(&second)).expect(200)), token(&second));
        // Repeating does not lengthen the window: it counts from the advance.
        app.clock.stand_at(now.plus(GRACE + MOMENT));
        let third = app.refresh(&token(&second)).expect(200);
        assert_eq!(generation(&app, &third), generation(&app, &second) + 1);
    }

    fn after_the_window_only_the_successor_is_good(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        expect_alive(&app, &second);
        app.clock.advance(GRACE + MOMENT);
        let third = app.refresh(&token(&second)).expect(200);
        assert_eq!(generation(&app, &third), generation(&app, &second) + 1);
        expect_alive(&app, &third);
    }

    fn an_old_token_ends_the_session_once_its_successors_access_token_was_used(db) {
        let app = TestApp::start(db);
        let (other, first) = (login(&app), login(&app));
        let second = app.refresh(&token(&first)).expect(200);
        expect_alive(&app, &second);
        app.clock.advance(GRACE + MOMENT);
        expect_refused(app.refresh(&token(&first)));
        expect_ended(&app, &[&first, &second]);
        expect_alive(&app, &other);
        app.refresh(&token(&other)).expect(200);
    }

    fn an_old_token_ends_the_session_once_its_successor_was_used(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        // Shown within the window: nothing advances, but it has arrived.
        assert_eq!(token(&app.refresh(&token(&second)).expect(200)), token(&second));
        app.clock.advance(GRACE + MOMENT);
        expect_refused(app.refresh(&token(&first)));
        expect_ended(&app, &[&first, &second]);
    }

    fn a_refused_request_with_the_successor_counts_as_seen(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        app.bearer(&second).get("/api/users").expect_problem(403, "forbidden");
        app.clock.advance(GRACE + MOMENT);
        expect_refused(app.refresh(&token(&first)));
        expect_ended(&app, &[&second]);
    }

    fn a_token_two_generations_old_ends_the_session_even_within_the_window(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        app.clock.advance(GRACE + MOMENT);
        let third = app.refresh(&token(&second)).expect(200);
        expect_refused(app.refresh(&token(&first)));
        expect_ended(&app, &[&first, &second, &third]);
    }

    fn a_lost_answer_is_repaired(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let lost = app.refresh(&token(&first)).expect(200);
        app.clock.advance(DAY);
        let second = app.refresh(&token(&first)).expect(200);
        assert_eq!(token(&second), token(&lost), "what replaced it has not been seen");
        // Still: nobody has shown what the second answer held.
        app.clock.advance(DAY);
        let third = app.refresh(&token(&first)).expect(200);
        assert_eq!(token(&third), token(&lost));
        expect_alive(&app, &third);
        expect_refused(app.refresh(&token(&first)));
        expect_ended(&app, &[&third]);
    }

    fn an_old_access_token_does_not_show_that_the_successor_arrived(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let lost = app.refresh(&token(&first)).expect(200);
        expect_alive(&app, &first);
        app.clock.advance(GRACE + MOMENT);
        expect_alive(&app, &first);
        assert_eq!(token(&app.refresh(&token(&first)).expect(200)), token(&lost));
    }

    fn twenty_refreshes_at_once_get_one_successor(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let answers: Vec<Answer> = thread::scope(|scope| {
            let refreshes: Vec<_> = (0..20)
                .map(|_| {
                    let (client, body) = (app.anyone(), json!({"refresh_token": token(&first)}));
                    scope.spawn(move || client.post("/api/auth/refresh", &body))
                })
                .collect();
            refreshes.into_iter().map(|refresh| refresh.join().unwrap().expect(200)).collect()
        });
        let successors: HashSet<String> = answers.iter().map(token).collect();
        assert_eq!(successors.len(), 1);
        for answer in &answers {
            assert_eq!(generation(&app, answer), generation(&app, &first) + 1);
            expect_alive(&app, answer);
        }
    }

    fn without_a_grace_window_every_refresh_advances(db) {
        let app = TestApp::start_with(db, |settings| settings.refresh_grace = Duration::ZERO);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        let third = app.refresh(&token(&second)).expect(200);
        assert_eq!(generation(&app, &third), generation(&app, &first) + 2);
        // The third was not seen, so the second is answered with it.
        assert_eq!(token(&app.refresh(&token(&second)).expect(200)), token(&third));
        expect_alive(&app, &third);
        expect_refused(app.refresh(&token(&second)));
        expect_ended(&app, &[&third]);
    }

    fn a_session_that_is_not_used_ends(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        app.clock.advance(7 * DAY - MOMENT);
        let second = app.refresh(&token(&first)).expect(200);
        app.clock.advance(7 * DAY - MOMENT);
        let third = app.refresh(&token(&second)).expect(200);
        app.clock.advance(7 * DAY);
        expect_refused(app.refresh(&token(&third)));
        expect_ended(&app, &[&third]);
    }

    fn no_session_lives_longer_than_its_absolute_limit(db) {
        let app = TestApp::start_with(db, |settings| settings.session_max = 10 * DAY);
        let first = login(&app);
        app.clock.advance(6 * DAY);
        let second = app.refresh(&token(&first)).expect(200);
        app.clock.advance(4 * DAY - 10 * MOMENT);
        let third = app.refresh(&token(&second)).expect(200);
        expect_alive(&app, &third);
        // The access token would be good for 30 minutes: it ends with its session.
        app.clock.advance(11 * MOMENT);
        expect_ended(&app, &[&third]);
    }

    fn what_is_no_token_of_ours_is_an_invalid_grant(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let good = token(&first);
        let flipped = |at: usize| {
            let other = if good.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{other}{}", &good[..at], &good[at + 1..])
        };
        let mut bad = vec![
            String::new(),
            "x".to_owned(),
            format!("{good}A"),
            format!(" {good}"),
            format!("{good}="),
            good[1..].to_owned(),
            first.text("access_token"),
            "é".repeat(30),
            "x".repeat(100_000),
        ];
        bad.extend((0..good.len()).map(flipped));
        for bad in bad {
            expect_refused(app.refresh(&bad));
        }
        // No forgery does anything to the session.
        assert_eq!(generation(&app, &app.refresh(&good).expect(200)), generation(&app, &first) + 1);
    }

    fn a_bad_body_is_refused_in_the_words_of_oauth_too(db) {
        let app = TestApp::start(db);
        let refresh = |body: &str| app.anyone().json_text("POST", "/api/auth/refresh", body);
        for (body, fields) in [
            ("{}", [("/refresh_token", "required")].as_slice()),
            (r#"{"refresh_token": null}"#, &[("/refresh_token", "null_not_allowed")]),
            (
                r#"{"refresh_token": 1, "more": 2}"#,
                &[("/refresh_token", "wrong_type"), ("/more", "unknown_field")],
            ),
        ] {
            let answer = refresh(body).expect_fields(fields);
            assert_eq!(
                (&answer.json()["error"], answer.header("cache-control")),
                (&json!("invalid_request"), "no-store")
            );
        }
        assert_eq!(refresh("{").expect_problem(400, "malformed_json").json()["error"], "invalid_request");
        let form = app.anyone().form("/api/auth/refresh", &[("refresh_token", "x")]);
        form.expect_problem(415, "unsupported_media_type");
    }

    fn a_session_that_was_logged_out_is_never_revived(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let second = app.refresh(&token(&first)).expect(200);
        app.bearer(&second).post("/api/auth/logout", &json!({})).expect(204);
        expect_ended(&app, &[&first, &second, &first]);
        login(&app);
        expect_ended(&app, &[&first, &second]);
    }

    fn a_logout_wins_over_refreshes_at_once(db) {
        let app = TestApp::start(db);
        for _ in 0..5 {
            let first = login(&app);
            let last: Vec<Answer> = thread::scope(|scope| {
                let refreshes: Vec<_> = (0..6).map(|_| scope.spawn(|| app.refresh(&token(&first)))).collect();
                app.bearer(&first).post("/api/auth/logout", &json!({})).expect(204);
                refreshes.into_iter().map(|refresh| refresh.join().unwrap()).collect()
            });
            for answer in &last {
                match answer.status {
                    200 => expect_ended(&app, &[answer]),
                    _ => expect_refused(answer.clone()),
                }
            }
            expect_ended(&app, &[&first]);
        }
    }

    fn a_refresh_takes_the_role_of_now(db) {
        let app = TestApp::start(db);
        let first = login(&app);
        let id = app.stored("ada@example.com").unwrap().0.id;
        app.admin().patch(&format!("/api/users/{id}"), &json!({"role": "editor"})).expect(200);
        let second = app.refresh(&token(&first)).expect(200);
        let claims =
            app.access.verify(&second.text("access_token"), app.clock.now()).unwrap();
        assert_eq!((claims.user, claims.role), (id, Role::Editor));
    }
}
