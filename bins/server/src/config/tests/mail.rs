//! The settings of mail.

use std::path::Path;

use tempfile::tempdir;

use super::{KEY, complaint, faulty, outcome, settings};

const PRODUCTION: [(&str, &str); 2] = [("ENVIRONMENT", "production"), ("SECRET_KEY", KEY)];
const SMTP: (&str, &str) = ("SMTP_URL", "smtps://app:hunter2@mail.example.com");
const FROM: (&str, &str) = ("EMAILS_FROM", "Example <noreply@example.com>");
const ORIGIN: (&str, &str) = ("APP_ORIGIN", "https://app.example.com");

fn in_production<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&PRODUCTION[..], more].concat()
}

#[test]
fn development_keeps_mail_and_production_sends_none_unless_told() {
    let mail = settings(&[]).mail.unwrap();
    assert!(mail.smtp.is_none() && mail.templates.is_none());
    assert_eq!(mail.from.to_string(), "Plinth <noreply@localhost>");
    assert_eq!(mail.app_origin, "http://localhost:5173");
    for more in [&[][..], &[FROM], &[FROM, ORIGIN], &[("MAIL_TEMPLATES_DIR", "mail")]] {
        assert!(settings(&in_production(more)).mail.is_none(), "{more:?}");
    }
}

#[test]
fn a_mail_server_in_production_needs_a_sender_and_a_place_for_links() {
    assert_eq!(faulty(&in_production(&[SMTP])), ["EMAILS_FROM", "APP_ORIGIN"]);
    assert_eq!(faulty(&in_production(&[SMTP, FROM])), ["APP_ORIGIN"]);
    assert_eq!(faulty(&in_production(&[SMTP, ORIGIN])), ["EMAILS_FROM"]);
    let complaint = complaint(&in_production(&[SMTP]));
    assert_eq!(complaint.matches("must be set together with SMTP_URL").count(), 2, "{complaint}");
    // What is set and wrong is one fault, not two.
    assert_eq!(faulty(&in_production(&[SMTP, FROM, ("APP_ORIGIN", "app.example.com")])), ["APP_ORIGIN"]);
    assert_eq!(faulty(&in_production(&[SMTP, ("EMAILS_FROM", "a, b"), ORIGIN])), ["EMAILS_FROM"]);
    let folder = tempdir().unwrap();
    let templates = ("MAIL_TEMPLATES_DIR", folder.path().to_str().unwrap());
    let mail = settings(&in_production(&[SMTP, FROM, ORIGIN, templates])).mail.unwrap();
    assert!(mail.smtp.is_some());
    assert_eq!(mail.from.to_string(), "Example <noreply@example.com>");
    assert_eq!(mail.app_origin, "https://app.example.com");
    assert_eq!(mail.templates, Some(folder.path().to_owned()));
    // Elsewhere both have a default.
    assert!(settings(&[SMTP]).mail.unwrap().smtp.is_some());
}

#[test]
fn links_in_mail_lead_to_a_web_page_and_in_production_over_tls() {
    for origin in ["app://main", "capacitor://localhost", "ftp://app.example.com"] {
        let origin = ("APP_ORIGIN", origin);
        for variables in [vec![origin], vec![SMTP, origin], in_production(&[SMTP, FROM, origin])] {
            assert_eq!(faulty(&variables), ["APP_ORIGIN"], "{variables:?}");
            let complaint = complaint(&variables);
            assert!(complaint.contains("links in mail") && complaint.contains("https://"), "{complaint}");
        }
        // Without mail it is an origin like any other.
        assert_eq!(settings(&in_production(&[origin])).app_origin.as_deref(), Some(origin.1));
    }
    for origin in
        ["http://app.example.com", "http://localhost.example.com", "http://128.0.0.1", "http://[::2]"]
    {
        let origin = ("APP_ORIGIN", origin);
        assert_eq!(settings(&[SMTP, origin]).mail.unwrap().app_origin, origin.1);
        assert_eq!(settings(&in_production(&[origin])).app_origin.as_deref(), Some(origin.1));
        let variables = in_production(&[SMTP, FROM, origin]);
        assert_eq!(faulty(&variables), ["APP_ORIGIN"], "{variables:?}");
        assert!(complaint(&variables).contains("https://"), "{}", complaint(&variables));
    }
    for origin in [
        "http://localhost:5173",
        "http://app.localhost",
        "http://127.0.0.1",
        "http://127.1.2.3:8080",
        "http://[::1]:3000",
    ] {
        let origin = ("APP_ORIGIN", origin);
        assert_eq!(settings(&in_production(&[SMTP, FROM, origin])).mail.unwrap().app_origin, origin.1);
    }
}

