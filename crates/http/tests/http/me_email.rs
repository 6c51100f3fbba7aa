//! A change of one's own address: it waits until it is proven, or takes effect at once where no mail is sent; and it
//! never becomes the password.

use std::thread;

use plinth_domain::Role;
use plinth_testing::{Answer, PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const ME: &str = "/api/users/me";

on_both! {
    fn a_new_email_waits_until_it_is_proven(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        app.user(Role::Viewer, "bob");
        ada.patch(ME, &json!({"email": "new@example.com"}))
            .expect_fields(&[("/current_password", "required")]);
        let change = |email: &str, password: &str| {
            ada.patch(ME, &json!({"email": email, "current_password": password}))
        };
        change("new@example.com", "wrong password").expect_problem(400, "wrong_password");
        change("BOB@example.com", PASSWORD).expect_problem(409, "email_taken");
        assert_eq!(ada.get(ME).json()["pending_email"], Value::Null);
        let changed = change(" New@Example.com", PASSWORD).expect(200).json();
        assert_eq!(
            (&changed["email"], &changed["pending_email"]),
            (&json!("ada@example.com"), &json!("new@example.com"))
        );
        app.login("ada@example.com", PASSWORD).expect(200);
        app.login("new@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        // To ask for it again needs the proof again, to take it back does not.
        ada.patch(ME, &json!({"email": "new@example.com"}))
            .expect_fields(&[("/current_password", "required")]);
        let kept = ada.patch(ME, &json!({"full_name": "A"})).expect(200).json();
        assert_eq!(kept["pending_email"], "new@example.com");
        let back = ada.patch(ME, &json!({"email": "ADA@example.com"})).expect(200).json();
        assert_eq!((&back["email"], &back["pending_email"]), (&json!("ada@example.com"), &Value::Null));

        change("other@example.com", PASSWORD).expect(200);
        let token = app.token_mailed("other@example.com", "/verify-email", 1);
        app.anyone().post("/api/auth/email/verify", &json!({ "token": token })).expect(204);
        let proven = ada.get(ME).expect(200).json();
        assert_eq!(
            (&proven["email"], &proven["pending_email"], &proven["email_verified"]),
            (&json!("other@example.com"), &Value::Null, &json!(true))
        );
        app.login("other@example.com", PASSWORD).expect(200);
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        app.user(Role::Viewer, "ada");
    }

    fn without_mail_a_new_email_takes_effect_at_once(db) {
        let app = TestApp::start_with(db, |settings| settings.mail_enabled = false);
        let ada = app.viewer("ada");
        app.user(Role::Viewer, "bob");
        let change = |email: &str, password: &str| {
            ada.patch(ME, &json!({"email": email, "current_password": password}))
        };
        change("new@example.com", "wrong password").expect_problem(400, "wrong_password");
        change("BOB@example.com", PASSWORD).expect_problem(409, "email_taken");
        assert_eq!(ada.get(ME).text("email"), "ada@example.com");
        let changed = change(" New@Example.com", PASSWORD).expect(200).json();
        assert_eq!(
            (&changed["email"], &changed["pending_email"], &changed["email_verified"]),
            (&json!("new@example.com"), &Value::Null, &json!(false))
        );
        app.login("new@example.com", PASSWORD).expect(200);
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        app.user(Role::Viewer, "ada");
        // The own address in other letters is no new one.
        ada.patch(ME, &json!({"email": "NEW@example.com"})).expect(200);
        assert!(app.mailbox.list().is_empty());
    }

    fn the_email_cannot_become_the_password(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let change = |body: Value| ada.patch(ME, &body);
        change(json!({"password": "Secret@Example.com", "current_password": PASSWORD})).expect(200);
        let body = json!({"email": "secret@example.com", "current_password": "Secret@Example.com"});
        change(body).expect_fields(&[("/email", "password_is_email")]);
        let both = json!({
            "email": "secret@example.com", "password": PASSWORD, "current_password": "Secret@Example.com"
        });
        change(both).expect(200);
    }

    fn the_password_is_none_of_the_addresses_that_the_account_will_have(db) {
        let app = TestApp::start(db);
        let (ada, admin) = (app.viewer("ada"), app.admin());
        let account = format!("/api/users/{}", ada.id());
        let refused = |answer: Answer| drop(answer.expect_fields(&[("/password", "password_is_email")]));
        // The present address stays until the new one is proven.
        let mut both = json!({
            "email": "new@example.com", "password": "Ada@example.com", "current_password": PASSWORD
        });
        refused(ada.patch(ME, &both));
        both["password"] = json!("NEW@example.com");
        refused(ada.patch(ME, &both));
        ada.patch(ME, &json!({"email": "new@example.com", "current_password": PASSWORD})).expect(200);
        for password in ["ada@example.com", "new@example.com"] {
            refused(ada.patch(ME, &json!({"password": password, "current_password": PASSWORD})));
            refused(admin.patch(&account, &json!({"password": password})));
        }
        // An administrator's change takes effect at once: what was there and what waited is the account's no more.
        admin.patch(&account, &json!({"email": "set@example.com", "password": "new@example.com"})).expect(200);
        app.login("set@example.com", "new@example.com").expect(200);
    }

    fn a_password_and_an_email_that_race_do_not_become_the_same(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        for n in 0..20 {
            let (user, secret) = (app.viewer(&format!("user{n}")), format!("secret{n}@example.com"));
            let account = format!("/api/users/{}", user.id());
            let new_email = json!({"email": secret, "current_password": PASSWORD});
            let (password, email) = thread::scope(|scope| {
                let password = scope.spawn(|| admin.patch(&account, &json!({"password": secret})));
                let email = scope.spawn(|| user.patch(ME, &new_email));
                (password.join().unwrap(), email.join().unwrap())
            });
            if password.status == 200 {
                assert!(matches!(email.status, 400 | 401), "{}", email.json());
            } else {
                password.expect_fields(&[("/password", "password_is_email")]);
                email.expect(200);
            }
        }
    }

    fn an_address_that_was_taken_away_does_not_come_back_unproven(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        for n in 0..20 {
            let name = format!("user{n}");
            let user = app.viewer(&name);
            let account = format!("/api/users/{}", user.id());
            let moved = format!("moved{n}@example.com");
            let own = json!({"email": format!("{name}@example.com")});
            thread::scope(|scope| {
                let writes: Vec<_> = (0..3).map(|_| scope.spawn(|| user.patch(ME, &own))).collect();
                admin.patch(&account, &json!({"email": moved})).expect(200);
                for write in writes {
                    let answer = write.join().unwrap();
                    if answer.status != 200 {
                        answer.expect_fields(&[("/current_password", "required")]);
                    }
                }
            });
            assert_eq!(user.get(ME).expect(200).text("email"), moved);
        }
    }
}
