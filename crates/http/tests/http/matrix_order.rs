//! The order of refusal where several things are wrong at once: 401, 403, 404 or 422, 409, 412.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use plinth_domain::Role;
use plinth_testing::{Client, PASSWORD, TestApp, on_both};
use serde_json::json;

const NOBODY: &str = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";
const STALE: (&str, &str) = ("if-match", "\"another\"");

/// A request: what is wrong with it is said by the answers that it gets.
struct Step<'a> {
    who: &'a Client,
    method: &'a str,
    path: &'a str,
    body: &'a str,
    status: u16,
    code: &'a str,
}

fn step<'a>(
    who: &'a Client,
    method: &'a str,
    path: &'a str,
    body: &'a str,
    status: u16,
    code: &'a str,
) -> Step<'a> {
    Step { who, method, path, body, status, code }
}

fn check(steps: &[Step<'_>]) {
    for Step { who, method, path, body, status, code } in steps {
        let headers = [("content-type", "application/json"), STALE];
        let body =
            if *method == "DELETE" || *method == "GET" { Vec::new() } else { body.as_bytes().to_vec() };
        let answer = who.send(method, path, &headers, body);
        let said = format!("{method} {path}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!((answer.status, answer.json()["code"].as_str().unwrap()), (*status, *code), "{said}");
    }
}

on_both! {
    fn each_fault_hides_those_after_it(db) {
        let app = TestApp::start(db);
        let (admin, eve, ada, bob, anyone) =
            (app.admin(), app.editor(), app.viewer("ada"), app.viewer("bob"), app.anyone());
        let expired = app.anyone().with_token("expired");
        let lamp =
            ada.post("/api/items", &json!({"title": "Lamp"})).expect(201).header("location").to_owned();
        let account = format!("/api/users/{}", ada.id());
        let own = format!("/api/users/{}", admin.id());
        let (no_item, no_user) = (format!("/api/items/{NOBODY}"), format!("/api/users/{NOBODY}"));
        let bad = r#"{"bad": 1}"#;
        let good = r#"{"title": "Table"}"#;
        let taken_and_bad = r#"{"email": "bob@example.com", "bad": 1}"#;
        let last_and_bad = r#"{"role": "viewer", "bad": 1}"#;
        let new_and_taken = r#"{"email": "bob@example.com", "password": "correct horse battery"}"#;
        let new_taken_and_bad = r#"{"email": "bob@example.com", "password": "short"}"#;
        check(&[
            // An item: everything is wrong, then ever less.
            step(&anyone, "PATCH", &no_item, bad, 401, "unauthenticated"),
            step(&expired, "PATCH", "/api/items/no-id", bad, 401, "invalid_token"),
            step(&eve, "PATCH", &lamp, bad, 403, "forbidden"),
            step(&eve, "PATCH", &lamp, "{", 403, "forbidden"),
            step(&bob, "PATCH", &lamp, bad, 404, "not_found"),
            step(&ada, "PATCH", &no_item, good, 404, "not_found"),
            step(&ada, "PATCH", &lamp, bad, 422, "invalid_fields"),
            step(&ada, "PATCH", &lamp, "{", 400, "malformed_json"),
            step(&ada, "PATCH", &lamp, good, 412, "precondition_failed"),
            step(&anyone, "DELETE", &no_item, "", 401, "unauthenticated"),
            step(&eve, "DELETE", &lamp, "", 403, "forbidden"),
            step(&bob, "DELETE", &lamp, "", 404, "not_found"),
            step(&ada, "DELETE", &lamp, "", 412, "precondition_failed"),
            step(&anyone, "GET", "/api/items?bad=1&page=0", "", 401, "unauthenticated"),
            step(&ada, "GET", "/api/items?bad=1&page=0", "", 422, "invalid_fields"),
            // An account.
            step(&anyone, "PATCH", &no_user, bad, 401, "unauthenticated"),
            step(&bob, "PATCH", &no_user, bad, 403, "forbidden"),
            step(&bob, "PATCH", "/api/users/no-id", "{", 403, "forbidden"),
            step(&eve, "PATCH", &own, bad, 403, "forbidden"),
            step(&admin, "PATCH", &no_user, "{\"full_name\": \"X\"}", 404, "not_found"),
            step(&admin, "PATCH", &account, taken_and_bad, 422, "invalid_fields"),
            step(&admin, "PATCH", &account, r#"{"email": "bob@example.com"}"#, 409, "email_taken"),
            step(&admin, "PATCH", &own, last_and_bad, 422, "invalid_fields"),
            step(&admin, "PATCH", &own, r#"{"role": "viewer"}"#, 409, "last_admin"),
            step(&anyone, "POST", "/api/users", "{", 401, "unauthenticated"),
            step(&eve, "POST", "/api/users", "{", 403, "forbidden"),
            step(&admin, "POST", "/api/users", new_taken_and_bad, 422, "invalid_fields"),
            step(&admin, "POST", "/api/users", new_and_taken, 409, "email_taken"),
            step(&anyone, "POST", "/api/auth/register", new_taken_and_bad, 422, "invalid_fields"),
            step(&anyone, "POST", "/api/auth/register", new_and_taken, 409, "email_taken"),
            step(&anyone, "DELETE", "/api/users/no-id", "", 401, "unauthenticated"),
            step(&eve, "DELETE", "/api/users/no-id", "", 403, "forbidden"),
            step(&admin, "DELETE", "/api/users/no-id", "", 404, "not_found"),
            step(&admin, "DELETE", &own, "", 409, "last_admin"),
            // One's own.
            step(&anyone, "PATCH", "/api/users/me", "{", 401, "unauthenticated"),
            step(&ada, "PATCH", "/api/users/me", taken_and_bad, 422, "invalid_fields"),
            step(&admin, "POST", "/api/users/me/delete", bad, 422, "invalid_fields"),
            step(
                &admin,
                "POST",
                "/api/users/me/delete",
                r#"{"current_password": "wrong"}"#,
                400,
                "wrong_password",
            ),
        ]);
        // Nothing has changed.
        assert_eq!(ada.get(&lamp).expect(200).text("title"), "Lamp");
        assert_eq!(ada.get("/api/users/me").expect(200).text("email"), "ada@example.com");
        app.login("bob@example.com", PASSWORD).expect(200);
    }

    fn a_body_is_not_waited_for_without_a_good_token(db) {
        let app = TestApp::start(db);
        for authorization in ["", "authorization: Bearer x\r\n"] {
            let mut stream = TcpStream::connect(app.address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            let head = format!(
                "POST /api/items HTTP/1.1\r\nhost: x\r\n{authorization}content-type: application/json\r\n\
                 content-length: 1000\r\n\r\n{{"
            );
            stream.write_all(head.as_bytes()).unwrap();
            let mut status = [0; 12];
            // The body never comes.
            stream.read_exact(&mut status).unwrap();
            assert_eq!(&status, b"HTTP/1.1 401");
        }
    }

    fn the_caller_comes_before_the_body(db) {
        let app = TestApp::start(db);
        let anyone = app.anyone();
        for (method, path) in [
            ("POST", "/api/items"),
            ("PUT", "/api/items/no-id"),
            ("PATCH", "/api/items/no-id"),
            ("POST", "/api/users"),
            ("PUT", "/api/users/me"),
            ("PATCH", "/api/users/me"),
            ("POST", "/api/users/me/delete"),
            ("PUT", "/api/users/no-id"),
            ("PATCH", "/api/users/no-id"),
        ] {
            for headers in
                [[("content-type", "text/plain")], [("content-encoding", "gzip")], [("x-nothing", "x")]]
            {
                let answer = anyone.send(method, path, &headers, b"whatever".to_vec());
                answer.expect_problem(401, "unauthenticated");
            }
            let bad = [("authorization", "Bearer x"), ("content-type", "text/plain")];
            anyone.send(method, path, &bad, b"whatever".to_vec()).expect_problem(401, "invalid_token");
        }
        // The database is asked too before the body is: this token is good, but its session has ended.
        let ada = app.signed_in(Role::Viewer, "ada");
        ada.post("/api/auth/logout", &json!({})).expect(204);
        ada.send("POST", "/api/items", &[("content-type", "text/plain")], b"x".to_vec())
            .expect_problem(401, "invalid_token");
    }
}
