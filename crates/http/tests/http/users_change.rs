//! Creating, showing and changing users, by those who may.

use plinth_domain::Role;
use plinth_testing::{Client, PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const UNKNOWN: &str = "/api/users/01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";

/// Where a user is found.
fn at(id: impl std::fmt::Display) -> String {
    format!("/api/users/{id}")
}

#[track_caller]
fn expect_signed_out(client: &Client) {
    client.get("/api/users/me").expect_problem(401, "invalid_token");
}

on_both! {
    fn an_admin_creates_users(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let answer = admin
            .post(
                "/api/users",
                &json!({
                    "email": " Grace@Example.com", "password": PASSWORD, "full_name": "Grace",
                    "role": "editor", "is_active": false
                }),
            )
            .expect(201);
        let user = answer.json();
        assert_eq!(answer.header("location"), at(user["id"].as_str().unwrap()));
        assert_eq!(admin.get(answer.header("location")).expect(200).json(), user);
        assert_eq!(
            (&user["email"], &user["role"], &user["is_active"]),
            (&json!("grace@example.com"), &json!("editor"), &json!(false))
        );
        app.login("grace@example.com", PASSWORD).expect_problem(400, "account_inactive");

        let user = admin
            .post("/api/users", &json!({"email": "plain@example.com", "password": PASSWORD}))
            .expect(201)
            .json();
        assert_eq!(
            (&user["role"], &user["is_active"], &user["full_name"], &user["email_verified"]),
            (&json!("viewer"), &json!(true), &Value::Null, &json!(false))
        );
        app.login("plain@example.com", PASSWORD).expect(200);
        admin
            .post("/api/users", &json!({"email": "PLAIN@example.com", "password": PASSWORD}))
            .expect_problem(409, "email_taken");
    }

    fn a_user_that_breaks_rules_is_not_created(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        admin
            .post(
                "/api/users",
                &json!({
                    "email": "x", "password": "short", "full_name": " ",
                    "role": "root", "is_active": "yes", "id": 1
                }),
            )
            .expect_fields(&[
                ("/email", "invalid_email"),
                ("/password", "too_short"),
                ("/full_name", "blank"),
                ("/role", "invalid_choice"),
                ("/is_active", "wrong_type"),
                ("/id", "unknown_field"),
            ]);
        admin
            .post(
                "/api/users",
                &json!({
                    "email": "new@example.com", "password": "new@example.com",
                    "role": null, "is_active": null
                }),
            )
            .expect_fields(&[
                ("/password", "password_is_email"),
                ("/role", "null_not_allowed"),
                ("/is_active", "null_not_allowed"),
            ]);
        assert!(app.stored("new@example.com").is_none());
        let body = json!({"email": "new@example.com", "password": PASSWORD});
        for other in [app.editor(), app.viewer("ada")] {
            other.post("/api/users", &body).expect_problem(403, "forbidden");
            other.post("/api/users", &json!({})).expect_problem(403, "forbidden");
        }
        assert!(app.stored("new@example.com").is_none());
    }

    fn everyone_sees_themselves_and_editors_see_all(db) {
        let app = TestApp::start(db);
        let (admin, eve, ada, bob) = (app.admin(), app.editor(), app.viewer("ada"), app.viewer("bob"));
        for caller in [&admin, &eve, &ada] {
            let user = caller.get(&at(ada.id())).expect(200);
            assert_eq!(user.text("email"), "ada@example.com");
            assert_eq!(user.json(), ada.get("/api/users/me").expect(200).json());
        }
        for caller in [&admin, &eve] {
            caller.get(UNKNOWN).expect_problem(404, "not_found");
            caller.get(&at("no-id")).expect_problem(404, "not_found");
            caller.get(&at(ada.id().to_uppercase())).expect(200);
        }
        // A viewer cannot tell who exists.
        for path in [&at(ada.id()), &at(admin.id()), UNKNOWN, &at("no-id")] {
            bob.get(path).expect_problem(403, "forbidden");
        }
    }

    fn an_editor_changes_the_names_of_viewers_only(db) {
        let app = TestApp::start(db);
        let (admin, eve, ada) = (app.admin(), app.editor(), app.viewer("ada"));
        let before = ada.get("/api/users/me").json();
        for (method, name) in [("PATCH", json!("Ada L.")), ("PUT", Value::Null)] {
            let user = eve.json(method, &at(ada.id()), &[], &json!({"full_name": name})).expect(200).json();
            assert_eq!(user["full_name"], name);
            assert_eq!(ada.get("/api/users/me").json(), user);
            assert_eq!(user["created_at"], before["created_at"]);
            assert!(user["updated_at"].as_str() > before["updated_at"].as_str());
        }
        let before = ada.get("/api/users/me").json();
        for body in [
            json!({"email": "new@example.com"}),
            json!({"password": "a new password"}),
            json!({"role": "editor"}),
            json!({"is_active": false}),
            json!({"full_name": "Ada", "is_active": true}),
            json!({"full_name": "Ada", "current_password": PASSWORD}),
            // The names that are sent decide, before anything else is looked at.
            json!({"full_name": "", "role": "admin"}),
            json!({"role": "nobody"}),
            json!({"is_active": null, "x": 1}),
        ] {
            for path in [&at(ada.id()), UNKNOWN, &at("no-id")] {
                eve.patch(path, &body).expect_problem(403, "forbidden");
            }
        }
        assert_eq!(ada.get("/api/users/me").json(), before);
        for other in [admin.id(), eve.id(), app.user(Role::Editor, "other").id.to_string()] {
            eve.patch(&at(&other), &json!({"full_name": "X"})).expect_problem(403, "forbidden");
            // Refused for whom it is about, before what is asked is looked at.
            eve.patch(&at(&other), &json!({"full_name": ""})).expect_problem(403, "forbidden");
        }
        eve.patch(UNKNOWN, &json!({"full_name": "X"})).expect_problem(404, "not_found");
        eve.patch(&at(ada.id()), &json!({"full_name": ""})).expect_fields(&[("/full_name", "blank")]);
        for path in [&at(ada.id()), UNKNOWN, &at("no-id")] {
            ada.patch(path, &json!({"full_name": "X"})).expect_problem(403, "forbidden");
            ada.put(path, &json!({"x": 1})).expect_problem(403, "forbidden");
        }
    }

    fn an_admin_changes_everything_of_others(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let path = at(ada.id());
        let user = admin
            .patch(
                &path,
                &json!({"full_name": "Countess", "role": "editor", "email": "Countess@example.com"}),
            )
            .expect(200)
            .json();
        assert_eq!(
            (
                &user["full_name"],
                &user["role"],
                &user["email"],
                &user["email_verified"],
                &user["pending_email"]
            ),
            (
                &json!("Countess"),
                &json!("editor"),
                &json!("countess@example.com"),
                &json!(false),
                &Value::Null
            )
        );
        // Neither a name nor a role nor an address signs anybody out.
        assert_eq!(ada.get("/api/users/me").expect(200).json(), user);
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        app.login("countess@example.com", PASSWORD).expect(200);
        // The old address is free.
        app.user(Role::Viewer, "ada");
        admin.patch(&path, &json!({"email": "ADA@example.com"})).expect_problem(409, "email_taken");
        admin.patch(&path, &json!({"email": "COUNTESS@example.com"})).expect(200);
        // PUT changes what it names, as PATCH does.
        let put = admin.put(&path, &json!({"role": "viewer"})).expect(200).json();
        assert_eq!((&put["full_name"], &put["role"]), (&json!("Countess"), &json!("viewer")));
        let unchanged = admin.patch(&path, &json!({})).expect(200).json();
        assert_eq!((&unchanged["full_name"], &unchanged["role"]), (&json!("Countess"), &json!("viewer")));
    }

    fn an_address_that_changes_is_not_verified_any_more(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let mut ada = app.user(Role::Viewer, "ada");
        ada.email_verified = true;
        let (id, now) = (ada.id, ada.updated_at);
        app.db.write(move |connection| plinth_persistence::users::update(connection, ada, now)).unwrap();
        let same =
            admin.patch(&at(id), &json!({"email": "ADA@example.com", "full_name": "A"})).expect(200).json();
        assert_eq!(same["email_verified"], true);
        let other = admin.patch(&at(id), &json!({"email": "other@example.com"})).expect(200).json();
        assert_eq!(other["email_verified"], false);
    }

    fn a_new_password_ends_all_the_users_sessions(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let login = app.login("ada@example.com", PASSWORD).expect(200);
        admin.patch(&at(ada.id()), &json!({"password": "a new password"})).expect(200);
        expect_signed_out(&ada);
        expect_signed_out(&app.bearer(&login));
        app.refresh(&login.text("refresh_token")).expect_problem(400, "invalid_grant");
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        app.login("ada@example.com", "a new password").expect(200);
        admin.get("/api/users/me").expect(200);
    }

    fn deactivation_ends_all_the_users_sessions(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let path = at(ada.id());
        assert_eq!(admin.patch(&path, &json!({"is_active": false})).expect(200).json()["is_active"], false);
        expect_signed_out(&ada);
        admin.patch(&path, &json!({"is_active": true})).expect(200);
        expect_signed_out(&ada);
        app.login("ada@example.com", PASSWORD).expect(200);
    }

    fn what_breaks_rules_changes_nothing(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let before = ada.get("/api/users/me").json();
        let path = at(ada.id());
        admin
            .patch(
                &path,
                &json!({
                    "email": null, "password": null, "full_name": "x\0",
                    "role": "Admin", "is_active": 1, "is_superuser": true
                }),
            )
            .expect_fields(&[
                ("/email", "null_not_allowed"),
                ("/password", "null_not_allowed"),
                ("/full_name", "nul_character"),
                ("/role", "invalid_choice"),
                ("/is_active", "wrong_type"),
                ("/is_superuser", "unknown_field"),
            ]);
        for body in [
            json!({"password": "ada@example.com"}),
            json!({"password": "new@example.com", "email": "New@example.com"}),
        ] {
            admin.patch(&path, &body).expect_fields(&[("/password", "password_is_email")]);
        }
        admin.patch(&path, &json!([])).expect_fields(&[("", "wrong_type")]);
        admin.patch(UNKNOWN, &json!({"full_name": "X"})).expect_problem(404, "not_found");
        admin.patch(&at("no-id"), &json!({"full_name": "X"})).expect_problem(404, "not_found");
        assert_eq!(ada.get("/api/users/me").json(), before);
    }

    fn an_admin_needs_the_current_password_for_their_own(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let path = at(admin.id());
        for body in [json!({"password": "a new password"}), json!({"email": "new@example.com"})] {
            admin.patch(&path, &body).expect_fields(&[("/current_password", "required")]);
            let mut wrong = body.clone();
            wrong["current_password"] = json!("wrong password");
            admin.patch(&path, &wrong).expect_problem(400, "wrong_password");
        }
        app.login("admin@example.com", PASSWORD).expect(200);
        // What is no credential, or no change of one, needs none.
        admin.patch(&path, &json!({"full_name": "Root", "email": "ADMIN@example.com"})).expect(200);
        let changed = admin
            .patch(&path, &json!({"email": "root@example.com", "current_password": PASSWORD}))
            .expect(200);
        assert_eq!(
            (changed.text("email"), changed.text("pending_email")),
            ("admin@example.com".to_owned(), "root@example.com".to_owned())
        );
        let token = app.token_mailed("root@example.com", "/verify-email", 1);
        app.anyone().post("/api/auth/email/verify", &json!({ "token": token })).expect(204);
        admin.patch(&path, &json!({"password": "a new password", "current_password": PASSWORD})).expect(200);
        app.login("root@example.com", PASSWORD).expect_problem(400, "invalid_grant");
        app.login("root@example.com", "a new password").expect(200);
    }

    fn without_mail_an_admins_own_address_changes_at_once_too(db) {
        let app = TestApp::start_with(db, |settings| settings.mail_enabled = false);
        let admin = app.admin();
        let body = json!({"email": "root@example.com", "current_password": PASSWORD});
        let changed = admin.patch(&at(admin.id()), &body).expect(200).json();
        assert_eq!(
            (&changed["email"], &changed["pending_email"], &changed["email_verified"]),
            (&json!("root@example.com"), &json!(null), &json!(false))
        );
    }
}
