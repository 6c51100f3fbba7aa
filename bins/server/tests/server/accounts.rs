//! Accounts that the command line and the settings make: they can be signed in to.

use plinth_testing::Client;
use serde_json::{Value, json};

use crate::support::{CHEAP, PASSWORD, Server, folder, run, run_with_input, texts};

/// What the audit log has of accounts that were made: the request, who made it, whose it is, and the rest.
fn accounts_made(admin: &Client) -> Vec<Value> {
    let log = admin.get("/api/audit?event=user_created").expect(200).json();
    let entries = log["items"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            assert_eq!((&entry["ip"], &entry["user_agent"]), (&Value::Null, &Value::Null));
            json!([entry["request_id"], entry["actor_id"], entry["user_id"], entry["details"]])
        })
        .collect()
}

#[test]
fn seeded_users_sign_in_and_find_their_items() {
    let folder = folder();
    let sown = run(folder.path(), &[CHEAP], &["seed", "--users", "100", "--items", "2000"]);
    assert!(sown.status.success(), "{}", texts(&sown).1);
    let server = Server::start(folder.path(), &[CHEAP]);
    let user = server.sign_in("user000001@bench.test", "bench-password-1");
    let page = user.get("/api/items").expect(200);
    assert_eq!((page.json()["total"].as_u64(), page.each("title").len()), (Some(20), 20));
    assert_eq!(page.each("owner_id"), vec![json!(user.id()); 20]);
    let admin = server.sign_in("admin@bench.test", "bench-password-1");
    assert_eq!(admin.get("/api/users").expect(200).json()["total"], 100);
    assert_eq!(admin.get("/api/items").expect(200).json()["total"], 2000, "everybody's");

    // What is there already stays as it is, while a server serves it, too.
    let again = run(folder.path(), &[CHEAP], &["seed", "--users", "101", "--items", "1"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(admin.get("/api/users").expect(200).json()["total"], 100);
}

#[test]
fn an_administrator_from_the_command_line_signs_in() {
    let folder = folder();
    let server = Server::start(folder.path(), &[CHEAP]);
    let arguments = ["create-admin", "--email", "Ada@Example.com", "--full-name", "Ada Lovelace"];
    let made = run_with_input(folder.path(), &[CHEAP], &arguments, " pass wörd \n");
    assert_eq!(made.status.code(), Some(0), "{}", texts(&made).1);
    assert!(!texts(&made).0.contains("wörd"));
    let ada = server.sign_in("ada@example.com", " pass wörd ");
    let me = ada.get("/api/users/me").expect(200).json();
    assert_eq!((&me["role"], &me["is_superuser"]), (&json!("admin"), &json!(true)));
    assert_eq!((&me["full_name"], &me["email_verified"]), (&json!("Ada Lovelace"), &json!(true)));
    let entry = [json!(["command-line", null, ada.id(), {"role": "admin"}])];
    assert_eq!(accounts_made(&ada), entry);
    // One that is not made leaves nothing behind.
    let again = run_with_input(folder.path(), &[CHEAP], &arguments, " pass wörd \n");
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(accounts_made(&ada), entry);
}

#[test]
fn the_first_administrator_is_made_once_and_left_alone() {
    let folder = folder();
    let start = |email, password| {
        let first = [CHEAP, ("FIRST_SUPERUSER", email), ("FIRST_SUPERUSER_PASSWORD", password)];
        Server::start(folder.path(), &first)
    };
    let mut server = start("Ada@example.com", PASSWORD);
    let ada = server.sign_in("ada@example.com", PASSWORD);
    let before = ada.get("/api/users/me").expect(200).json();
    assert_eq!((&before["role"], &before["is_active"]), (&json!("admin"), &json!(true)));
    let entry = [json!(["start", null, ada.id(), {"role": "admin"}])];
    assert_eq!(accounts_made(&ada), entry);
    server.kill();
    for (email, password) in [
        ("ada@example.com", PASSWORD),
        ("ada@example.com", "another password"),
        ("eve@example.com", PASSWORD),
    ] {
        let mut server = start(email, password);
        let ada = server.sign_in("ada@example.com", PASSWORD);
        assert_eq!(ada.get("/api/users/me").expect(200).json(), before, "the old account stays as it was");
        assert_eq!(ada.get("/api/users").expect(200).json()["total"], 1, "and the only one");
        assert_eq!(accounts_made(&ada), entry);
        let other = [("username", "ada@example.com"), ("password", "another password")];
        server.client().form("/api/auth/login", &other).expect_problem(400, "invalid_grant");
        server.kill();
    }
}

#[test]
fn a_first_administrator_takes_nobodys_account_over() {
    let folder = folder();
    let mut server = Server::start(folder.path(), &[CHEAP]);
    server.sign_up("ada@example.com");
    server.kill();
    let first =
        [CHEAP, ("FIRST_SUPERUSER", "ada@example.com"), ("FIRST_SUPERUSER_PASSWORD", "another password")];
    let output = run(folder.path(), &first, &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    let (out, err) = texts(&output);
    assert!(err.contains("FIRST_SUPERUSER: a user with this email exists already"), "{err}");
    assert!(!err.contains("another password") && !out.contains("another password"));
    let server = Server::start(folder.path(), &[CHEAP]);
    let ada = server.sign_in("ada@example.com", PASSWORD);
    assert_eq!(ada.get("/api/users/me").expect(200).json()["role"], "viewer");
}
