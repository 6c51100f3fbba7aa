//! What the built-in messages say, and what people's entries cannot make of them.

use std::path::PathBuf;
use std::time::Duration;

use plinth_domain::{Email, FullName, MailKind};
use plinth_mail::{Letter, TemplateError, Templates};

use crate::support::{email, link, render};

/// To write them anew after a change: `UPDATE_GOLDEN=1 cargo test -p plinth-mail content`.
#[test]
fn each_kind_reads_as_it_should() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mail/golden");
    let templates = Templates::built_in("Plinth");
    for kind in MailKind::ALL {
        let content = render(&templates, kind, Some("Ada Lovelace"));
        let parts = [("subject.txt", content.subject + "\n"), ("txt", content.text), ("html", content.html)];
        for (extension, rendered) in parts {
            let path = folder.join(format!("{}.{extension}", kind.as_str()));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&path, &rendered).unwrap();
            }
            let golden = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(rendered, golden, "{} is out of date", path.display());
        }
    }
}

#[test]
fn a_link_stands_once_in_each_part_and_works_for_a_said_time() {
    for kind in [MailKind::VerifyEmail, MailKind::ResetPassword] {
        let content = render(&Templates::built_in("Plinth"), kind, None);
        assert_eq!(content.text.matches(&link()).count(), 1);
        assert!(content.text.lines().any(|line| line == link()), "on a line of its own");
        let shown = format!(">{}<", link());
        assert_eq!(content.html.matches(&shown).count(), 1);
        assert_eq!(content.html.matches(&format!("href=\"{}\"", link())).count(), 1);
        let lifetime = if kind == MailKind::VerifyEmail { "24 hours" } else { "30 minutes" };
        assert!(content.text.contains(lifetime) && content.html.contains(lifetime));
    }
}

#[test]
fn nothing_is_fetched_and_nothing_but_the_link_is_linked() {
    for kind in MailKind::ALL {
        let html = render(&Templates::built_in("Plinth"), kind, Some("Ada")).html;
        assert!(!html.contains("<img") && !html.contains("src=") && !html.contains("url("), "{html}");
        assert_eq!(html.matches("<a ").count(), usize::from(kind.purpose().is_some()));
    }
}

#[test]
fn times_are_said_as_people_say_them() {
    let to = email("ada@example.com");
    let link = link();
    for (seconds, words) in [
        (30 * 60, "30 minutes"),
        (60 * 60, "1 hour"),
        (90 * 60, "90 minutes"),
        (24 * 60 * 60, "24 hours"),
        (72 * 60 * 60, "3 days"),
        (60, "1 minute"),
        (1, "1 minute"),
    ] {
        let letter = Letter {
            kind: MailKind::ResetPassword,
            to: &to,
            full_name: None,
            link: Some(&link),
            new_email: None,
            valid_for: Some(Duration::from_secs(seconds)),
        };
        let content = Templates::built_in("Plinth").render(&letter).unwrap();
        assert!(content.text.contains(&format!("within {words}.")), "{words}: {}", content.text);
    }
}

#[test]
fn names_are_greeted_unless_they_could_become_a_link_or_a_message() {
    let greeting = |name: &str| {
        let content = render(&Templates::built_in("Plinth"), MailKind::VerifyEmail, Some(name));
        content.text.lines().next().unwrap().to_owned()
    };
    for name in
        ["Ada Lovelace", "J.R.R. Tolkien", "Dr. No", "李小龙", "Zoë O'Brien-Łukasz", "Henry 8", "علی‌رضا"]
    {
        assert_eq!(greeting(name), format!("Hello {name},"));
    }
    let long = "Your account has been closed, call us and tell us your password now please";
    for name in [
        "evil.com",
        "Win at evil.example now",
        "EVIL.COM",
        "evil。com",
        "evil．com",
        "e\u{200d}vil.c\u{200d}om",
        "see https://evil",
        "http:evil",
        "www.evil",
        "WWW.evil",
        "www.x",
        "ada@evil",
        "//evil",
        "call 0900 12345",
        "[x](y)",
        "<b>Ada</b>",
        long,
    ] {
        assert_eq!(greeting(name), "Hello,", "{name}");
    }
}

