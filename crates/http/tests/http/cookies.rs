//! The refresh token in a cookie, where that is switched on.

use std::time::Duration;

use plinth_domain::Role;
use plinth_http::{Environment, HttpSettings};
use plinth_testing::{Answer, PASSWORD, TestApp, TestDb, on_both};
use serde_json::json;

const ADA: &str = "ada@example.com";
const PLAIN: &str = "plinth_refresh";
const PROOF: (&str, &str) = ("x-requested-with", "fetch");
const JSON: (&str, &str) = ("content-type", "application/json");

/// An application that uses cookies, and Ada's account there.
fn start(db: TestDb, environment: Environment) -> TestApp {
    let change = |settings: &mut HttpSettings| {
        *settings = HttpSettings { environment, auth_cookies: true, ..settings.clone() };
    };
    let app = TestApp::start_with(db, change);
    app.user(Role::Viewer, "ada");
    app
}

/// The one cookie that an answer sets: its name and value, and its attributes in order.
#[track_caller]
fn set(answer: &Answer) -> (String, String, Vec<String>) {
    let all: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    let [cookie] = all[..] else { panic!("not one cookie: {all:?}") };
    let mut parts = cookie.split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    let mut attributes: Vec<_> = parts.map(str::to_owned).collect();
    attributes.sort_unstable();
    (name.to_owned(), value.to_owned(), attributes)
}

#[track_caller]
fn expect_no_cookie(answer: &Answer) {
    assert_eq!(answer.header("set-cookie"), "");
}

#[track_caller]
fn expect_cleared(answer: &Answer) {
    let expected = ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Strict"].map(str::to_owned);
    assert_eq!(set(answer), (PLAIN.to_owned(), String::new(), expected.to_vec()));
}

/// What a browser sends along after that answer.
#[track_caller]
fn kept(answer: &Answer) -> String {
    let (name, value, _) = set(answer);
    format!("{name}={value}")
}

fn refresh_with(app: &TestApp, cookie: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = [&[("cookie", cookie)], headers].concat();
    app.anyone().send("POST", "/api/auth/refresh", &headers, body.as_bytes().to_vec())
}

/// What a browser app does.
fn refresh(app: &TestApp, cookie: &str) -> Answer {
    refresh_with(app, cookie, &[PROOF], "")
}

/// A login with these headers too.
fn sign_in_from(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("username={ADA}&password={}", PASSWORD.replace(' ', "+"));
    app.anyone().send("POST", path, &[&[form], headers].concat(), body.into_bytes())
}

/// Checks that there is an access token in the answer and no refresh token.
#[track_caller]
fn expect_tokens(app: &TestApp, answer: &Answer) {
    let body = answer.json();
    let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "expires_in", "token_type"]);
    assert_eq!(answer.header("cache-control"), "no-store");
    app.bearer(answer).get("/api/users/me").expect(200);
}

