//! Access tokens: how they are sent, and when they stop being good.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::{AccessTokens, Grant, KeySet, SystemEntropy, TokenSettings};
use plinth_domain::{Clock, Role, SessionId};
use plinth_testing::{Answer, PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const ME: &str = "/api/users/me";

#[track_caller]
fn expect_missing(answer: Answer) {
    let answer = answer.expect_problem(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[track_caller]
fn expect_bad(answer: Answer) {
    let answer = answer.expect_problem(401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
}

fn with_header(app: &TestApp, authorization: &str) -> Answer {
    app.anyone().send("GET", ME, &[("authorization", authorization)], Vec::new())
}

/// Replaces the character at that place by another one.
fn altered(token: &str, at: usize) -> String {
    let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

on_both! {
    fn a_token_is_read_from_one_header_alone(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let token = ada.token();
        expect_missing(app.anyone().get(ME));
        for query in ["access_token", "token", "bearer", "Authorization"] {
            expect_missing(app.anyone().get(&format!("{ME}?{query}={token}")));
        }
        expect_missing(app.anyone().send(
            "GET",
            ME,
            &[("cookie", &format!("access_token={token}"))],
            Vec::new(),
        ));
        for other in
            ["Basic YTpi", "Digest x", token, &format!("Token {token}"), &format!("Bearer{token}"), ""]
        {
            expect_missing(with_header(&app, other));
        }
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            let answer = with_header(&app, &format!("{scheme} {token}")).expect(200);
            assert_eq!(answer.header("cache-control"), "private, no-cache");
        }
    }

    fn two_headers_are_ambiguous(db) {
        let app = TestApp::start(db);
        let good = format!("Bearer {}", app.viewer("ada").token());
        for other in [good.as_str(), "Bearer x", "Basic YTpi", ""] {
            for headers in [
                [("authorization", good.as_str()), ("authorization", other)],
                [("authorization", other), ("authorization", good.as_str())],
            ] {
                app.anyone()
                    .send("GET", ME, &headers, Vec::new())
                    .expect_problem(400, "ambiguous_authorization");
            }
        }
    }

    fn what_is_no_token_of_ours_is_bad(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let token = ada.token();
        let (head, rest) = token.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let refresh = app.login("ada@example.com", PASSWORD).expect(200).text("refresh_token");
        for bad in [
            "",
            "x",
            "..",
            "garbage garbage",
            &format!("{token}x"),
            &format!("{token} {token}"),
            &format!("\"{token}\""),
            &altered(token, 3),
            &altered(token, head.len() + 5),
            &altered(token, token.len() - 10),
            &format!("{head}.{claims}."),
            // {"alg":"none","typ":"at+jwt"}
            &format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{claims}."),
            &format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{claims}.{signature}"),
            &refresh,
            &"x".repeat(6000),
        ] {
            expect_bad(with_header(&app, &format!("Bearer {bad}")));
        }
        ada.get(ME).expect(200);
    }

    fn a_token_for_others_or_for_no_session_is_bad(db) {
        let app = TestApp::start(db);
        let ada = app.user(Role::Viewer, "ada");
        let grace = app.user(Role::Admin, "grace");
        let login = app.login("ada@example.com", PASSWORD).expect(200);
        let (session, _) = app.refresh.read(&login.text("refresh_token")).unwrap();
        let now = app.clock.now();
        let settings = |issuer: &str, audience: &str| TokenSettings {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            access_ttl: Duration::from_secs(1800),
        };
        let grant = Grant { user: ada.id, session, role: Role::Admin, generation: 0 };
        let ours = app.access.issue(grant, now, &SystemEntropy).unwrap();
        // The role is not believed: it is the database's.
        let user = app.anyone().with_token(ours.as_str());
        user.get(ME).expect(200);
        user.get("/api/users").expect_problem(403, "forbidden");

        let key = || KeySet::from_secret(b"a secret for tests, of 32 bytes and more");
        let same = AccessTokens::new(key(), settings("plinth-test", "plinth-test"));
        app.anyone().with_token(same.issue(grant, now, &SystemEntropy).unwrap().as_str()).get(ME).expect(200);
        for tokens in [
            AccessTokens::new(key(), settings("elsewhere", "plinth-test")),
            AccessTokens::new(key(), settings("plinth-test", "elsewhere")),
            AccessTokens::new(KeySet::from_secret(&[7; 40]), settings("plinth-test", "plinth-test")),
        ] {
            let token = tokens.issue(grant, now, &SystemEntropy).unwrap();
            expect_bad(app.anyone().with_token(token.as_str()).get(ME));
        }
        for grant in [
            Grant { user: grace.id, ..grant },
            Grant { session: SessionId::new(now, &SystemEntropy), ..grant },
            Grant { generation: 1, ..grant },
        ] {
            let token = app.access.issue(grant, now, &SystemEntropy).unwrap();
            expect_bad(app.anyone().with_token(token.as_str()).get(ME));
        }
    }

    fn a_token_says_whose_it_is_and_no_more(db) {
        let app = TestApp::start(db);
        let ada = app.user(Role::Viewer, "ada");
        let login = app.login("ada@example.com", PASSWORD).expect(200);
        let token = login.text("access_token");
        let parts: Vec<Value> = token
            .split('.')
            .take(2)
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        let (head, claims) = (&parts[0], &parts[1]);
        assert_eq!((&head["typ"], &head["alg"]), (&json!("at+jwt"), &json!("HS256")));
        assert!(head["kid"].is_string());
        let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "nbf", "role", "sid", "sub"]);
        let (session, _) = app.refresh.read(&login.text("refresh_token")).unwrap();
        assert_eq!(
            (&claims["sub"], &claims["sid"]),
            (&json!(ada.id.to_string()), &json!(session.to_string()))
        );
        assert_eq!(claims["role"], "viewer");
        let lives = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!(login.json()["expires_in"], lives);
        let other = app.login("ada@example.com", PASSWORD).expect(200).text("access_token");
        assert_ne!(other, token);
    }

    fn a_token_expires(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        app.clock.advance(Duration::from_secs(30 * 60 - 30));
        ada.get(ME).expect(200);
        // Past its end, and past any leeway.
        app.clock.advance(Duration::from_secs(36));
        expect_bad(ada.get(ME));
        expect_bad(ada.post("/api/auth/logout", &json!({})));
    }

    fn test_token_shows_whose_it_is(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let answer = ada.post("/api/auth/test-token", &json!({})).expect(200);
        assert_eq!(answer.json(), ada.get(ME).json());
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        // It takes no body, so none has to be sent.
        ada.send("POST", "/api/auth/test-token", &[], Vec::new()).expect(200);
        expect_missing(app.anyone().post("/api/auth/test-token", &json!({})));
    }

    fn logout_kills_both_tokens_at_once(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let here = app.login("ada@example.com", PASSWORD).expect(200);
        let there = app.login("ada@example.com", PASSWORD).expect(200);
        let ada = app.bearer(&here);
        let answer = ada.send("POST", "/api/auth/logout", &[], Vec::new()).expect(204);
        assert!(answer.body.is_empty());
        expect_bad(ada.get(ME));
        expect_bad(ada.post("/api/auth/logout", &json!({})));
        app.refresh(&here.text("refresh_token")).expect_problem(400, "invalid_grant");
        // The other session goes on.
        app.bearer(&there).get(ME).expect(200);
        app.refresh(&there.text("refresh_token")).expect(200);
    }

    fn of_several_logouts_at_once_each_finds_the_session_or_none(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        for _ in 0..10 {
            let ada = app.bearer(&app.login("ada@example.com", PASSWORD).expect(200));
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let logouts: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            let answer = ada.send("POST", "/api/auth/logout", &[], Vec::new());
                            if answer.status != 204 {
                                expect_bad(answer.clone());
                            }
                            answer.status
                        })
                    })
                    .collect();
                logouts.into_iter().map(|logout| logout.join().unwrap()).collect()
            });
            assert!(statuses.contains(&204), "{statuses:?}");
        }
    }

    fn deactivation_acts_on_the_next_request(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let ada = app.viewer("ada");
        let account = format!("/api/users/{}", ada.id());
        let login = app.login("ada@example.com", PASSWORD).expect(200);
        admin.patch(&account, &json!({"is_active": false})).expect(200);
        expect_bad(ada.get(ME));
        expect_bad(app.bearer(&login).get(ME));
        app.refresh(&login.text("refresh_token")).expect_problem(400, "invalid_grant");
        // Its sessions have ended: they do not come back with the account.
        admin.patch(&account, &json!({"is_active": true})).expect(200);
        expect_bad(ada.get(ME));
        app.refresh(&login.text("refresh_token")).expect_problem(400, "invalid_grant");
    }

    fn deletion_acts_on_the_next_request(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let ada = app.viewer("ada");
        let account = format!("/api/users/{}", ada.id());
        let login = app.login("ada@example.com", PASSWORD).expect(200);
        admin.delete(&account).expect(204);
        expect_bad(ada.get(ME));
        app.refresh(&login.text("refresh_token")).expect_problem(400, "invalid_grant");
        admin.post(&format!("{account}/restore"), &json!({})).expect(200);
        expect_bad(ada.get(ME));
        app.refresh(&login.text("refresh_token")).expect_problem(400, "invalid_grant");
    }

    fn a_change_of_role_acts_on_the_next_request(db) {
        let app = TestApp::start(db);
        let (admin, eve) = (app.admin(), app.editor());
        let account = format!("/api/users/{}", eve.id());
        eve.get("/api/users").expect(200);
        admin.patch(&account, &json!({"role": "viewer"})).expect(200);
        eve.get("/api/users").expect_problem(403, "forbidden");
        admin.patch(&account, &json!({"role": "admin"})).expect(200);
        eve.get("/api/users?include_deleted=true").expect(200);
        assert_eq!(eve.get(ME).json()["is_superuser"], true);
    }
}
