//! One's own account: showing, changing and deleting it.

use std::thread;

use plinth_domain::Role;
use plinth_testing::{PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const ME: &str = "/api/users/me";

on_both! {
    fn put_and_patch_change_what_they_name(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for (method, body, name) in [
            ("PATCH", json!({"full_name": " Ada Lovelace "}), json!("Ada Lovelace")),
            ("PUT", json!({}), json!("Ada Lovelace")),
            ("PATCH", json!({"full_name": null}), Value::Null),
            ("PUT", json!({"full_name": "Countess"}), json!("Countess")),
        ] {
            let answer = ada.json(method, ME, &[], &body).expect(200);
            assert_eq!(answer.header("cache-control"), "private, no-cache");
            assert_eq!(answer.json()["full_name"], name);
            assert_eq!(ada.get(ME).expect(200).json(), answer.json());
        }
    }

    fn nobody_raises_themselves(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ada.patch(
            ME,
            &json!({
                "role": "admin", "is_active": true, "email_verified": true,
                "is_superuser": true, "full_name": "X"
            }),
        )
        .expect_fields(&[
            ("/role", "unknown_field"),
            ("/is_active", "unknown_field"),
            ("/email_verified", "unknown_field"),
            ("/is_superuser", "unknown_field"),
        ]);
        assert_eq!(
            (ada.get(ME).text("role"), ada.get(ME).text("full_name")),
            ("viewer".to_owned(), "ada".to_owned())
        );
    }

    fn a_new_password_needs_the_current_one(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        for method in ["PUT", "PATCH"] {
            ada.json(method, ME, &[], &json!({"password": "a new password"}))
                .expect_fields(&[("/current_password", "required")]);
            ada.json(method, ME, &[], &json!({"password": "short", "x": 1})).expect_fields(&[
                ("/password", "too_short"),
                ("/current_password", "required"),
                ("/x", "unknown_field"),
            ]);
            ada.json(method, ME, &[], &json!({"password": "ada@example.com", "current_password": PASSWORD}))
                .expect_fields(&[("/password", "password_is_email")]);
            let change = |claim: &str| {
                let body = json!({"password": "a new password", "current_password": claim});
                ada.json(method, ME, &[], &body)
            };
            for wrong in ["", "wrong password", "correct horse battery ", &"x".repeat(4096)] {
                change(wrong).expect_problem(400, "wrong_password");
            }
            change("\0").expect_fields(&[("/current_password", "nul_character")]);
            change(&"x".repeat(4097)).expect_fields(&[("/current_password", "too_long")]);
        }
        app.login("ada@example.com", PASSWORD).expect(200);
    }

    fn a_new_password_ends_the_other_sessions(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let bob = app.viewer("bob");
        let sign_in = || app.login("ada@example.com", PASSWORD).expect(200);
        let (here, there) = (sign_in(), sign_in());
        app.bearer(&here)
            .patch(ME, &json!({"password": "a new password", "current_password": PASSWORD}))
            .expect(200);
        app.bearer(&here).get(ME).expect(200);
        app.refresh(&here.text("refresh_token")).expect(200);
        app.bearer(&there).get(ME).expect_problem(401, "invalid_token");
        app.refresh(&there.text("refresh_token")).expect_problem(400, "invalid_grant");
        bob.get(ME).expect(200);
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        app.login("ada@example.com", "a new password").expect(200);
    }

    fn a_name_and_an_address_end_no_session(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let sign_in = || app.login("ada@example.com", PASSWORD).expect(200);
        let (here, there) = (sign_in(), sign_in());
        let body = json!({"full_name": "A", "email": "new@example.com", "current_password": PASSWORD});
        app.bearer(&here).patch(ME, &body).expect(200);
        app.bearer(&there).get(ME).expect(200);
        app.refresh(&there.text("refresh_token")).expect(200);
    }

    fn what_depends_on_the_account_is_named_with_the_rest(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let admin = app.admin();
        let own = format!("/api/users/{}", admin.id());
        for (who, path, email) in [(&ada, ME, "ada@example.com"), (&admin, &own, "admin@example.com")] {
            let bad = |body: Value, fields: &[(&str, &str)]| drop(who.patch(path, &body).expect_fields(fields));
            bad(
                json!({"email": "new@example.com", "full_name": ""}),
                &[("/full_name", "blank"), ("/current_password", "required")],
            );
            bad(
                json!({"password": email, "full_name": "", "x": 1}),
                &[
                    ("/full_name", "blank"),
                    ("/password", "password_is_email"),
                    ("/current_password", "required"),
                    ("/x", "unknown_field"),
                ],
            );
            bad(
                json!({"email": "new@example.com", "current_password": "\0", "full_name": 1}),
                &[("/full_name", "wrong_type"), ("/current_password", "nul_character")],
            );
            // What is no address cannot be told to be a new one.
            bad(json!({"email": "new"}), &[("/email", "invalid_email")]);
        }
    }

    fn of_two_changes_with_one_proof_only_one_is_made(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let sessions: Vec<_> =
            (0..4).map(|_| app.bearer(&app.login("ada@example.com", PASSWORD).expect(200))).collect();
        let answers: Vec<_> = thread::scope(|scope| {
            let changes: Vec<_> = sessions
                .iter()
                .enumerate()
                .map(|(n, ada)| {
                    let body = json!({"password": format!("new password {n}"), "current_password": PASSWORD});
                    scope.spawn(move || ada.patch(ME, &body))
                })
                .collect();
            changes.into_iter().map(|change| change.join().unwrap()).collect()
        });
        let made: Vec<usize> = (0..4).filter(|n| answers[*n].status == 200).collect();
        assert_eq!(made.len(), 1, "{answers:?}");
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            // Its proof is stale, or its session was ended by the change that was made.
            match answer.status {
                400 => answer.expect_problem(400, "wrong_password"),
                _ => answer.expect_problem(401, "invalid_token"),
            };
        }
        app.login("ada@example.com", &format!("new password {}", made[0])).expect(200);
    }

    fn who_deletes_themselves_proves_it(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        let path = "/api/users/me/delete";
        ada.post(path, &json!({})).expect_fields(&[("/current_password", "required")]);
        ada.post(path, &json!({"current_password": null, "x": 1}))
            .expect_fields(&[("/current_password", "null_not_allowed"), ("/x", "unknown_field")]);
        ada.send("POST", path, &[], Vec::new()).expect_problem(415, "unsupported_media_type");
        ada.post(path, &json!({"current_password": "wrong password"})).expect_problem(400, "wrong_password");
        let item = ada.post("/api/items", &json!({"title": "Lamp"})).expect(201);
        let id = ada.id();
        let other = app.login("ada@example.com", PASSWORD).expect(200);
        ada.post(path, &json!({"current_password": PASSWORD})).expect(204);
        ada.get(ME).expect_problem(401, "invalid_token");
        app.bearer(&other).get(ME).expect_problem(401, "invalid_token");
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        let admin = app.admin();
        admin.get(&format!("/api/users/{id}")).expect_problem(404, "not_found");
        admin.get(item.header("location")).expect(200);
        admin.post(&format!("/api/users/{id}/restore"), &json!({})).expect(200);
        app.login("ada@example.com", PASSWORD).expect(200);
    }

    fn who_deletes_themselves_twice_at_once_is_gone_once(db) {
        let app = TestApp::start(db);
        for name in ["a", "b", "c", "d", "e"] {
            let user = app.viewer(name);
            let statuses: Vec<u16> = thread::scope(|scope| {
                let requests: Vec<_> = (0..6)
                    .map(|_| {
                        scope.spawn(|| {
                            let answer =
                                user.post("/api/users/me/delete", &json!({"current_password": PASSWORD}));
                            if answer.status != 204 {
                                answer.clone().expect_problem(401, "invalid_token");
                            }
                            answer.status
                        })
                    })
                    .collect();
                requests.into_iter().map(|request| request.join().unwrap()).collect()
            });
            assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
        }
    }

    fn there_is_no_delete_of_me_without_proof(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ada.delete(ME).expect_problem(405, "method_not_allowed");
        ada.get(ME).expect(200);
    }
}
