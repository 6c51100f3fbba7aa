//! Query strings where there is nothing to ask.

use plinth_testing::{TestApp, on_both};
use serde_json::json;

on_both! {
    fn operations_without_parameters_refuse_any(db) {
        let app = TestApp::start(db);
        let admin = app.admin();
        let someone = app.viewer("someone").id();
        let item = admin.post("/api/items", &json!({ "title": "lamp" })).expect(201).text("id");
        for (method, path) in [
            ("GET", "/api/users/me".to_owned()),
            ("GET", format!("/api/users/{someone}")),
            ("DELETE", format!("/api/users/{someone}")),
            ("POST", format!("/api/users/{someone}/restore")),
            ("GET", format!("/api/items/{item}")),
            ("DELETE", format!("/api/items/{item}")),
            ("POST", "/api/auth/test-token".to_owned()),
            ("POST", "/api/auth/logout".to_owned()),
        ] {
            let stray = format!("{path}?surprise=1");
            admin.send(method, &stray, &[], Vec::new()).expect_fields(&[("query/surprise", "unknown_field")]);
            app.anyone().send(method, &stray, &[], Vec::new()).expect_problem(401, "unauthenticated");
        }
        admin.get(&format!("/api/users/{someone}")).expect(200);
        admin.get(&format!("/api/items/{item}")).expect(200);
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
