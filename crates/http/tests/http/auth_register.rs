//! Who may register, and with what.

use std::thread;

use plinth_testing::{PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const REGISTER: &str = "/api/auth/register";

/// A line of that many characters.
fn long(characters: usize) -> String {
    "é".repeat(characters)
}

/// An address of that many characters.
fn address(characters: usize) -> String {
    let label = "d".repeat(60);
    format!("{}@{label}.{label}.{label}.{}.com", "a".repeat(characters - 200), "d".repeat(12))
}

on_both! {
    fn anyone_registers_and_is_a_viewer(db) {
        let app = TestApp::start(db);
        let answer = app
            .anyone()
            .post(
                REGISTER,
                &json!({"email": "  Ada@Example.COM ", "password": PASSWORD, "full_name": "  Ada  "}),
            )
            .expect(200);
        assert_eq!(answer.header("content-type"), "application/json");
        let user = answer.json();
        let (stored, hash) = app.stored("ada@example.com").unwrap();
        assert_eq!(
            user,
            json!({
                "id": stored.id.to_string(),
                "email": "ada@example.com",
                "pending_email": null,
                "full_name": "Ada",
                "role": "viewer",
                "is_active": true,
                "is_superuser": false,
                "email_verified": false,
                "created_at": stored.created_at.to_string(),
                "updated_at": stored.updated_at.to_string(),
                "deleted_at": null,
            })
        );
        assert_eq!(stored.id.uuid().get_version_num(), 7);
        assert_eq!(stored.created_at, stored.updated_at);
        let created = user["created_at"].as_str().unwrap();
        assert!(created.len() == 27 && created.ends_with('Z'), "microseconds, in UTC: {created}");
        assert!(hash.starts_with("$bcrypt-sha256$v=2,"), "passlib's format: {hash}");
        app.login("ada@example.com", PASSWORD).expect(200);
    }

    fn a_full_name_may_be_left_out_or_null(db) {
        let app = TestApp::start(db);
        for (email, body) in [
            ("a@example.com", json!({"email": "a@example.com", "password": PASSWORD})),
            ("b@example.com", json!({"email": "b@example.com", "password": PASSWORD, "full_name": null})),
        ] {
            assert_eq!(app.anyone().post(REGISTER, &body).expect(200).json()["full_name"], Value::Null);
            assert_eq!(app.stored(email).unwrap().0.full_name, None);
        }
    }

    fn the_address_is_taken_in_any_case(db) {
        let app = TestApp::start(db);
        app.anyone().post(REGISTER, &json!({"email": "rené@example.com", "password": PASSWORD})).expect(200);
        for same in ["rené@example.com", "RENÉ@EXAMPLE.COM", " René@Example.Com\t", "rene\u{301}@example.com"]
        {
            app.anyone()
                .post(REGISTER, &json!({"email": same, "password": "another password"}))
                .expect_problem(409, "email_taken");
        }
        app.login("RENE\u{301}@example.com", PASSWORD).expect(200);
        app.login("rené@example.com", "another password").expect_problem(400, "invalid_grant");
    }

    fn of_fifty_at_once_one_gets_the_address(db) {
        let app = TestApp::start(db);
        let statuses: Vec<u16> = thread::scope(|scope| {
            let registrations: Vec<_> = (0..50)
                .map(|n: u32| {
                    let client = app.anyone();
                    // Each with other letters in upper case.
                    let email: String = "abcdef@example.com"
                        .chars()
                        .enumerate()
                        .map(|(at, c)| if at < 6 && n >> at & 1 == 1 { c.to_ascii_uppercase() } else { c })
                        .collect();
                    let body = json!({"email": email, "password": PASSWORD});
                    scope.spawn(move || {
                        let answer = client.post(REGISTER, &body);
                        if answer.status != 200 {
                            answer.clone().expect_problem(409, "email_taken");
                        }
                        answer.status
                    })
                })
                .collect();
            registrations.into_iter().map(|registration| registration.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 49, "{statuses:?}");
        let users = app.admin().get("/api/users?search=abcdef").expect(200);
        assert_eq!(users.each("email"), ["abcdef@example.com"]);
    }

    fn a_closed_registration_refuses_before_it_looks(db) {
        let app = TestApp::start_with(db, |settings| settings.registration_open = false);
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        app.anyone().post(REGISTER, &body).expect_problem(403, "registration_closed");
        app.anyone().post(REGISTER, &json!({})).expect_problem(403, "registration_closed");
        assert!(app.stored("ada@example.com").is_none());
    }

    fn every_bad_field_is_named_at_once(db) {
        let app = TestApp::start(db);
        app.anyone()
            .post(REGISTER, &json!({}))
            .expect_fields(&[("/email", "required"), ("/password", "required")]);
        app.anyone()
            .post(
                REGISTER,
                &json!({"email": null, "password": null, "full_name": 1, "role": "admin", "a/b": 1}),
            )
            .expect_fields(&[
                ("/email", "null_not_allowed"),
                ("/password", "null_not_allowed"),
                ("/full_name", "wrong_type"),
                ("/role", "unknown_field"),
                ("/a~1b", "unknown_field"),
            ]);
        app.anyone()
            .json_text(
                "POST",
                REGISTER,
                r#"{"email": "a@example.com", "email": "b@example.com",
                    "password": "short", "full_name": "\u0000"}"#,
            )
            .expect_fields(&[
                ("/email", "duplicate_field"),
                ("/password", "too_short"),
                ("/full_name", "nul_character"),
            ]);
        for nobody in ["a@example.com", "b@example.com"] {
            assert!(app.stored(nobody).is_none(), "nothing is stored");
        }
    }

    fn each_field_has_its_bounds(db) {
        let app = TestApp::start(db);
        let register = |email: &str, password: &str, name: &str| {
            app.anyone().post(REGISTER, &json!({"email": email, "password": password, "full_name": name}))
        };
        for (email, code) in [
            ("", "invalid_email"),
            ("ada", "invalid_email"),
            ("@example.com", "invalid_email"),
            ("ada@example", "invalid_email"),
            ("ada@@example.com", "invalid_email"),
            ("ada lovelace@example.com", "invalid_email"),
            (&address(255), "too_long"),
            ("ada\0@example.com", "nul_character"),
        ] {
            register(email, PASSWORD, "Ada").expect_fields(&[("/email", code)]);
        }
        for (password, code) in [
            ("", "too_short"),
            ("1234567", "too_short"),
            // Eight code points before normalisation, seven after it.
            ("123456e\u{301}", "too_short"),
            (&long(257), "too_long"),
            ("         ", "blank"),
            ("\u{3000}\u{a0}\t\t\t\t\t\t\t", "blank"),
            ("1234567\0", "nul_character"),
            ("ada@example.com", "password_is_email"),
            (" ADA@example.com ", "password_is_email"),
        ] {
            register("ada@example.com", password, "Ada").expect_fields(&[("/password", code)]);
        }
        for (name, code) in
            [("", "blank"), (" \u{a0}", "blank"), (&long(101), "too_long"), ("a\0", "nul_character")]
        {
            register("ada@example.com", PASSWORD, name).expect_fields(&[("/full_name", code)]);
        }
        assert!(app.stored("ada@example.com").is_none());

        register("a@example.com", "12345678", "A").expect(200);
        let padded = format!(" {} ", long(100));
        register(&address(254).to_uppercase(), &long(256), &padded).expect(200);
        assert_eq!(app.stored(&address(254)).unwrap().0.full_name.unwrap().as_str(), long(100));
        app.login(&address(254), &long(256)).expect(200);
        app.login(&address(254), &long(255)).expect_problem(400, "invalid_grant");
    }

    fn a_password_is_the_same_in_every_normalisation(db) {
        let app = TestApp::start(db);
        let body = json!({"email": "ada@example.com", "password": "cre\u{300}me bru\u{302}le\u{301}e"});
        app.anyone().post(REGISTER, &body).expect(200);
        app.login("ada@example.com", "crème brûlée").expect(200);
        app.login("ada@example.com", "creme brulee").expect_problem(400, "invalid_grant");
        // White space belongs to it.
        app.login("ada@example.com", "crème brûlée ").expect_problem(400, "invalid_grant");
    }

    fn a_password_counts_to_its_last_character(db) {
        let app = TestApp::start(db);
        let password = "x".repeat(200);
        app.anyone().post(REGISTER, &json!({"email": "ada@example.com", "password": password})).expect(200);
        app.login("ada@example.com", &format!("{}y", &password[1..])).expect_problem(400, "invalid_grant");
        app.login("ada@example.com", &password).expect(200);
    }

    fn what_is_no_json_object_is_refused(db) {
        let app = TestApp::start(db);
        app.anyone().json_text("POST", REGISTER, "{").expect_problem(400, "malformed_json");
        app.anyone().json_text("POST", REGISTER, "[]").expect_fields(&[("", "wrong_type")]);
        app.anyone()
            .form(REGISTER, &[("email", "a@example.com")])
            .expect_problem(415, "unsupported_media_type");
        app.anyone()
            .send("POST", REGISTER, &[], b"{}".to_vec())
            .expect_problem(415, "unsupported_media_type");
        let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
        app.anyone()
            .send("POST", REGISTER, &gzip, b"{}".to_vec())
            .expect_problem(415, "unsupported_media_type");
    }
}
