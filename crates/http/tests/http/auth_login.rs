//! Signing in with an email and a password, in the form of RFC 6749.

use std::time::{Duration, Instant};

use plinth_domain::Role;
use plinth_persistence::users;
use plinth_testing::{Answer, PASSWORD, TestApp, on_both};
use serde_json::json;

const EMAIL: &str = "ada@example.com";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The hash of `password` that another application made.
const PLAIN_BCRYPT: &str = "$2a$04$0e5.fg8j5rek.xlz5ED5O.CgMMvLLLbqtpJMLeb8npaHllqMJ4ID.";

/// Checks that a login was refused in the words of RFC 6749 too.
#[track_caller]
fn expect_refused(answer: Answer, code: &str, error: &str) -> Answer {
    let answer = answer.expect_problem(400, code);
    let body = answer.json();
    assert_eq!(body["error"], error);
    assert_eq!(body["error_description"], body["detail"]);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

/// What is said, but for the id of the request.
fn without_instance(answer: &Answer) -> serde_json::Value {
    let mut body = answer.json();
    body["instance"].take();
    body
}

/// Gives a user the hash of a password that was made elsewhere.
fn import(app: &TestApp, email: &str, hash: &str) {
    let (id, hash) = (app.stored(email).unwrap().0.id, hash.to_owned());
    app.db.write(move |connection| users::set_password_hash(connection, id, &hash)).unwrap();
}

on_both! {
    fn a_login_gives_tokens(db) {
        let app = TestApp::start(db);
        let ada = app.user(Role::Viewer, "ada");
        for path in ["/api/auth/login", "/token"] {
            let answer = app
                .anyone()
                .form(path, &[("username", " ADA@example.com "), ("password", PASSWORD)])
                .expect(200);
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("cache-control"), "no-store");
            let tokens = answer.json();
            assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("bearer"), &json!(1800)));
            assert_eq!(tokens.as_object().unwrap().len(), 4);
            assert_eq!(app.bearer(&answer).id(), ada.id.to_string());
            app.refresh(&answer.text("refresh_token")).expect(200);
        }
    }

    fn other_parameters_and_basic_credentials_are_ignored(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        app.anyone()
            .form(
                "/api/auth/login",
                &[
                    ("grant_type", "password"),
                    ("username", EMAIL),
                    ("password", PASSWORD),
                    ("scope", ""),
                    ("scope", "items"),
                    ("client_id", "app"),
                    ("client_secret", "\0"),
                ],
            )
            .expect(200);
        let body = format!("username=ada%40example.com&password={}", PASSWORD.replace(' ', "+"));
        for authorization in ["Basic YXBwOnNlY3JldA==", "Basic", "Bearer nonsense"] {
            app.anyone()
                .send("POST", "/token", &[FORM, ("authorization", authorization)], body.clone().into_bytes())
                .expect(200);
        }
    }

    fn a_bad_form_is_an_invalid_request(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let (name, password) = (("username", EMAIL), ("password", PASSWORD));
        let forms: [&[(&str, &str)]; 9] = [
            &[],
            &[name],
            &[password],
            &[("username", ""), password],
            &[name, ("password", "")],
            &[name, name, password],
            &[name, password, password],
            &[name, password, ("grant_type", "")],
            &[name, password, ("grant_type", "password"), ("grant_type", "password")],
        ];
        for path in ["/api/auth/login", "/token"] {
            for form in forms {
                expect_refused(app.anyone().form(path, form), "invalid_request", "invalid_request");
            }
            let many: Vec<(&str, &str)> = [name, password].into_iter().chain([("a", ""); 98]).collect();
            app.anyone().form(path, &many).expect(200);
            let too_many: Vec<(&str, &str)> = many.into_iter().chain([("a", "")]).collect();
            expect_refused(app.anyone().form(path, &too_many), "invalid_request", "invalid_request");
            for grant in ["refresh_token", "client_credentials", "Password", " password"] {
                let form = [name, password, ("grant_type", grant)];
                expect_refused(
                    app.anyone().form(path, &form),
                    "unsupported_grant_type",
                    "unsupported_grant_type",
                );
            }
        }
    }

    fn a_body_that_is_no_form_is_another_media_type(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let body = json!({"username": EMAIL, "password": PASSWORD});
        for path in ["/api/auth/login", "/token"] {
            let answer = app.anyone().post(path, &body).expect_problem(415, "unsupported_media_type");
            assert_eq!(answer.json()["error"], "invalid_request");
            app.anyone()
                .send("POST", path, &[], b"username=a".to_vec())
                .expect_problem(415, "unsupported_media_type");
            app.anyone()
                .get(&format!("{path}?username=a&password=b"))
                .expect_problem(405, "method_not_allowed");
            let in_query = format!("{path}?username=ada%40example.com&password=correct%20horse%20battery");
            expect_refused(app.anyone().form(&in_query, &[]), "invalid_request", "invalid_request");
        }
    }

    fn whether_an_account_exists_cannot_be_told(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let wrong = expect_refused(app.login(EMAIL, "wrong password"), "invalid_grant", "invalid_grant");
        for (email, password) in [
            ("nobody@example.com", PASSWORD),
            ("no address", PASSWORD),
            ("nul\0@example.com", PASSWORD),
            (EMAIL, "x"),
            (EMAIL, "correct horse battery\0"),
            (EMAIL, &"x".repeat(100_000)),
            ("nobody@example.com", &"x".repeat(100_000)),
        ] {
            let answer = expect_refused(app.login(email, password), "invalid_grant", "invalid_grant");
            assert_eq!(without_instance(&answer), without_instance(&wrong));
        }
    }

    fn an_inactive_account_is_told_to_who_knows_its_password(db) {
        let app = TestApp::start(db);
        let ada = app.user(Role::Viewer, "ada");
        let admin = app.admin();
        admin.patch(&format!("/api/users/{}", ada.id), &json!({"is_active": false})).expect(200);
        expect_refused(app.login(EMAIL, PASSWORD), "account_inactive", "invalid_grant");
        let wrong = expect_refused(app.login(EMAIL, "wrong password"), "invalid_grant", "invalid_grant");
        assert_eq!(without_instance(&wrong), without_instance(&app.login("nobody@example.com", PASSWORD)));
        admin.patch(&format!("/api/users/{}", ada.id), &json!({"is_active": true})).expect(200);
        app.login(EMAIL, PASSWORD).expect(200);
    }

    fn a_deleted_account_is_unknown(db) {
        let app = TestApp::start(db);
        let ada = app.user(Role::Viewer, "ada");
        app.admin().delete(&format!("/api/users/{}", ada.id)).expect(204);
        let gone = expect_refused(app.login(EMAIL, PASSWORD), "invalid_grant", "invalid_grant");
        assert_eq!(without_instance(&gone), without_instance(&app.login("nobody@example.com", PASSWORD)));
    }

    fn a_plain_bcrypt_hash_from_elsewhere_is_accepted_and_renewed(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        for (password, hash) in [
            ("password", PLAIN_BCRYPT),
            ("pässwörd", "$2b$05$xaCruqoRGq75G04N12/MH.dRJTn4CBjTApuhBKfWwfFDBEGfTK0de"),
            ("password", "$2y$04$K8CVrpFYeXSj5jlAtT0zYuMdVN8ynv.IhM2CY6LB.CSafuzQXqCHy"),
        ] {
            import(&app, EMAIL, hash);
            app.login(EMAIL, "wrong password").expect_problem(400, "invalid_grant");
            assert_eq!(app.stored(EMAIL).unwrap().1, hash, "only who knows the password renews its hash");
            app.login(EMAIL, password).expect(200);
            let renewed = app.stored(EMAIL).unwrap().1;
            assert!(renewed.starts_with("$bcrypt-sha256$v=2,"), "{renewed}");
            app.login(EMAIL, password).expect(200);
            assert_eq!(app.stored(EMAIL).unwrap().1, renewed, "and only once");
        }
    }

    fn of_several_logins_at_once_one_renews_the_hash_and_all_succeed(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        for _ in 0..5 {
            import(&app, EMAIL, PLAIN_BCRYPT);
            let statuses: Vec<u16> = std::thread::scope(|scope| {
                let login = || app.login(EMAIL, "password").status;
                let logins: Vec<_> = (0..8).map(|_| scope.spawn(login)).collect();
                logins.into_iter().map(|login| login.join().unwrap()).collect()
            });
            assert_eq!(statuses, [200; 8]);
            assert!(app.stored(EMAIL).unwrap().1.starts_with("$bcrypt-sha256$v=2,"));
        }
    }

    fn a_hash_that_is_renewed_meanwhile_still_proves(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        for n in 0..5 {
            import(&app, EMAIL, PLAIN_BCRYPT);
            let ada = app.bearer(&app.login(EMAIL, "password").expect(200));
            import(&app, EMAIL, PLAIN_BCRYPT);
            let body = json!({"email": format!("new{n}@example.com"), "current_password": "password"});
            std::thread::scope(|scope| {
                let logins: Vec<_> = (0..4).map(|_| scope.spawn(|| app.login(EMAIL, "password"))).collect();
                let changed = ada.patch("/api/users/me", &body).expect(200);
                assert_eq!(changed.text("pending_email"), format!("new{n}@example.com"));
                logins.into_iter().for_each(|login| drop(login.join().unwrap().expect(200)));
            });
        }
        import(&app, EMAIL, PLAIN_BCRYPT);
        let ada = app.bearer(&app.login(EMAIL, "password").expect(200));
        import(&app, EMAIL, PLAIN_BCRYPT);
        std::thread::scope(|scope| {
            let logins: Vec<_> = (0..4).map(|_| scope.spawn(|| app.login(EMAIL, "password"))).collect();
            ada.post("/api/users/me/delete", &json!({"current_password": "password"})).expect(204);
            logins.into_iter().for_each(|login| drop(login.join().unwrap()));
        });
    }

    fn a_hash_of_a_lower_cost_is_renewed(db) {
        // Made by a server with the cost 4.
        let weak = "$bcrypt-sha256$v=2,t=2b,r=4$";
        let app = TestApp::start_with_cost(db, 5);
        app.user(Role::Viewer, "ada");
        assert!(app.stored(EMAIL).unwrap().1.starts_with("$bcrypt-sha256$v=2,t=2b,r=5$"));
        let hash = {
            let db = plinth_testing::TestDb::sqlite();
            let weaker = TestApp::start(db);
            weaker.user(Role::Viewer, "ada");
            weaker.stored(EMAIL).unwrap().1
        };
        assert!(hash.starts_with(weak), "{hash}");
        import(&app, EMAIL, &hash);
        app.login(EMAIL, PASSWORD).expect(200);
        let renewed = app.stored(EMAIL).unwrap().1;
        assert!(renewed.starts_with("$bcrypt-sha256$v=2,t=2b,r=5$"), "{renewed}");
        app.login(EMAIL, PASSWORD).expect(200);
    }

    fn a_hash_of_no_known_form_is_a_wrong_password(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        for hash in ["", "!", "plain text", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA"] {
            import(&app, EMAIL, hash);
            expect_refused(app.login(EMAIL, PASSWORD), "invalid_grant", "invalid_grant");
        }
    }
}

/// The bound is loose, for other tests run beside this one: it tells a hash from none.
#[test]
fn an_unknown_email_takes_as_long_as_a_wrong_password() {
    let app = TestApp::start_with_cost(plinth_testing::TestDb::sqlite(), 9);
    app.user(Role::Viewer, "ada");
    let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
    let timed = |email: &str| -> Duration {
        let begun = Instant::now();
        app.login(email, "wrong password").expect_problem(400, "invalid_grant");
        begun.elapsed()
    };
    for _ in 0..15 {
        wrong.push(timed(EMAIL));
        unknown.push(timed("nobody@example.com"));
    }
    wrong.sort_unstable();
    unknown.sort_unstable();
    let (wrong, unknown) = (wrong[7], unknown[7]);
    assert!(unknown < wrong * 4 && wrong < unknown * 4, "wrong {wrong:?}, unknown {unknown:?}");
}