on_both! {
    fn login_and_refresh_keep_the_token_in_a_cookie(db) {
        let app = start(db, Environment::Test);
        let expected = ["HttpOnly", "Max-Age=604800", "Path=/", "SameSite=Strict"];
        let mut last = String::new();
        for path in ["/api/auth/login", "/token"] {
            let login = app.anyone().form(path, &[("username", ADA), ("password", PASSWORD)]).expect(200);
            expect_tokens(&app, &login);
            let (name, value, attributes) = set(&login);
            assert_eq!((name.as_str(), &attributes[..]), (PLAIN, &expected.map(str::to_owned)[..]));
            assert!(app.refresh.read(&value).is_ok());
            last = kept(&login);
        }
        let again = refresh(&app, &last).expect(200);
        expect_tokens(&app, &again);
        let (name, _, attributes) = set(&again);
        assert_eq!((name.as_str(), &attributes[..]), (PLAIN, &expected.map(str::to_owned)[..]));
        assert_ne!(kept(&again), last);
        // Others set none.
        expect_no_cookie(&app.bearer(&again).get("/api/users/me").expect(200));
        expect_no_cookie(&app.login(ADA, "wrong password").expect_problem(400, "invalid_grant"));
    }

    fn in_production_it_is_bound_to_the_host_over_tls(db) {
        let app = start(db, Environment::Production);
        let login = app.login(ADA, PASSWORD).expect(200);
        let (name, _, attributes) = set(&login);
        assert_eq!(name, "__Host-plinth_refresh");
        assert_eq!(attributes, ["HttpOnly", "Max-Age=604800", "Path=/", "SameSite=Strict", "Secure"]);
        let (_, value, _) = set(&login);
        // The name without the prefix, which a subdomain might set, is nothing here.
        refresh(&app, &format!("{PLAIN}={value}")).expect_fields(&[("/refresh_token", "required")]);
        expect_tokens(&app, &refresh(&app, &kept(&login)).expect(200));
        let cleared = app.bearer(&login).send("POST", "/api/auth/logout", &[], Vec::new()).expect(204);
        let expected = ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Strict", "Secure"].map(str::to_owned);
        assert_eq!(set(&cleared), ("__Host-plinth_refresh".to_owned(), String::new(), expected.to_vec()));
    }

    fn it_lives_as_long_as_the_session_unused(db) {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let app = TestApp::start_with(db, |settings| {
            settings.auth_cookies = true;
            (settings.refresh_idle, settings.session_max) = (2 * DAY, 3 * DAY);
        });
        app.user(Role::Viewer, "ada");
        let login = app.login(ADA, PASSWORD).expect(200);
        assert!(set(&login).2.contains(&"Max-Age=172800".to_owned()));
        // Never longer than the session may live at all.
        app.clock.advance(2 * DAY - Duration::from_secs(60));
        let (_, _, attributes) = set(&refresh(&app, &kept(&login)).expect(200));
        let age = attributes.iter().find_map(|attribute| attribute.strip_prefix("Max-Age=")).unwrap();
        let age: u64 = age.parse().unwrap();
        assert!((86_400..=86_460).contains(&age), "{age}");
    }

    fn the_cookie_counts_only_with_the_header(db) {
        let app = start(db, Environment::Test);
        let cookie = kept(&app.login(ADA, PASSWORD).expect(200));
        let origin = ("origin", "http://localhost:5173");
        for (headers, body) in [(&[][..], ""), (&[JSON], "{}"), (&[origin], "")] {
            let answer = refresh_with(&app, &cookie, headers, body).expect_problem(400, "invalid_request");
            assert_eq!(answer.json()["error"], "invalid_request");
            expect_no_cookie(&answer);
        }
        // A form of another site can set no such header, and its content types are refused with it too.
        for (content_type, body) in [
            ("application/x-www-form-urlencoded", "a=b"),
            ("text/plain", "{}"),
            ("multipart/form-data; boundary=x", "--x--"),
        ] {
            for headers in [&[("content-type", content_type)][..], &[("content-type", content_type), PROOF]] {
                refresh_with(&app, &cookie, headers, body).expect_problem(415, "unsupported_media_type");
            }
        }
        // Nothing of that has used the token.
        for (headers, body) in [
            (&[PROOF][..], ""),
            (&[PROOF, JSON], "{}"),
            (&[("x-requested-with", "XMLHttpRequest")], ""),
        ] {
            expect_tokens(&app, &refresh_with(&app, &cookie, headers, body).expect(200));
        }
    }

    fn a_token_in_the_body_still_works(db) {
        let app = start(db, Environment::Test);
        let token = set(&app.login(ADA, PASSWORD).expect(200)).1;
        expect_tokens(&app, &app.refresh(&token).expect(200));
        // Beside a cookie it is the one that counts.
        let body = json!({ "refresh_token": token }).to_string();
        expect_tokens(&app, &refresh_with(&app, "plinth_refresh=nonsense", &[JSON], &body).expect(200));
        let body = json!({ "refresh_token": "nonsense" }).to_string();
        let cookie = format!("{PLAIN}={token}");
        refresh_with(&app, &cookie, &[JSON, PROOF], &body).expect_problem(400, "invalid_grant");
    }

    fn what_is_wrong_with_the_body_is_still_refused(db) {
        let app = start(db, Environment::Test);
        let cookie = kept(&app.login(ADA, PASSWORD).expect(200));
        let send = |cookie: &str, body: &str| refresh_with(&app, cookie, &[JSON, PROOF], body);
        send("other=1", "{}").expect_fields(&[("/refresh_token", "required")]);
        send(&cookie, r#"{"x": 1}"#).expect_fields(&[("/x", "unknown_field")]);
        send(&cookie, r#"{"refresh_token": 1}"#).expect_fields(&[("/refresh_token", "wrong_type")]);
        send(&cookie, r#"{"refresh_token": null}"#).expect_fields(&[("/refresh_token", "null_not_allowed")]);
        send(&cookie, "{").expect_problem(400, "malformed_json");
        // Neither a cookie nor a body.
        let neither = refresh_with(&app, "other=1", &[PROOF], "");
        neither.expect_fields(&[("/refresh_token", "required")]);
        for nonsense in ["", "nonsense", "é", "AQ.AQ"] {
            let answer = refresh(&app, &format!("{PLAIN}={nonsense}")).expect_problem(400, "invalid_grant");
            assert_eq!(answer.json()["error"], "invalid_grant");
        }
    }

    fn logout_clears_it_and_a_failed_refresh_does_not(db) {
        let app = start(db, Environment::Test);
        let login = app.login(ADA, PASSWORD).expect(200);
        let cookie = kept(&login);
        let answer = app.bearer(&login).send("POST", "/api/auth/logout", &[("cookie", &cookie)], Vec::new());
        expect_cleared(&answer.expect(204));
        // Another tab may have signed in meanwhile, whose cookie this would be.
        let refused = refresh(&app, &cookie).expect_problem(400, "invalid_grant");
        expect_no_cookie(&refused);
        app.anyone().send("POST", "/api/auth/logout", &[("cookie", &cookie)], Vec::new()).expect(401);
    }

    fn ending_ones_own_session_and_deleting_ones_account_clear_it(db) {
        let app = start(db, Environment::Test);
        let (here, there) = (app.login(ADA, PASSWORD).expect(200), app.login(ADA, PASSWORD).expect(200));
        let id = |login: &Answer| app.refresh.read(&set(login).1).unwrap().0;
        let client = app.bearer(&here);
        let end = |login: &Answer| client.delete(&format!("/api/auth/sessions/{}", id(login))).expect(204);
        expect_no_cookie(&end(&there));
        expect_cleared(&end(&here));
        let client = app.bearer(&app.login(ADA, PASSWORD).expect(200));
        let wrong = json!({ "current_password": "wrong password" });
        expect_no_cookie(&client.post("/api/users/me/delete", &wrong).expect_problem(400, "wrong_password"));
        let right = json!({ "current_password": PASSWORD });
        expect_cleared(&client.post("/api/users/me/delete", &right).expect(204));
        // An administrator may do it as with any account.
        app.user(Role::Admin, "root");
        let (own, other) = (app.user(Role::Admin, "own"), app.user(Role::Viewer, "other"));
        let client = app.bearer(&app.login("own@example.com", PASSWORD).expect(200));
        expect_no_cookie(&client.delete(&format!("/api/users/{}", other.id)).expect(204));
        expect_cleared(&client.delete(&format!("/api/users/{}", own.id)).expect(204));
    }

    fn tabs_that_refresh_at_once_all_stay_signed_in(db) {
        let app = start(db, Environment::Test);
        let cookie = kept(&app.login(ADA, PASSWORD).expect(200));
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let tabs: Vec<_> = (0..10).map(|_| scope.spawn(|| refresh(&app, &cookie))).collect();
            tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
        });
        let mut cookies: Vec<_> = answers.into_iter().map(|answer| kept(&answer.expect(200))).collect();
        cookies.dedup();
        let [next] = &cookies[..] else { panic!("{} successors", cookies.len()) };
        expect_tokens(&app, &refresh(&app, next).expect(200));
    }

    fn by_default_there_are_no_cookies(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let login = app.login(ADA, PASSWORD).expect(200);
        expect_no_cookie(&login);
        let token = login.text("refresh_token");
        let cookie = format!("{PLAIN}={token}; __Host-plinth_refresh={token}");
        refresh_with(&app, &cookie, &[PROOF, JSON], "{}").expect_fields(&[("/refresh_token", "required")]);
        refresh_with(&app, &cookie, &[PROOF], "").expect_problem(415, "unsupported_media_type");
        let next = app.refresh(&token).expect(200);
        expect_no_cookie(&next);
        expect_no_cookie(&app.bearer(&next).send("POST", "/api/auth/logout", &[], Vec::new()).expect(204));
        let client = app.bearer(&app.login(ADA, PASSWORD).expect(200));
        let right = json!({ "current_password": PASSWORD });
        expect_no_cookie(&client.post("/api/users/me/delete", &right).expect(204));
    }

    fn no_cookie_signs_anybody_in(db) {
        let app = start(db, Environment::Test);
        let login = app.login(ADA, PASSWORD).expect(200);
        let cookies = format!("{}; access_token={}", kept(&login), login.text("access_token"));
        let headers = [("cookie", cookies.as_str()), PROOF];
        for path in ["/api/users/me", "/api/auth/sessions", "/api/items"] {
            let answer = app.anyone().send("GET", path, &headers, Vec::new());
            answer.expect_problem(401, "unauthenticated");
        }
        app.bearer(&login).get("/api/users/me").expect(200);
    }

    fn pages_of_other_origins_sign_nobody_in(db) {
        let app = TestApp::start_with(db, |settings| {
            settings.auth_cookies = true;
            settings.cors_origins = vec!["https://app.example.com".to_owned()];
        });
        app.user(Role::Viewer, "ada");
        let cookie = kept(&app.login(ADA, PASSWORD).expect(200));
        let body = json!({ "refresh_token": cookie.split_once('=').unwrap().1 }).to_string();
        let ways = |origins: &[&str]| {
            let origins: Vec<_> = origins.iter().map(|origin| ("origin", *origin)).collect();
            [
                sign_in_from(&app, "/api/auth/login", &origins),
                sign_in_from(&app, "/token", &origins),
                refresh_with(&app, &cookie, &[&origins[..], &[PROOF]].concat(), ""),
                refresh_with(&app, "other=1", &[&origins[..], &[JSON]].concat(), &body),
            ]
        };
        let own = format!("http://{}", app.address());
        for origin in [own.as_str(), "http://localhost:5173", "https://app.example.com"] {
            for answer in ways(&[origin]) {
                expect_tokens(&app, &answer.expect(200));
            }
        }
        let others = [
            &["https://evil.example"][..],
            &["null"],
            &["https://app.example.com.evil.example"],
            &["http://app.example.com"],
            &["https://app.example.com", "https://app.example.com"],
            &["https://app.example.com", "https://evil.example"],
        ];
        for origins in others {
            for answer in ways(origins) {
                let answer = answer.expect_problem(403, "origin_refused");
                assert_eq!(answer.json()["error"], "invalid_request", "{origins:?}");
                assert_eq!(answer.header("cache-control"), "no-store");
                expect_no_cookie(&answer);
            }
        }
    }

    fn without_cookies_the_origin_of_a_login_does_not_matter(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        for path in ["/api/auth/login", "/token"] {
            sign_in_from(&app, path, &[("origin", "https://evil.example")]).expect(200);
        }
    }

    fn only_listed_origins_may_send_the_header_and_only_with_cookies(db) {
        let preflight = |app: &TestApp, origin: &str| {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "x-requested-with"),
            ];
            app.anyone().send("OPTIONS", "/api/auth/refresh", &headers, Vec::new())
        };
        let app = start(db, Environment::Test);
        let granted = preflight(&app, "http://localhost:5173").expect(200);
        assert_eq!(granted.header("access-control-allow-credentials"), "true");
        assert!(granted.header("access-control-allow-headers").to_lowercase().contains("x-requested-with"));
        preflight(&app, "https://evil.example").expect_problem(403, "cors_refused");
        let without = TestApp::start(TestDb::sqlite());
        preflight(&without, "http://localhost:5173").expect_problem(403, "cors_refused");
    }
}
