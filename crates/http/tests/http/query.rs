//! Query strings where there is nothing to ask.

use plinth_domain::Role;
use plinth_testing::{Client, PASSWORD, TestApp, on_both};
use serde_json::json;

on_both! {
    fn operations_without_parameters_refuse_any(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let someone = app.viewer("someone").id();
        let item = admin.post("/api/items", &json!({ "title": "lamp" })).expect(201).text("id");
        let document = app.openapi();
        let mut refused = 0;
        for (path, operations) in document["paths"].as_object().unwrap() {
            let id = if path.starts_with("/api/items") { &item } else { &someone };
            let stray = format!("{}?surprise=1", path.replace("{id}", id));
            for (method, operation) in operations.as_object().unwrap() {
                let is_open = operation["security"].as_array().unwrap().contains(&json!({}));
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                if is_open || parameters.iter().any(|parameter| parameter["in"] == "query") {
                    continue;
                }
                let method = method.to_uppercase();
                // Whoever takes a body names what that lacks as well.
                let send = |client: &Client| match operation.get("requestBody") {
                    Some(_) => client.json(&method, &stray, &[], &json!({})),
                    None => client.send(&method, &stray, &[], Vec::new()),
                };
                let answer = send(&admin).expect_problem(422, "invalid_fields");
                let named = answer.json()["errors"].as_array().unwrap().iter().any(|error| {
                    error["pointer"] == "query/surprise" && error["code"] == "unknown_field"
                });
                assert!(named, "{method} {path}: {}", answer.json());
                send(&app.anyone()).expect_problem(401, "unauthenticated");
                refused += 1;
            }
        }
        assert!(refused >= 17, "{refused} operations");
        admin.get(&format!("/api/users/{someone}")).expect(200);
        admin.get(&format!("/api/items/{item}")).expect(200);
    }

    fn a_login_and_what_probes_call_ignore_any(db) {
        let app = TestApp::start(db);
        app.user(Role::Viewer, "ada");
        let form = [("username", "ada@example.com"), ("password", PASSWORD)];
        for path in ["/api/auth/login", "/token"] {
            app.anyone().form(&format!("{path}?surprise=1"), &form).expect(200);
        }
        for path in ["/", "/health", "/health/ready", "/api/health", "/.well-known/jwks.json", "/openapi.json", "/docs"] {
            app.anyone().get(&format!("{path}?surprise=1")).expect(200);
        }
        for path in ["/api/auth/register", "/api/auth/refresh"] {
            app.anyone().post(&format!("{path}?surprise=1"), &json!({})).expect_problem(422, "invalid_fields");
        }
    }

    fn they_are_named_together_with_the_fields_of_the_body(db) {
        let app = TestApp::start(db);
        let ada = app.viewer("ada");
        ada.post("/api/items?surprise=1&surprise=2", &json!({ "title": "", "colour": "red" })).expect_fields(&[
            ("/title", "blank"),
            ("/colour", "unknown_field"),
            ("query/surprise", "unknown_field"),
        ]);
        ada.patch("/api/users/me?surprise=1", &json!({ "full_name": "Ada" }))
            .expect_fields(&[("query/surprise", "unknown_field")]);
        assert_eq!(ada.get("/api/users/me").expect(200).text("full_name"), "ada");
    }
}
