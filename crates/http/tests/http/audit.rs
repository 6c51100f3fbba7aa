//! The audit log: everything that it names is written down, with who, to whom and from where; nothing that did not
//! happen is, and no secret.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use plinth_domain::{AuditEvent, Role};
use plinth_testing::{Answer, Client, PASSWORD, TestApp, encoded, on_both};
use serde_json::{Value, json};

const ME: &str = "/api/users/me";
const NEW_PASSWORD: &str = "battery staple horse";
const TYPED_IN_VAIN: &str = "a wrong guess of it";

/// An entry: what, by whom, to whose account, and what else there is to know.
type Expected<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Value);

/// Looks for what is new in the log.
struct Watch<'a> {
    app: &'a TestApp,
    auditor: Client,
    seen: HashSet<String>,
    events: BTreeSet<String>,
    secrets: Vec<String>,
}

impl<'a> Watch<'a> {
    fn new(app: &'a TestApp) -> Self {
        let auditor = app.signed_in(Role::Admin, "auditor");
        let mut watch =
            Self { app, auditor, seen: HashSet::new(), events: BTreeSet::new(), secrets: Vec::new() };
        watch.news();
        watch
    }

    /// The whole log, the newest first.
    fn log(&self) -> Vec<Value> {
        let page = self.auditor.get("/api/audit?page_size=100").expect(200).json();
        assert_eq!(page["next_cursor"], Value::Null, "more than a page");
        page["items"].as_array().unwrap().clone()
    }

    /// What was not there before, by name: of several in one transaction none is the newer one.
    fn news(&mut self) -> Vec<Value> {
        let mut news = self.log();
        news.retain(|entry| self.seen.insert(entry["id"].as_str().unwrap().to_owned()));
        news.sort_by_key(|entry| entry["event"].to_string());
        news
    }

