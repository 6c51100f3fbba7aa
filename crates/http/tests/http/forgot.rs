//! A forgotten password: who gets mail, and that the answer does not tell who does.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use plinth_domain::Role;
use plinth_mail::Kept;
use plinth_persistence::outbox;
use plinth_testing::{Answer, Client, TestApp, on_both};
use serde_json::{Value, json};

const ADA: &str = "ada@example.com";
const NEW_PASSWORD: &str = "battery staple horse";
const PAGE: &str = "/reset-password";

pub(crate) fn forgot(app: &TestApp, email: &str) -> Answer {
    app.anyone().post("/api/auth/password/forgot", &json!({ "email": email }))
}

fn reset(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "token": token, "new_password": NEW_PASSWORD });
    app.anyone().post("/api/auth/password/reset", &body)
}

/// All mail there is, once none is on its way.
pub(crate) fn all_mail(app: &TestApp) -> Vec<Kept> {
    while app.db.read(outbox::counts).unwrap().waiting > 0 {
        thread::sleep(Duration::from_millis(5));
    }
    app.mailbox.list()
}

/// How many entries the audit log has.
fn audited(admin: &Client) -> usize {
    let page = admin.get("/api/audit?page_size=100").expect(200).json();
    page["items"].as_array().unwrap().len()
}

/// An answer without what is different in each.
fn told(answer: &Answer) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let headers =
        answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, headers.collect(), answer.body.clone())
}

on_both! {
    fn every_address_is_answered_alike_and_active_accounts_get_mail(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let known = app.user(Role::Viewer, "ada");
        let (deleted, inactive) = (app.user(Role::Viewer, "deleted"), app.user(Role::Viewer, "inactive"));
        admin.delete(&format!("/api/users/{}", deleted.id)).expect(204);
        admin.patch(&format!("/api/users/{}", inactive.id), &json!({"is_active": false})).expect(200);
        let answer = forgot(&app, ADA).expect(202);
        assert_eq!(answer.body, b"");
        for other in ["nobody@example.com", "deleted@example.com", "inactive@example.com"] {
            assert_eq!(told(&forgot(&app, other)), told(&answer), "{other}");
        }
        // Until now Ada's address was not proven; a reset proves it, and makes no difference either.
        assert!(!known.email_verified);
        reset(&app, &app.token_mailed(ADA, PAGE, 1)).expect(204);
        assert_eq!(told(&forgot(&app, ADA)), told(&answer));
        let to: Vec<String> = all_mail(&app).iter().map(|kept| kept.to.to_string()).collect();
        assert_eq!(to, [ADA, ADA]);
    }

    fn the_account_is_found_however_its_address_is_written(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        forgot(&app, "  ADA@Example.COM\t").expect(202);
        let token = app.token_mailed(ADA, PAGE, 1);
        reset(&app, &token).expect(204);
        app.login(ADA, NEW_PASSWORD).expect(200);
    }

    fn what_is_no_address_is_refused(db) {
        let app = TestApp::start(db);
        let with_a_header = "ada@example.com\r\nBcc: eve@example.com";
        for email in ["", "x", "ada@", "@example.com", "a b@example.com", with_a_header] {
            forgot(&app, email).expect_fields(&[("/email", "invalid_email")]);
        }
        let post = |body: Value| app.anyone().post("/api/auth/password/forgot", &body);
        post(json!({"email": 5})).expect_fields(&[("/email", "wrong_type")]);
        post(json!({"to": ADA})).expect_fields(&[("/email", "required"), ("/to", "unknown_field")]);
        assert!(all_mail(&app).is_empty());
    }

    fn the_link_leads_to_the_app_whatever_the_request_says(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let headers = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "gopher"),
            ("forwarded", "host=evil.example;proto=gopher"),
            ("origin", "https://evil.example"),
            ("referer", "https://evil.example/"),
        ];
        app.anyone().json("POST", "/api/auth/password/forgot", &headers, &json!({"email": ADA})).expect(202);
        let mail = app.mail_to(ADA, 1).remove(0);
        for part in [&mail.text, &mail.html] {
            assert!(part.contains("http://localhost:5173/reset-password?token="), "{part}");
            assert!(!part.contains("evil.example") && !part.contains("gopher"), "{part}");
        }
    }

    fn a_flood_does_not_fill_the_outbox(db) {
        let app = TestApp::start_as(db, |setup| {
            setup.postman = false;
            setup.settings.forgotten_waiting = 3;
        });
        app.user(Role::Viewer, "ada");
        // What was asked for by somebody who is known is no part of it.
        for name in ["bob", "eve", "joe", "kim"] {
            let body = json!({"email": format!("{name}@example.com"), "password": NEW_PASSWORD});
            app.anyone().post("/api/auth/register", &body).expect(200);
        }
        for email in [ADA, "one@example.com", "two@example.com"] {
            forgot(&app, email).expect(202);
        }
        let refused = forgot(&app, ADA).expect_problem(503, "overloaded");
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
        let unknown = forgot(&app, "nobody@example.com").expect_problem(503, "overloaded");
        assert_eq!(unknown.header("retry-after"), refused.header("retry-after"));
        assert_eq!(unknown.json()["detail"], refused.json()["detail"]);
        assert_eq!(app.db.read(outbox::counts).unwrap().waiting, 7);
        // What was given up waits no longer, and what was sent neither.
        let now = plinth_domain::Clock::now(&app.clock);
        app.db
            .write(move |connection| {
                let leased = outbox::lease(connection, now, now, 10)?;
                let mut asked_for = leased.iter().filter(|mail| mail.user_id.is_none());
                outbox::bury(connection, asked_for.next().unwrap(), now, "550")?;
                outbox::remove(connection, asked_for.next().unwrap())
            })
            .unwrap();
        forgot(&app, ADA).expect(202);
        forgot(&app, "nobody@example.com").expect(202);
        forgot(&app, "nobody@example.com").expect_problem(503, "overloaded");
    }

    fn as_much_is_written_for_unknown_addresses_as_for_known_ones(db) {
        // Nobody takes the mail away, so all that a request leaves behind can be seen.
        let app = TestApp::start_as(db, |setup| setup.postman = false);
        let admin = app.admin();
        app.user(Role::Viewer, "ada");
        let entries = audited(&admin);
        forgot(&app, ADA).expect(202);
        forgot(&app, "nobody@example.com").expect(202);
        assert_eq!(audited(&admin), entries);
        let now = plinth_domain::Clock::now(&app.clock);
        let mail = app.db.write(move |connection| outbox::lease(connection, now, now, 10)).unwrap();
        let to: Vec<&str> = mail.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, [ADA, "nobody@example.com"]);
        for mail in &mail {
            // Whose account it is, nobody has looked up yet.
            assert_eq!((mail.user_id, mail.token_id, &mail.new_email), (None, None, &None));
            assert_eq!(mail.kind.as_str(), "reset_password");
        }
        // A login that fails: an entry each.
        for (n, email) in (1..).zip([ADA, "nobody@example.com"]) {
            app.login(email, "wrong password").expect_problem(400, "invalid_grant");
            assert_eq!(audited(&admin), entries + n, "{email}");
        }
    }
}