#[test]
fn names_stay_on_their_line_and_are_text() {
    let named = |name: &str| render(&Templates::built_in("Plinth"), MailKind::ResetPassword, Some(name));
    let plain = named("Ada B").text;
    for name in
        ["Ada\r\nB", "Ada\nB", "Ada\u{2028}B", "Ada\u{85}B", "Ada\t \u{b}B", "Ada \u{202e}\u{200b}\u{feff}B"]
    {
        assert_eq!(named(name).text, plain, "{name:?}");
    }
    let content = named("A&B \"'{{ link }}");
    assert!(content.text.starts_with("Hello A&B \"'{{ link }},\n"));
    assert!(content.html.contains("Hello A&amp;B &quot;&#39;{{ link }},"));
}

#[test]
fn the_new_address_is_text() {
    let told = |new_email: &str| {
        let (to, new_email) = (email("ada@example.com"), email(new_email));
        let letter = Letter {
            kind: MailKind::EmailChangeRequested,
            to: &to,
            full_name: None,
            link: None,
            new_email: Some(&new_email),
            valid_for: None,
        };
        Templates::built_in("Plinth").render(&letter).unwrap()
    };
    let content = told("o'brien+tag@example.org");
    assert!(content.text.contains("    o'brien+tag@example.org\n"));
    assert!(content.html.contains(">o&#39;brien+tag@example.org<"));
    // Valid local parts that a mail program could take for web addresses.
    for local in ["www.evil.example", "evil.example/login", "evil.example?a=b", "x#y", "a&b"] {
        let content = told(&format!("{local}@example.org"));
        assert!(content.text.contains("    …@example.org\n"), "{}", content.text);
        assert!(!content.text.contains(local) && !content.html.contains("evil"));
    }
}

#[test]
fn a_projects_name_is_one_line_of_text() {
    let templates = Templates::built_in("Ac\r\nBcc: eve@evil.example\r\n<b>me</b> & Co");
    let content = render(&templates, MailKind::VerifyEmail, None);
    assert_eq!(content.subject, "Confirm your email address for Ac Bcc: eve@evil.example <b>me</b> & Co");
    assert!(content.html.contains("&lt;b&gt;me&lt;/b&gt; &amp; Co"));
    assert!(!content.html.contains("<b>"));
}

#[test]
fn a_letter_without_what_its_kind_needs_is_refused() {
    let to = email("ada@example.com");
    let name = FullName::parse("Ada").unwrap();
    let good = link();
    let refused = |kind, link: Option<&str>, new_email: Option<&Email>, valid_for| {
        let letter = Letter { kind, to: &to, full_name: Some(&name), link, new_email, valid_for };
        let error = Templates::built_in("Plinth").render(&letter).expect_err("it lacks something");
        assert!(matches!(error, TemplateError::Letter { .. }), "{error}");
        assert!(!error.to_string().contains("evil"), "{error}");
    };
    let time = Some(Duration::from_secs(60));
    refused(MailKind::ResetPassword, None, None, time);
    refused(MailKind::VerifyEmail, Some(&good), None, None);
    refused(MailKind::EmailChanged, None, None, None);
    refused(MailKind::EmailChangeRequested, Some(&good), None, time);
    for bad in [
        "javascript:evil()",
        "/evil",
        "https://evil.example/\"><b>",
        "https://evil.example/ a",
        "https://",
        "x",
    ] {
        refused(MailKind::ResetPassword, Some(bad), None, time);
    }
}

#[test]
fn debug_shows_no_words() {
    let content = render(&Templates::built_in("Plinth"), MailKind::ResetPassword, None);
    assert_eq!(format!("{content:?}"), "Content(…)");
    assert_eq!(format!("{:?}", crate::support::message()).matches("token").count(), 0);
}
