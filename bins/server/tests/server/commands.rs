//! The subcommands that act on a database.

use crate::support::{CHEAP, folder, run, run_with_input, texts};

#[test]
fn migrations_run_are_listed_and_undone() {
    let folder = folder();
    let migrate = |arguments: &[&str]| {
        let output = run(folder.path(), &[], &[&["migrate"], arguments].concat());
        let (out, err) = texts(&output);
        (output.status.code(), out, err)
    };
    let (code, _, err) = migrate(&["status"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("no database"), "{err}");
    assert!(!folder.path().join("data").exists());

    let (code, up, err) = migrate(&["up"]);
    assert_eq!(code, Some(0), "{err}");
    let steps = up.lines().count();
    assert!(steps >= 3 && up.lines().all(|line| line.starts_with("applied ")), "{up}");
    assert_eq!(migrate(&["up"]).1, "up to date\n");

    assert_eq!(migrate(&["down"]).0, Some(0));
    let (_, status, _) = migrate(&["status"]);
    assert_eq!(status.lines().filter(|line| line.starts_with("pending ")).count(), 1, "{status}");
    assert_eq!(status.lines().count(), steps, "{status}");
    assert_eq!(migrate(&["down", "--steps", "100"]).0, Some(0));
    assert_eq!(migrate(&["up"]).1, up);
}

#[test]
fn an_administrator_is_made_once() {
    let folder = folder();
    let create = |email: &str, input: &str| {
        let output = run_with_input(folder.path(), &[CHEAP], &["create-admin", "--email", email], input);
        let (_, err) = texts(&output);
        (output.status.code(), err)
    };
    for (input, complaint) in [
        ("", "standard input is empty"),
        ("short\n", "the password must be at least 8 characters long"),
        ("with\0nul-with-nul\n", "the password must not contain the character U+0000"),
        ("Ada@Example.com\n", "the password must not be the account's own email address"),
    ] {
        let (code, err) = create("ada@example.com", input);
        assert_eq!(code, Some(1), "{input:?}");
        assert!(err.contains(complaint), "{err}");
    }
    assert_eq!(create("nobody", "correct horse\n").0, Some(1));
    let (code, err) = create("Ada@example.com", "correct horse\r\n");
    assert_eq!(code, Some(0), "{err}");
    let (code, err) = create("ada@EXAMPLE.com", "correct horse\n");
    assert_eq!(code, Some(1));
    assert!(err.contains("there is a user with the email ada@example.com already"), "{err}");
}

#[test]
fn the_seed_is_sown_once_and_never_in_production() {
    let folder = folder();
    let arguments = ["seed", "--users", "7", "--items", "20"];
    let output = run(folder.path(), &[CHEAP], &arguments);
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{err}");
    assert!(out.starts_with("7 users and 20 items"), "{out}");
    assert_eq!(err, "", "no progress bar outside a terminal");
    let again = run(folder.path(), &[CHEAP], &arguments);
    assert_eq!(again.status.code(), Some(1));
    assert!(texts(&again).1.contains("are there already"), "{}", texts(&again).1);
    let production = [("ENVIRONMENT", "production"), ("SECRET_KEY", "q2J0c3l6b0Fh-0123456789-ZXCVbnmas")];
    let refused = run(folder.path(), &production, &arguments);
    assert_eq!(refused.status.code(), Some(1));
    assert!(texts(&refused).1.contains("ENVIRONMENT=production"));
}

#[test]
fn the_api_document_is_printed() {
    let folder = folder();
    let output = run(folder.path(), &[("API_PREFIX", "/v7")], &["openapi"]);
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{err}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert!(document["paths"]["/v7/users/me"]["get"].is_object(), "{:#}", document["paths"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}