    /// Checks that these entries, sorted by event, were added by the request with that answer.
    #[track_caller]
    fn expect(&mut self, answer: &Answer, expected: &[Expected<'_>]) {
        let news = self.news();
        let told: Vec<_> = news
            .iter()
            .map(|entry| {
                let text = |name: &str| entry[name].as_str();
                (text("event").unwrap(), text("actor_id"), text("user_id"), entry["details"].clone())
            })
            .collect();
        assert_eq!(told, expected);
        for entry in &news {
            assert_eq!(entry["request_id"], answer.header("x-request-id"));
            assert_eq!(entry["ip"], "127.0.0.1");
            assert!(entry["user_agent"].as_str().unwrap().starts_with("ureq/"), "{entry}");
            self.events.insert(entry["event"].as_str().unwrap().to_owned());
        }
    }

    fn sign_in(&mut self, name: &str, password: &str) -> (Answer, Client) {
        let tokens = self.app.login(&format!("{name}@example.com"), password).expect(200);
        let client = self.app.bearer(&tokens);
        self.secrets.extend([tokens.text("access_token"), tokens.text("refresh_token")]);
        let (id, session) = (client.id(), session(self.app, &tokens));
        self.expect(&tokens, &[("login", Some(&id), Some(&id), json!({"session_id": session}))]);
        (tokens, client)
    }

    fn token_mailed(&mut self, email: &str, page: &str, count: usize) -> String {
        let token = self.app.token_mailed(email, page, count);
        self.secrets.push(token.clone());
        token
    }
}

fn session(app: &TestApp, tokens: &Answer) -> String {
    app.refresh.read(&tokens.text("refresh_token")).unwrap().0.to_string()
}

/// Signing in, in vain too, and out.
fn signing_in(watch: &mut Watch<'_>) {
    let app = watch.app;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let answer = app.anyone().post("/api/auth/register", &body).expect(200);
    let ada = &answer.text("id");
    let ada = Some(ada.as_str());
    watch.expect(&answer, &[("registered", ada, ada, json!({}))]);

    let refused = json!({"reason": "invalid_grant"});
    let answer = app.login("ada@example.com", TYPED_IN_VAIN).expect(400);
    watch.expect(&answer, &[("login_failed", None, ada, refused.clone())]);
    // A password in the wrong field.
    for typed in [PASSWORD, "nobody@example.com"] {
        let answer = app.login(typed, TYPED_IN_VAIN).expect(400);
        watch.expect(&answer, &[("login_failed", None, None, refused.clone())]);
    }
    let form = format!("username={}&password={}", encoded("ada@example.com"), "x".repeat(5000));
    let content_type = [("content-type", "application/x-www-form-urlencoded")];
    let answer = app.anyone().send("POST", "/token", &content_type, form.into_bytes()).expect(400);
    watch.expect(&answer, &[("login_failed", None, None, refused)]);

    let (tokens, client) = watch.sign_in("ada", PASSWORD);
    let answer = client.post("/api/auth/logout", &json!({})).expect(204);
    watch.expect(&answer, &[("logout", ada, ada, json!({"session_id": session(app, &tokens)}))]);

    let (first, _) = watch.sign_in("ada", PASSWORD);
    let second = app.refresh(&first.text("refresh_token")).expect(200);
    watch.secrets.push(second.text("refresh_token"));
    app.bearer(&second).get(ME).expect(200);
    app.clock.advance(Duration::from_secs(11));
    let answer = app.refresh(&first.text("refresh_token")).expect(400);
    watch.expect(&answer, &[("refresh_reused", None, ada, json!({"session_id": session(app, &first)}))]);

    let (here, client) = watch.sign_in("ada", PASSWORD);
    let (there, _) = watch.sign_in("ada", PASSWORD);
    let answer = client.delete(&format!("/api/auth/sessions/{}", session(app, &there))).expect(204);
    watch.expect(&answer, &[("sessions_ended", ada, ada, json!({"session_id": session(app, &there)}))]);
    watch.sign_in("ada", PASSWORD);
    watch.sign_in("ada", PASSWORD);
    let answer = client.delete("/api/auth/sessions").expect(204);
    watch.expect(&answer, &[("sessions_ended", ada, ada, json!({"count": "2"}))]);
    let answer = client.delete(&format!("/api/auth/sessions/{}", session(app, &here))).expect(204);
    watch.expect(&answer, &[("sessions_ended", ada, ada, json!({"session_id": session(app, &here)}))]);
}

/// What the holder of an account does about its password and its address.
fn credentials(watch: &mut Watch<'_>) {
    let app = watch.app;
    let (_, client) = watch.sign_in("ada", PASSWORD);
    let id = client.id();
    let ada = Some(id.as_str());
    let refused = [("password_refused", ada, ada, json!({}))];
    let wrong = json!({"password": NEW_PASSWORD, "current_password": TYPED_IN_VAIN});
    watch.expect(&client.patch(ME, &wrong).expect(400), &refused);
    let wrong = json!({"current_password": TYPED_IN_VAIN});
    watch.expect(&client.post("/api/users/me/delete", &wrong).expect(400), &refused);

    let body = json!({"full_name": "A", "password": NEW_PASSWORD, "current_password": PASSWORD});
    watch.expect(&client.patch(ME, &body).expect(200), &[("password_changed", ada, ada, json!({}))]);
    app.anyone().post("/api/auth/password/forgot", &json!({"email": "ada@example.com"})).expect(202);
    let token = watch.token_mailed("ada@example.com", "/reset-password", 1);
    let body = json!({"token": token, "new_password": PASSWORD});
    let answer = app.anyone().post("/api/auth/password/reset", &body).expect(204);
    watch.expect(&answer, &[("password_reset", ada, ada, json!({}))]);

    let (_, client) = watch.sign_in("ada", PASSWORD);
    let change = json!({"from": "ada@example.com", "to": "new@example.com"});
    let body = json!({"email": "new@example.com", "current_password": PASSWORD});
    let answer = client.patch(ME, &body).expect(200);
    watch.expect(&answer, &[("email_change_requested", ada, ada, change.clone())]);
    let token = watch.token_mailed("new@example.com", "/verify-email", 1);
    let answer = app.anyone().post("/api/auth/email/verify", &json!({"token": token})).expect(204);
    let verified = json!({"email": "new@example.com"});
    watch.expect(&answer, &[("email_changed", ada, ada, change), ("email_verified", ada, ada, verified)]);
    watch.secrets.push(app.stored("new@example.com").unwrap().1);
}

/// What an administrator does to others, and what comes of it.
fn accounts(watch: &mut Watch<'_>) {
    let app = watch.app;
    let admin = watch.auditor.clone();
    let id = admin.id();
    let by = Some(id.as_str());
    let body = json!({"email": "eve@example.com", "password": PASSWORD, "role": "editor"});
    let answer = admin.post("/api/users", &body).expect(201);
    let eve = &answer.text("id");
    let (path, eve) = (format!("/api/users/{eve}"), Some(eve.as_str()));
    watch.expect(&answer, &[("user_created", by, eve, json!({"role": "editor"}))]);

    let answer = admin.patch(&path, &json!({"password": NEW_PASSWORD})).expect(200);
    watch.expect(&answer, &[("password_changed", by, eve, json!({}))]);
    let answer = admin.patch(&path, &json!({"email": "eva@example.com"})).expect(200);
    let change = json!({"from": "eve@example.com", "to": "eva@example.com"});
    watch.expect(&answer, &[("email_changed", by, eve, change)]);
    // Proven by whoever got the mail.
    let token = watch.token_mailed("eva@example.com", "/verify-email", 1);
    let answer = app.anyone().post("/api/auth/email/verify", &json!({"token": token})).expect(204);
    watch.expect(&answer, &[("email_verified", eve, eve, json!({"email": "eva@example.com"}))]);

    let several =
        json!({"role": "viewer", "is_active": false, "full_name": "Eva", "email": "eve@example.com"});
    let answer = admin.put(&path, &several).expect(200);
    let back = json!({"from": "eva@example.com", "to": "eve@example.com"});
    let role = json!({"from": "editor", "to": "viewer"});
    watch.expect(
        &answer,
        &[
            ("deactivated", by, eve, json!({})),
            ("email_changed", by, eve, back),
            ("role_changed", by, eve, role),
        ],
    );
    let answer = app.login("eve@example.com", NEW_PASSWORD).expect(400);
    watch.expect(&answer, &[("login_failed", None, eve, json!({"reason": "account_inactive"}))]);
    let answer = app.login("eve@example.com", TYPED_IN_VAIN).expect(400);
    watch.expect(&answer, &[("login_failed", None, eve, json!({"reason": "invalid_grant"}))]);
    let answer = admin.patch(&path, &json!({"is_active": true})).expect(200);
    watch.expect(&answer, &[("activated", by, eve, json!({}))]);
    watch.expect(&admin.delete(&path).expect(204), &[("deleted", by, eve, json!({}))]);
    // A deleted account is as unknown as none.
    let answer = app.login("eve@example.com", NEW_PASSWORD).expect(400);
    watch.expect(&answer, &[("login_failed", None, None, json!({"reason": "invalid_grant"}))]);
    let answer = admin.post(&format!("{path}/restore"), &json!({})).expect(200);
    watch.expect(&answer, &[("restored", by, eve, json!({}))]);
    let (_, client) = watch.sign_in("eve", NEW_PASSWORD);
    let proof = json!({"current_password": NEW_PASSWORD});
    let answer = client.post("/api/users/me/delete", &proof).expect(204);
    watch.expect(&answer, &[("deleted", eve, eve, json!({}))]);
}

on_both! {
    fn whatever_happens_is_written_down_without_a_secret(db) {
        let app = TestApp::start(db);
        let mut watch = Watch::new(&app);
        signing_in(&mut watch);
        credentials(&mut watch);
        accounts(&mut watch);
        let all: BTreeSet<String> =
            AuditEvent::ALL.iter().map(|event| event.as_str().to_owned()).collect();
        assert_eq!(watch.events, all);

        // An entry shows every column of its row.
        let text = Value::Array(watch.log()).to_string();
        watch.secrets.push(app.stored("auditor@example.com").unwrap().1);
        watch.secrets.extend([PASSWORD, NEW_PASSWORD, TYPED_IN_VAIN, "nobody@example.com"].map(str::to_owned));
        watch.secrets.extend(["xxxxx", "$2b$", "bcrypt", "eyJ", "password="].map(str::to_owned));
        for secret in &watch.secrets {
            assert!(secret.len() > 2 && !text.contains(secret.as_str()), "{secret}");
        }
    }

    fn what_is_refused_is_not_written_down(db) {
        let app = TestApp::start(db);
        let mut watch = Watch::new(&app);
        app.user(Role::Viewer, "bob");
        let (_, ada) = watch.sign_in("bob", PASSWORD);
        app.user(Role::Viewer, "taken");
        let admin = watch.auditor.clone();
        let (account, own) = (format!("/api/users/{}", ada.id()), format!("/api/users/{}", admin.id()));
        let (nobody, anyone) = ("/api/users/01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e", app.anyone());
        // Asked for, but taken by somebody else before it was proven.
        ada.patch(ME, &json!({"email": "late@example.com", "current_password": PASSWORD})).expect(200);
        let token = app.token_mailed("late@example.com", "/verify-email", 1);
        app.user(Role::Viewer, "late");
        watch.news();

        let none = json!({});
        let taken = json!({"email": "Taken@example.com", "password": NEW_PASSWORD});
        let own_taken = json!({
            "email": "taken@example.com", "password": NEW_PASSWORD, "current_password": PASSWORD
        });
        let demoted_and_taken =
            json!({"role": "admin", "is_active": false, "email": "taken@example.com", "password": NEW_PASSWORD});
        let same = json!({"role": "viewer", "is_active": true, "email": "BOB@example.com", "full_name": "B"});
        let sessions = "/api/auth/sessions";
        for (who, method, path, body, status) in [
            (&anyone, "POST", "/api/auth/register", &taken, 409),
            (&anyone, "POST", "/api/auth/register", &json!({"email": "x"}), 422),
            (&anyone, "POST", "/api/auth/refresh", &json!({"refresh_token": "x"}), 400),
            (&anyone, "POST", "/api/auth/logout", &none, 401),
            (&anyone, "POST", "/api/auth/email/verify", &json!({"token": token}), 409),
            (&anyone, "POST", "/api/auth/email/verify", &json!({"token": "x"}), 400),
            (&anyone, "POST", "/api/auth/password/reset", &json!({"token": "x", "new_password": PASSWORD}), 400),
            (&anyone, "POST", "/api/auth/password/forgot", &json!({"email": "bob@example.com"}), 202),
            (&anyone, "POST", "/api/auth/password/forgot", &json!({"email": "nobody@example.com"}), 202),
            (&ada, "PATCH", ME, &own_taken, 409),
            (&ada, "PATCH", ME, &json!({"password": NEW_PASSWORD}), 422),
            (&ada, "PATCH", ME, &json!({"full_name": "B"}), 200),
            (&ada, "POST", "/api/auth/email/resend", &none, 202),
            (&ada, "DELETE", &format!("{sessions}?x=1"), &none, 422),
            (&ada, "DELETE", &format!("{sessions}/no-id"), &none, 404),
            (&ada, "DELETE", &own, &none, 403),
            (&ada, "POST", "/api/users", &taken, 403),
            (&admin, "POST", "/api/users", &taken, 409),
            (&admin, "PATCH", &account, &demoted_and_taken, 409),
            (&admin, "PATCH", &account, &same, 200),
            (&admin, "PATCH", nobody, &demoted_and_taken, 404),
            (&admin, "PATCH", &own, &json!({"role": "viewer"}), 409),
            (&admin, "PATCH", &own, &json!({"is_active": false}), 409),
            (&admin, "DELETE", &own, &none, 409),
            (&admin, "POST", "/api/users/me/delete", &json!({"current_password": PASSWORD}), 409),
            (&admin, "DELETE", nobody, &none, 404),
            (&admin, "POST", &format!("{account}/restore"), &none, 409),
        ] {
            let answer = who.json(method, path, &[], body);
            assert_eq!(answer.status, status, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
            assert_eq!(watch.news(), Vec::<Value>::new(), "{method} {path}");
        }
        // A login that could not be read was none.
        for form in [&[("username", "bob@example.com")][..], &[("username", "a"), ("password", "")]] {
            anyone.form("/api/auth/login", form).expect(400);
        }
        assert_eq!(watch.news(), Vec::<Value>::new());
    }

    fn an_entry_tells_where_the_request_came_from(db) {
        let app = TestApp::start_with(db, |settings| {
            settings.trusted_proxies = "127.0.0.1".parse().unwrap();
        });
        let mut watch = Watch::new(&app);
        app.user(Role::Viewer, "ada");
        let long = "x".repeat(300);
        for (forwarded, ip) in [("::ffff:203.0.113.9", "203.0.113.9"), ("2001:DB8::1", "2001:db8::1")] {
            let form = format!("username={}&password=wrong", encoded("ada@example.com"));
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("user-agent", long.as_str()),
                ("x-forwarded-for", forwarded),
                ("x-request-id", "abc-123.x_Y"),
            ];
            let answer = app.anyone().send("POST", "/token", &headers, form.into_bytes()).expect(400);
            assert_eq!(answer.header("x-request-id"), "abc-123.x_Y");
            let news = watch.news();
            assert_eq!(news.len(), 1);
            assert_eq!(
                (&news[0]["request_id"], &news[0]["ip"], &news[0]["user_agent"]),
                (&json!("abc-123.x_Y"), &json!(ip), &json!(long[..256]))
            );
        }
    }
}
