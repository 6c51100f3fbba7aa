//! The sessions of the one who asks: what is shown of them, and what ends them.

use std::time::Duration;

use plinth_domain::{Role, SessionId, Timestamp};
use plinth_testing::{Answer, Client, PASSWORD, TestApp, encoded, on_both};
use serde_json::{Value, json};

use crate::support;

const SESSIONS: &str = "/api/auth/sessions";
const ME: &str = "/api/users/me";
const EMAIL: &str = "ada@example.com";
const MICRO: Duration = Duration::from_micros(1);
const MINUTE: Duration = Duration::from_secs(60);
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Some instant.
fn start() -> Timestamp {
    Timestamp::parse("2026-11-20T10:15:25.123456Z").unwrap()
}

/// Sends a request with exactly these headers, and gives the answer's body.
fn raw(app: &TestApp, path: &str, content_type: &str, headers: &[u8], body: &str) -> Value {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n",
        body.len()
    );
    let mut client = support::Client::connect(app.address());
    client.write_bytes(&[head.as_bytes(), headers, b"\r\n", body.as_bytes()].concat());
    let answer = client.read(false);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Signs in with exactly these headers.
fn login_with(app: &TestApp, headers: &[u8]) -> Value {
    let form = format!("username={}&password={}", encoded(EMAIL), encoded(PASSWORD));
    raw(app, "/api/auth/login", "application/x-www-form-urlencoded", headers, &form)
}

fn client(app: &TestApp, tokens: &Value) -> Client {
    app.anyone().with_token(tokens["access_token"].as_str().unwrap())
}

fn id(app: &TestApp, tokens: &Value) -> SessionId {
    app.refresh.read(tokens["refresh_token"].as_str().unwrap()).unwrap().0
}

fn path(app: &TestApp, tokens: &Answer) -> String {
    format!("{SESSIONS}/{}", id(app, &tokens.json()))
}

