//! The page that shows mail to developers.

use plinth_testing::{Answer, PASSWORD, TestApp, TestDb, on_both};
use serde_json::json;

const JSON: &[(&str, &str)] = &[("accept", "application/json")];
const BROWSER: &[(&str, &str)] =
    &[("accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8")];
const ADA: &str = "ada@example.com";
const UNKNOWN: &str = "/dev/mail/01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e";

fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    app.anyone().send("GET", path, headers, Vec::new())
}

/// Registers somebody of that name, who gets a message.
fn register(app: &TestApp, email: &str, name: &str) {
    let body = json!({"email": email, "password": PASSWORD, "full_name": name});
    app.anyone().post("/api/auth/register", &body).expect(200);
    app.mail_to(email, 1);
}

fn html(answer: Answer) -> String {
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    String::from_utf8(answer.body).unwrap()
}

/// The directives of the policy.
fn policy(answer: &Answer) -> Vec<&str> {
    let mut all = answer.headers.get_all("content-security-policy").iter();
    let policy = all.next().unwrap().to_str().unwrap();
    assert!(all.next().is_none());
    policy.split(';').map(str::trim).collect()
}

on_both! {
    fn what_was_sent_can_be_read(db) {
        let app = TestApp::start(db);
        register(&app, ADA, "Ada");
        register(&app, "bob@example.com", "Bob");
        let list = get(&app, "/dev/mail", JSON).expect(200);
        assert_eq!(list.header("content-type"), "application/json");
        let list = list.json();
        let rows = list.as_array().unwrap();
        let to: Vec<_> = rows.iter().map(|row| row["to"].as_str().unwrap()).collect();
        assert_eq!(to, ["bob@example.com", ADA], "the newest first");
        let mut names: Vec<_> = rows[1].as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["at", "html", "id", "message_id", "subject", "text", "to"]);
        let one = format!("/dev/mail/{}", rows[1]["id"].as_str().unwrap());
        assert_eq!(get(&app, &one, JSON).expect(200).json(), rows[1]);
        assert!(rows[1]["text"].as_str().unwrap().contains("/verify-email?token="));

        let page = html(get(&app, &one, BROWSER).expect(200));
        assert!(page.contains("Confirm your email address") && page.contains(ADA));
        assert!(page.contains(&format!("src=\"{one}/html\"")) && page.contains("/verify-email?token="));
        let page = html(get(&app, "/dev/mail", BROWSER).expect(200));
        assert!(page.contains(&format!("href=\"{one}\"")) && page.contains("bob@example.com"));
        let message = html(get(&app, &format!("{one}/html"), BROWSER).expect(200));
        assert_eq!(message, rows[1]["html"].as_str().unwrap());

        assert!(app.anyone().delete("/dev/mail").expect(204).body.is_empty());
        assert_eq!(get(&app, "/dev/mail", JSON).expect(200).json(), json!([]));
        assert!(html(get(&app, "/dev/mail", &[]).expect(200)).contains("No mail yet"));
        get(&app, &one, JSON).expect_problem(404, "not_found");
    }

    fn pages_run_nothing_and_show_text_as_text(db) {
        let app = TestApp::start_as(db, |_| {});
        register(&app, "o'hara&co@example.com", "<script>alert(1)</script> {body} {title}");
        let id = app.mailbox.list()[0].id;
        for path in ["/dev/mail".to_owned(), format!("/dev/mail/{id}")] {
            let answer = get(&app, &path, BROWSER).expect(200);
            let directives = policy(&answer);
            for wanted in ["default-src", "frame-ancestors", "form-action", "base-uri"] {
                assert!(directives.contains(&&*format!("{wanted} 'none'")), "{path} {directives:?}");
            }
            assert!(!directives.iter().any(|directive| directive.starts_with("script-src")));
            let page = html(answer);
            assert!(!page.contains("<script") && !page.contains("o'hara&co@"), "{page}");
            assert!(page.contains("&amp;co@example.com"), "{page}");
        }
        let message = get(&app, &format!("/dev/mail/{id}/html"), BROWSER).expect(200);
        let directives = policy(&message);
        let sandbox = directives.iter().find(|directive| directive.starts_with("sandbox")).unwrap();
        assert!(!sandbox.contains("allow-scripts") && !sandbox.contains("allow-same-origin"));
        assert!(directives.contains(&"default-src 'none'") && directives.contains(&"frame-ancestors 'self'"));
        assert!(!html(message).contains("<script"));
    }

    fn a_subject_is_escaped_too(db) {
        use plinth_mail::{Mailer, Message};

        let app = TestApp::start(db);
        let mailer = Mailer::mailbox(app.mailbox.clone(), "Plinth <noreply@plinth.example>".parse().unwrap());
        let id = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4f".parse().unwrap();
        let content = plinth_mail::Content {
            subject: "<b>{body}</b> \"&\"".to_owned(), text: "<i>{title}</i>".to_owned(), html: String::new()
        };
        let at = plinth_domain::Clock::now(&app.clock);
        let message = Message { id, to: plinth_domain::Email::parse(ADA).unwrap(), content, at };
        app.db.block_on(mailer.send(&message)).unwrap();
        let page = html(get(&app, &format!("/dev/mail/{id}"), BROWSER).expect(200));
        let subject = "&lt;b&gt;{body}&lt;/b&gt; &quot;&amp;&quot;";
        assert!(page.contains(&format!("<title>{subject}</title>")), "{page}");
        assert!(page.contains(&format!("<h1>{subject}</h1>")), "{page}");
        assert!(page.contains("<pre>&lt;i&gt;{title}&lt;/i&gt;</pre>"), "{page}");
    }

    fn what_is_not_there_is_not_found(db) {
        let app = TestApp::start(db);
        for (path, code) in [
            (UNKNOWN, "not_found"),
            ("/dev/mail/1", "not_found"),
            ("/dev/mail/x/html", "not_found"),
            ("/dev", "unknown_route"),
            ("/api/dev/mail", "unknown_route"),
        ] {
            get(&app, path, JSON).expect_problem(404, code);
            get(&app, path, BROWSER).expect_problem(404, code);
        }
        app.anyone().post("/dev/mail", &json!({})).expect_problem(405, "method_not_allowed");
        app.anyone().delete(UNKNOWN).expect_problem(405, "method_not_allowed");
    }

    fn only_who_is_on_this_machine_gets_it(db) {
        let app = TestApp::start(db);
        register(&app, ADA, "Ada");
        let id = app.mailbox.list()[0].id;
        let one = format!("/dev/mail/{id}");
        let html = format!("{one}/html");
        let paths = ["/dev/mail", &one, &html, "/dev/realtime", "/dev/realtime.js"];
        for host in [
            "localhost", "LOCALHOST:8000", "app.localhost:80", "127.0.0.1", "127.8.9.10:8000", "[::1]", "[::1]:8000",
        ] {
            for path in paths {
                get(&app, path, &[("host", host)]).expect(200);
            }
        }
        // A page of another site whose name leads here: DNS rebinding.
        for host in [
            "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", ".localhost",
            "0.0.0.0", "192.168.0.1:8000", "[::]", "[2001:db8::1]", "::1", "localhost:8000:1", "localhost:x",
            "user@localhost", "127.1", "localhost,evil.example",
        ] {
            for path in paths {
                get(&app, path, &[("host", host)]).expect_problem(404, "unknown_route");
            }
            for method in ["DELETE", "POST"] {
                let answer = app.anyone().send(method, "/dev/mail", &[("host", host)], Vec::new());
                answer.expect_problem(404, "unknown_route");
            }
        }
        // A proxy in front of it serves others.
        for header in [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "")] {
            for path in paths {
                get(&app, path, &[header]).expect_problem(404, "unknown_route");
            }
        }
        assert_eq!(app.mailbox.list().len(), 1);
    }

    fn without_a_mailbox_there_is_no_such_page(db) {
        let app = TestApp::start_as(db, |setup| setup.mailbox_shown = false);
        register(&app, ADA, "Ada");
        let id = app.mailbox.list()[0].id;
        for path in ["/dev/mail".to_owned(), format!("/dev/mail/{id}"), format!("/dev/mail/{id}/html")] {
            for method in ["GET", "DELETE", "POST", "OPTIONS"] {
                let answer = app.anyone().send(method, &path, JSON, Vec::new());
                answer.expect_problem(404, "unknown_route");
            }
        }
        assert_eq!(app.mailbox.list().len(), 1);
    }
}

#[test]
fn it_is_no_part_of_the_api() {
    let app = TestApp::start(TestDb::sqlite());
    let document = app.openapi();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/api/auth/login") && !paths.keys().any(|path| path.contains("/dev")));
}