#[test]
fn texts_that_cannot_be_used_are_a_fault_beside_the_others() {
    let folder = tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let templates = ("MAIL_TEMPLATES_DIR", folder.path().to_str().unwrap());
    settings(&[templates]);
    file("verify_email.txt", "{{ link }} {{ lnik }}");
    assert_eq!(faulty(&[templates]), ["MAIL_TEMPLATES_DIR"]);
    assert!(complaint(&[templates]).contains("verify_email.txt"), "{}", complaint(&[templates]));
    assert_eq!(
        faulty(&[("PROJECT_NAME", "a\nb"), ("APP_ORIGIN", "app"), ("EMAILS_FROM", "nobody"), templates]),
        ["PROJECT_NAME", "APP_ORIGIN", "EMAILS_FROM", "MAIL_TEMPLATES_DIR"]
    );
    assert_eq!(
        faulty(&in_production(&[SMTP, templates])),
        ["EMAILS_FROM", "APP_ORIGIN", "MAIL_TEMPLATES_DIR"]
    );
    // Where nothing is sent nobody reads them; and not every command does.
    settings(&in_production(&[templates]));
    let mail = super::unopened(&[templates]).settings.unwrap().mail.unwrap();
    assert_eq!(mail.templates.as_deref(), Some(folder.path()));
    file("verify_email.txt", "{{ link }}");
    settings(&[templates]);
}

#[test]
fn the_folder_of_texts_is_a_path_like_others() {
    let long = format!("/{}", "long/".repeat(60));
    let mail = super::unopened(&[("MAIL_TEMPLATES_DIR", &long)]).settings.unwrap().mail.unwrap();
    assert_eq!(mail.templates.as_deref(), Some(Path::new(&long)));
}

#[test]
fn the_mail_server_is_a_url_whose_password_shows_nowhere() {
    for (url, shown) in [
        ("smtp://localhost", "smtp://localhost:587?tls=none"),
        ("smtp://user:hunter@mail.example.com:2525", "smtp://…@mail.example.com:2525?tls=required"),
        ("smtps://us%40er:hun%2Fter@mail.example.com", "smtps://…@mail.example.com:465"),
        ("smtp://u:hun%74er@[::1]:25?tls=opportunistic", "smtp://…@[::1]:25?tls=opportunistic"),
    ] {
        let outcome = outcome(&[("SMTP_URL", url)]);
        assert!(outcome.settings.is_ok(), "{url}");
        let setting = outcome.effective.iter().find(|one| one.name == "SMTP_URL").unwrap();
        assert_eq!(setting.value, shown);
        let debug = format!("{outcome:?}");
        assert!(!debug.contains("hun"), "{debug}");
    }
    for url in [
        "mail.example.com:587",
        "http://user:hunter@mail.example.com",
        "smtp://",
        "smtp://user:hunter@",
        "smtp://user@mail.example.com",
        "smtp://:hunter@mail.example.com",
        "smtp://user:hunter@mail.example.com:0",
        "smtp://user:hunter@mail.example.com:99999",
        "smtp://user:hunter@mail.example.com/inbox",
        "smtp://user:hunter@mail.example.com?tls=maybe",
        "smtp://user:hunter@mail.example.com?hunter=1",
        "smtps://user:hunter@mail.example.com?tls=none",
        "smtp://user:hunter%00@mail.example.com",
        "smtp://user:hunter%FF@mail.example.com",
        "smtp://user:se/hunter@mail.example.com",
        "hunter",
    ] {
        assert_eq!(faulty(&[("SMTP_URL", url)]), ["SMTP_URL"], "{url}");
        let wrong = format!("{:?}", outcome(&[("SMTP_URL", url)]));
        assert!(!wrong.contains("hunter"), "{url}: {wrong}");
    }
}

#[test]
fn the_sender_is_one_address() {
    for from in
        ["noreply@example.com", "\"Doe, J.\" <j@example.com>", "<j@example.com>", "Ünïcode <j@example.com>"]
    {
        settings(&[("EMAILS_FROM", from)]);
    }
    for from in
        ["noreply", "a@example.com, b@example.com", "a@example.com\nBcc: b@example.com", "A <a@example.com"]
    {
        assert_eq!(faulty(&[("EMAILS_FROM", from)]), ["EMAILS_FROM"], "{from}");
    }
}
