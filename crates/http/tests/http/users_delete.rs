//! Deleting users, and bringing them back.

use std::thread;

use plinth_domain::Role;
use plinth_testing::{PASSWORD, TestApp, on_both};
use serde_json::{Value, json};

const UNKNOWN: &str = "/api/users/01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";

on_both! {
    fn a_deleted_user_is_gone_and_the_items_stay(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let path = format!("/api/users/{}", ada.id());
        let before = ada.get("/api/users/me").json();
        let item = ada.post("/api/items", &json!({"title": "Lamp"})).expect(201);
        let answer = admin.delete(&path).expect(204);
        assert!(answer.body.is_empty());

        admin.get(&path).expect_problem(404, "not_found");
        admin.patch(&path, &json!({"full_name": "X"})).expect_problem(404, "not_found");
        admin.delete(&path).expect_problem(404, "not_found");
        app.editor().get(&path).expect_problem(404, "not_found");
        ada.get("/api/users/me").expect_problem(401, "invalid_token");
        assert!(app.stored("ada@example.com").is_none());
        let page = admin.get("/api/users?search=ada&include_deleted=true").expect(200).json();
        let row = &page["items"][0];
        assert!(row["deleted_at"].is_string(), "{row}");
        assert_eq!(
            (&row["id"], &row["email"], &row["full_name"]),
            (&before["id"], &before["email"], &before["full_name"])
        );
        assert_eq!(admin.get(item.header("location")).expect(200).json(), item.json());
        assert_eq!(
            admin
                .get(&format!("/api/items?owner_id={}", before["id"].as_str().unwrap()))
                .expect(200)
                .each("title"),
            ["Lamp"]
        );
    }

    fn a_restored_user_is_as_before_but_signed_out(db) {
        let app = TestApp::start(db);
        let (admin, ada) = (app.admin(), app.viewer("ada"));
        let path = format!("/api/users/{}", ada.id());
        let before = ada.get("/api/users/me").json();
        ada.post("/api/items", &json!({"title": "Lamp"})).expect(201);
        admin.delete(&path).expect(204);
        let mut restored = admin.post(&format!("{path}/restore"), &json!({})).expect(200).json();
        assert_eq!(admin.get(&path).expect(200).json(), restored);
        assert!(restored["updated_at"].as_str() > before["updated_at"].as_str());
        restored["updated_at"] = before["updated_at"].clone();
        assert_eq!(restored, before);
        assert_eq!(restored["deleted_at"], Value::Null);
        ada.get("/api/users/me").expect_problem(401, "invalid_token");
        let again = app.bearer(&app.login("ada@example.com", PASSWORD).expect(200));
        assert_eq!(again.get("/api/items").expect(200).each("title"), ["Lamp"]);
        // It takes no body, so none has to be sent.
        admin.delete(&path).expect(204);
        admin.send("POST", &format!("{path}/restore"), &[], Vec::new()).expect(200);
    }

    fn only_who_is_deleted_is_restored(db) {
        let app = TestApp::start(db);
        let (admin, eve, ada) = (app.admin(), app.editor(), app.viewer("ada"));
        let path = format!("/api/users/{}/restore", ada.id());
        admin.post(&path, &json!({})).expect_problem(409, "not_deleted");
        admin.post(&format!("{UNKNOWN}/restore"), &json!({})).expect_problem(404, "not_found");
        admin.post("/api/users/no-id/restore", &json!({})).expect_problem(404, "not_found");
        for other in [&eve, &ada] {
            other.post(&path, &json!({})).expect_problem(403, "forbidden");
            other.post(&format!("{UNKNOWN}/restore"), &json!({})).expect_problem(403, "forbidden");
        }
    }

    fn only_admins_delete(db) {
        let app = TestApp::start(db);
        let (admin, eve, ada) = (app.admin(), app.editor(), app.viewer("ada"));
        for other in [&eve, &ada] {
            for path in [&format!("/api/users/{}", ada.id()), UNKNOWN, "/api/users/no-id"] {
                other.delete(path).expect_problem(403, "forbidden");
            }
        }
        ada.get("/api/users/me").expect(200);
        admin.delete(UNKNOWN).expect_problem(404, "not_found");
        admin.delete("/api/users/no-id").expect_problem(404, "not_found");
    }

    fn the_address_is_free_until_its_first_owner_is_restored(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let first = app.user(Role::Viewer, "ada");
        let path = format!("/api/users/{}", first.id);
        admin.delete(&path).expect(204);
        let second = app
            .anyone()
            .post("/api/auth/register", &json!({"email": "Ada@example.com", "password": "another password"}))
            .expect(200);
        assert_ne!(second.text("id"), first.id.to_string());
        app.login("ada@example.com", "another password").expect(200);
        app.login("ada@example.com", PASSWORD).expect_problem(400, "invalid_grant");

        admin.post(&format!("{path}/restore"), &json!({})).expect_problem(409, "email_taken");
        admin.get(&path).expect_problem(404, "not_found");
        // Several with one address may be deleted.
        admin.delete(&format!("/api/users/{}", second.text("id"))).expect(204);
        admin.post(&format!("{path}/restore"), &json!({})).expect(200);
        app.login("ada@example.com", PASSWORD).expect(200);
    }

    fn of_two_restores_at_once_one_gets_the_address(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let paths: Vec<String> = (0..4)
            .map(|_| {
                let path = format!("/api/users/{}", app.user(Role::Viewer, "ada").id);
                admin.delete(&path).expect(204);
                format!("{path}/restore")
            })
            .collect();
        let mut statuses: Vec<u16> = thread::scope(|scope| {
            let restores: Vec<_> =
                paths.iter().map(|path| scope.spawn(|| admin.post(path, &json!({})))).collect();
            restores.into_iter().map(|restore| restore.join().unwrap().status).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
        assert_eq!(admin.get("/api/users?search=ada").expect(200).json()["total"], 1);
    }
}