/// The ids that are listed.
fn listed(client: &Client) -> Vec<String> {
    let list = client.get(SESSIONS).expect(200).json();
    list.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Which of its tokens a session still has: the access token, and the refresh token.
fn good(app: &TestApp, tokens: &Answer) -> (bool, bool) {
    let access = app.bearer(tokens).get(ME);
    if access.status != 200 {
        access.clone().expect_problem(401, "invalid_token");
    }
    let refreshed = app.refresh(&tokens.text("refresh_token"));
    if refreshed.status != 200 {
        refreshed.clone().expect_problem(400, "invalid_grant");
    }
    (access.status == 200, refreshed.status == 200)
}

const ALIVE: (bool, bool) = (true, true);
const DEAD: (bool, bool) = (false, false);

on_both! {
    fn the_newest_comes_first_and_tells_where_it_was_used(db) {
        let app = TestApp::start_with(db, |settings| {
            settings.trusted_proxies = "127.0.0.1".parse().unwrap();
        });
        app.clock.stand_at(start());
        app.user(Role::Viewer, "ada");
        let phone = login_with(&app, b"user-agent: Phone/1\r\nx-forwarded-for: 203.0.113.7\r\n");
        app.viewer("bob");
        let second = start().plus(Duration::from_secs(1));
        app.clock.stand_at(second);
        let laptop = login_with(&app, b"user-agent: Laptop/1\r\nx-forwarded-for: 2001:db8::1\r\n");
        let shown = |tokens: &Value, created: Timestamp, used: Timestamp, ip: &str, agent: &str, current: bool| {
            json!({
                "id": id(&app, tokens), "created_at": created, "last_used_at": used, "expires_at": used.plus(WEEK),
                "ip": ip, "user_agent": agent, "current": current,
            })
        };
        let answer = client(&app, &laptop).get(SESSIONS).expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        let expected = json!([
            shown(&laptop, second, second, "2001:db8::1", "Laptop/1", true),
            shown(&phone, start(), start(), "203.0.113.7", "Phone/1", false),
        ]);
        assert_eq!(answer.json(), expected);

        let later = start().plus(MINUTE);
        app.clock.stand_at(later);
        let token = json!({"refresh_token": phone["refresh_token"]}).to_string();
        let headers = b"user-agent: Phone/2\r\nx-forwarded-for: 198.51.100.9\r\n";
        let phone = raw(&app, "/api/auth/refresh", "application/json", headers, &token);
        let expected = json!([
            shown(&laptop, second, second, "2001:db8::1", "Laptop/1", false),
            shown(&phone, start(), later, "198.51.100.9", "Phone/2", true),
        ]);
        assert_eq!(client(&app, &phone).get(SESSIONS).expect(200).json(), expected);
    }

    fn of_many_the_newest_are_listed_and_the_one_that_asks(db) {
        let app = TestApp::start(db);
        app.clock.stand_at(start());
        app.user(Role::Viewer, "ada");
        let logins: Vec<Value> = (0..=100)
            .map(|second| {
                app.clock.stand_at(start().plus(Duration::from_secs(second)));
                app.login(EMAIL, PASSWORD).expect(200).json()
            })
            .collect();
        let ids: Vec<String> = logins.iter().rev().map(|login| id(&app, login).to_string()).collect();
        let (first, last) = (client(&app, &logins[0]), client(&app, &logins[100]));
        assert_eq!(listed(&last), ids[..100]);

        let asked = first.get(SESSIONS).expect(200).json();
        let shown: Vec<_> = asked.as_array().unwrap().iter().map(|row| (&row["id"], &row["current"])).collect();
        assert_eq!(shown.len(), 100);
        assert_eq!((shown[0], shown[98]), ((&json!(ids[0]), &json!(false)), (&json!(ids[98]), &json!(false))));
        assert_eq!(shown[99], (&json!(ids[100]), &json!(true)));
        // Those that are not shown are ended all the same.
        first.delete(SESSIONS).expect(204);
        assert_eq!(listed(&first), ids[100..]);
        last.get(SESSIONS).expect_problem(401, "invalid_token");
    }

    fn what_a_client_says_of_itself_is_kept_as_one_short_line(db) {
        let app = TestApp::start_with(db, |settings| {
            settings.trusted_proxies = "127.0.0.1".parse().unwrap();
        });
        app.user(Role::Viewer, "ada");
        let long = |what: &str, times: usize| json!(what.repeat(times));
        for (agent, kept) in [
            (&b""[..], Value::Null),
            (b"user-agent:\r\n", Value::Null),
            (b"user-agent: \t \r\n", Value::Null),
            (b"user-agent: <script>\"'\\%00\r\n", json!("<script>\"'\\%00")),
            (b"user-agent: a\tb\r\n", json!("ab")),
            (b"user-agent: a\xffb\r\n", json!("a\u{fffd}b")),
            ("user-agent: Łódź/1 🦀\r\n".as_bytes(), json!("Łódź/1 🦀")),
            (format!("user-agent: {}\r\n", "x".repeat(256)).as_bytes(), long("x", 256)),
            (format!("user-agent: {}\r\n", "x".repeat(257)).as_bytes(), long("x", 256)),
            (format!("user-agent: {}\r\n", "🦀".repeat(1000)).as_bytes(), long("🦀", 256)),
            (format!("user-agent: {} y\r\n", "x".repeat(255)).as_bytes(), long("x", 255)),
        ] {
            let ada = client(&app, &login_with(&app, agent));
            let shown = ada.get(SESSIONS).expect(200).json();
            assert_eq!(shown[0]["user_agent"], kept, "{:?}", String::from_utf8_lossy(agent));
            assert_eq!(shown[0]["ip"], "127.0.0.1");
            assert_eq!(shown[0]["current"], true);
        }
        // An IPv4 address is shown as one, however it was written.
        for (forwarded, ip) in [
            ("x-forwarded-for: ::ffff:203.0.113.9", "203.0.113.9"),
            ("x-forwarded-for: [::FFFF:cb00:7109]", "203.0.113.9"),
            ("x-forwarded-for: 2001:DB8:0::1", "2001:db8::1"),
            ("x-forwarded-for: nonsense", "127.0.0.1"),
        ] {
            let ada = client(&app, &login_with(&app, format!("{forwarded}\r\n").as_bytes()));
            assert_eq!(ada.get(SESSIONS).expect(200).json()[0]["ip"], ip, "{forwarded}");
        }
    }

    fn one_session_is_ended(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let bob = app.viewer("bob");
        let sign_in = || app.login(EMAIL, PASSWORD).expect(200);
        let (here, there, third) = (sign_in(), sign_in(), sign_in());
        let ada = app.bearer(&here);

        bob.delete(&path(&app, &there)).expect_problem(404, "not_found");
        app.admin().delete(&path(&app, &there)).expect_problem(404, "not_found");
        assert_eq!(good(&app, &there), ALIVE);
        assert!(ada.delete(&path(&app, &there)).expect(204).body.is_empty());
        assert_eq!(good(&app, &there), DEAD);
        assert_eq!((good(&app, &here), good(&app, &third)), (ALIVE, ALIVE));
        assert_eq!(listed(&ada).len(), 2);
        ada.delete(&path(&app, &there)).expect_problem(404, "not_found");
        let bare = id(&app, &third.json()).to_string().replace('-', "");
        for unknown in ["no-id", "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e", &bare] {
            ada.delete(&format!("{SESSIONS}/{unknown}")).expect_problem(404, "not_found");
        }
        ada.delete(&format!("{}?x=1", path(&app, &third))).expect_fields(&[("query/x", "unknown_field")]);
        assert_eq!(good(&app, &third), ALIVE);
        // The one that asks may end itself.
        ada.delete(&path(&app, &here)).expect(204);
        assert_eq!((good(&app, &here), good(&app, &third)), (DEAD, ALIVE));
        ada.delete(&path(&app, &here)).expect_problem(401, "invalid_token");
    }

    fn a_browser_forgets_its_token_with_its_own_session_alone(db) {
        let app = TestApp::start_with(db, |settings| settings.auth_cookies = true);
        let (here, other) = (app.viewer("ada"), app.bearer(&app.login(EMAIL, PASSWORD).expect(200)));
        let current = |of: &Client| {
            let list = of.get(SESSIONS).expect(200).json();
            let row = list.as_array().unwrap().iter().find(|row| row["current"] == true).cloned();
            row.unwrap()["id"].as_str().unwrap().to_owned()
        };
        let (here_id, other_id) = (current(&here), current(&other));
        let answer = here.delete(&format!("{SESSIONS}/{other_id}")).expect(204);
        assert_eq!(answer.header("set-cookie"), "");
        let answer = here.delete(&format!("{SESSIONS}/{here_id}")).expect(204);
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("plinth_refresh=;") && cookie.contains("Max-Age=0"), "{cookie}");
    }

    fn all_others_are_ended(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        app.user(Role::Viewer, "bob");
        let of_bob = app.login("bob@example.com", PASSWORD).expect(200);
        let sessions: Vec<_> = (0..4).map(|_| app.login(EMAIL, PASSWORD).expect(200)).collect();
        let ada = app.bearer(&sessions[2]);
        ada.delete(&format!("{SESSIONS}?x=1")).expect_fields(&[("query/x", "unknown_field")]);
        assert_eq!(listed(&ada).len(), 4);
        for _ in 0..2 {
            assert!(ada.delete(SESSIONS).expect(204).body.is_empty());
            let alive: Vec<_> = sessions.iter().map(|tokens| good(&app, tokens)).collect();
            assert_eq!(alive, [DEAD, DEAD, ALIVE, DEAD]);
        }
        assert_eq!(listed(&ada), [id(&app, &sessions[2].json()).to_string()]);
        assert_eq!(good(&app, &of_bob), ALIVE);
    }

    fn whatever_ends_a_session_ends_both_its_tokens_for_ever(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let ways = [
            ("logout", DEAD, ALIVE),
            ("own password", ALIVE, DEAD),
            ("password by an administrator", DEAD, DEAD),
            ("reset", DEAD, DEAD),
            ("deactivation", DEAD, DEAD),
            ("deletion", DEAD, DEAD),
            ("own deletion", DEAD, DEAD),
            ("reuse", DEAD, ALIVE),
        ];
        for (n, (way, of_here, of_there)) in ways.into_iter().enumerate() {
            let name = format!("user{n}");
            let email = app.user(Role::Viewer, &name).email.into_string();
            let sign_in = || app.login(&email, PASSWORD).expect(200);
            let (here, there) = (sign_in(), sign_in());
            let user = app.bearer(&here);
            let account = format!("/api/users/{}", user.id());
            let new = json!({"password": "a new password", "current_password": PASSWORD});
            let mut password = "a new password";
            match way {
                "logout" => drop(user.post("/api/auth/logout", &json!({})).expect(204)),
                "own password" => drop(user.patch(ME, &new).expect(200)),
                "password by an administrator" => {
                    admin.patch(&account, &json!({"password": "a new password"})).expect(200);
                }
                "reset" => {
                    app.anyone().post("/api/auth/password/forgot", &json!({"email": email})).expect(202);
                    let token = app.token_mailed(&email, "/reset-password", 1);
                    let body = json!({"token": token, "new_password": password});
                    app.anyone().post("/api/auth/password/reset", &body).expect(204);
                }
                "deactivation" => {
                    admin.patch(&account, &json!({"is_active": false})).expect(200);
                    assert_eq!((good(&app, &here), good(&app, &there)), (of_here, of_there), "{way}");
                    admin.patch(&account, &json!({"is_active": true})).expect(200);
                }
                "deletion" | "own deletion" => {
                    if way == "deletion" {
                        admin.delete(&account).expect(204);
                    } else {
                        let proof = json!({"current_password": PASSWORD});
                        user.post("/api/users/me/delete", &proof).expect(204);
                    }
                    assert_eq!((good(&app, &here), good(&app, &there)), (of_here, of_there), "{way}");
                    admin.post(&format!("{account}/restore"), &json!({})).expect(200);
                }
                _ => {
                    let next = app.refresh(&here.text("refresh_token")).expect(200);
                    app.bearer(&next).get(ME).expect(200);
                    app.clock.advance(Duration::from_secs(11));
                    app.refresh(&here.text("refresh_token")).expect_problem(400, "invalid_grant");
                    assert_eq!(good(&app, &next), DEAD);
                }
            }
            assert_eq!((good(&app, &here), good(&app, &there)), (of_here, of_there), "{way}");
            if !matches!(way, "own password" | "password by an administrator" | "reset") {
                password = PASSWORD;
            }
            let again = app.bearer(&app.login(&email, password).expect(200));
            let alive = [of_here, of_there].into_iter().filter(|tokens| *tokens == ALIVE).count();
            assert_eq!(listed(&again).len(), alive + 1, "{way}");
            assert_eq!((good(&app, &here), good(&app, &there)), (of_here, of_there), "{way}");
        }
    }

    fn a_session_ends_to_the_microsecond(db) {
        // Shorter than the life of an access token, which would be good for longer.
        let app = TestApp::start_with(db, |settings| {
            settings.refresh_idle = 10 * MINUTE;
            settings.session_max = 15 * MINUTE;
        });
        let (idle, end) = (start().plus(10 * MINUTE), start().plus(15 * MINUTE));
        app.clock.stand_at(start());
        app.user(Role::Viewer, "ada");
        let sign_in = || app.login(EMAIL, PASSWORD).expect(200);
        let (unused, used) = (sign_in(), sign_in());
        app.clock.stand_at(start().plus(5 * MINUTE));
        let watcher = sign_in();
        let ada = app.bearer(&watcher);
        let expiry = |tokens: &Answer| {
            let session = id(&app, &tokens.json()).to_string();
            let list = ada.get(SESSIONS).expect(200).json();
            let row = list.as_array().unwrap().iter().find(|row| row["id"] == session.as_str()).cloned();
            row.map(|row| Timestamp::parse(row["expires_at"].as_str().unwrap()).unwrap())
        };
        assert_eq!((expiry(&unused), expiry(&used)), (Some(idle), Some(idle)));
        app.clock.stand_at(idle.minus(MICRO));
        app.bearer(&unused).get(ME).expect(200);
        let used = app.refresh(&used.text("refresh_token")).expect(200);
        assert_eq!((expiry(&unused), expiry(&used)), (Some(idle), Some(end)));
        // None of what is refused brings it back, so each token is tried at each instant.
        for at in [idle, idle.plus(MICRO)] {
            app.clock.stand_at(at);
            assert_eq!(expiry(&unused), None);
            ada.delete(&path(&app, &unused)).expect_problem(404, "not_found");
            assert_eq!(good(&app, &unused), DEAD);
        }
        app.clock.stand_at(end.minus(MICRO));
        app.refresh(&watcher.text("refresh_token")).expect(200);
        assert_eq!(good(&app, &used), ALIVE);
        assert_eq!(expiry(&used), Some(end));
        for at in [end, end.plus(MICRO)] {
            app.clock.stand_at(at);
            assert_eq!(expiry(&used), None);
            assert_eq!(good(&app, &used), DEAD);
        }
        assert_eq!(listed(&ada).len(), 1);
    }

    fn what_one_server_ends_is_dead_on_another_at_once(db) {
        let first = TestApp::start(db);
        let second = TestApp::start_as(first.db.once_more(), |setup| setup.clock = first.clock.clone());
        first.user(Role::Viewer, "ada");
        for (here, there) in [(&first, &second), (&second, &first)] {
            let (a, b) = (here.login(EMAIL, PASSWORD).expect(200), there.login(EMAIL, PASSWORD).expect(200));
            assert_eq!((good(there, &a), good(here, &b)), (ALIVE, ALIVE));
            assert_eq!(listed(&there.bearer(&a)), listed(&here.bearer(&b)));
            here.bearer(&a).delete(&path(here, &b)).expect(204);
            assert_eq!((good(there, &b), good(here, &b)), (DEAD, DEAD));
            there.bearer(&a).post("/api/auth/logout", &json!({})).expect(204);
            assert_eq!((good(here, &a), good(there, &a)), (DEAD, DEAD));
        }
    }
}
