//! Mail of the running binary: it arrives, also after SIGKILL and while the mail server was away, and its links are in
//! no log.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use plinth_testing::smtp::{Fault, Received, SmtpOptions, SmtpServer, Step};
use plinth_testing::{Client, postgres};
use serde_json::json;

use crate::support::{CHEAP, GOOD_KEY, PASSWORD, PATIENCE, Server, folder, free_port, run, texts};

const ADA: &str = "ada@example.com";
const NEW_PASSWORD: &str = "another horse, another battery";

/// The variables of a server whose mail goes there.
fn mailing(url: &str) -> Vec<(&str, &str)> {
    vec![CHEAP, ("SMTP_URL", url), ("EMAILS_FROM", "Example <noreply@example.com>")]
}

fn register(client: &Client) {
    client.post("/api/auth/register", &json!({"email": ADA, "password": PASSWORD})).expect(200);
}

/// The token in the link of a message, which leads to that page of the web app.
fn token(message: &Received, page: &str) -> String {
    let link = message.link();
    let start = format!("http://localhost:5173{page}?token=");
    link.strip_prefix(&start).unwrap_or_else(|| panic!("{link} does not lead to {start}")).to_owned()
}

/// As [`SmtpServer::wait_for`], for what may take longer.
fn wait_for(smtp: &SmtpServer, count: usize) -> Vec<Received> {
    let deadline = Instant::now() + PATIENCE;
    while smtp.messages().len() < count {
        assert!(Instant::now() < deadline, "only {} messages", smtp.messages().len());
        std::thread::sleep(Duration::from_millis(20));
    }
    smtp.messages()
}

/// Ends a server in good order; all that it ever wrote.
fn end(mut server: Server) -> Vec<String> {
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
    let mut lines = server.log().to_vec();
    lines.extend_from_slice(server.wait_for_the_rest());
    lines
}

#[test]
fn links_from_mail_work_once_and_are_in_no_log() {
    const MAIL_PASSWORD: &str = "hunter2-of-the-mailer";
    let credentials = Some(("mailer".to_owned(), MAIL_PASSWORD.to_owned()));
    let smtp = SmtpServer::with(SmtpOptions { credentials, ..SmtpOptions::default() });
    // The first attempt fails, so that the log tells of that too.
    smtp.fail(1, Step::Rcpt, Fault::Answer("451 4.3.0 not now: {line}".to_owned()));
    let (folder, url) = (folder(), smtp.url());
    let variables = [mailing(&url), vec![("LOG_LEVEL", "trace")]].concat();
    let server = Server::start(folder.path(), &variables);
    let client = server.client();

    register(&client);
    let message = wait_for(&smtp, 1).remove(0);
    assert_eq!((message.from.as_str(), &message.to[..]), ("noreply@example.com", &[ADA.to_owned()][..]));
    assert_eq!(message.header("From"), "Example <noreply@example.com>");
    let verify = token(&message, "/verify-email");
    let ada = server.sign_in(ADA, PASSWORD);
    assert_eq!(ada.get("/api/users/me").expect(200).json()["email_verified"], false);
    client.post("/api/auth/email/verify", &json!({"token": verify})).expect(204);
    assert_eq!(ada.get("/api/users/me").expect(200).json()["email_verified"], true);
    client.post("/api/auth/email/verify", &json!({"token": verify})).expect_problem(400, "invalid_token");

    client.post("/api/auth/password/forgot", &json!({"email": ADA})).expect(202);
    let reset = token(&wait_for(&smtp, 2)[1], "/reset-password");
    let wanted = json!({"token": reset, "new_password": NEW_PASSWORD});
    client.post("/api/auth/password/reset", &wanted).expect(204);
    client.post("/api/auth/password/reset", &wanted).expect_problem(400, "invalid_token");
    ada.get("/api/users/me").expect_problem(401, "invalid_token");
    let ada = server.sign_in(ADA, NEW_PASSWORD);

    let wanted = json!({"email": "countess@example.com", "current_password": NEW_PASSWORD});
    let changed = ada.patch("/api/users/me", &wanted).expect(200).json();
    assert_eq!((&changed["email"], &changed["pending_email"]), (&json!(ADA), &json!("countess@example.com")));
    let messages = wait_for(&smtp, 4);
    let to_new = messages.iter().find(|message| message.to == ["countess@example.com"]).unwrap();
    let verify_new = token(to_new, "/verify-email");
    client.post("/api/auth/email/verify", &json!({"token": verify_new})).expect(204);
    assert_eq!(ada.get("/api/users/me").expect(200).json()["email"], "countess@example.com");

    let lines = end(server);
    assert!(lines.iter().any(|line| line.contains("mail was sent")), "it logs nothing of mail");
    assert!(lines.iter().any(|line| line.contains("mail was not sent")), "it logs nothing of failures");
    let basic = STANDARD.encode(format!("\0mailer\0{MAIL_PASSWORD}"));
    let secrets = [&verify, &reset, &verify_new, MAIL_PASSWORD, &basic, PASSWORD, NEW_PASSWORD];
    for line in &lines {
        for secret in secrets {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
}

/// The time passes that a message waits for another try, or for the end of the lease that a killed server had on it.
fn let_time_pass(folder: &Path, postgres_url: Option<&str>) {
    let (due, waiting) = ("UPDATE outbox SET due_at = created_at", "SELECT count(*) FROM outbox");
    match postgres_url.zip(postgres::server()) {
        Some((url, server)) => {
            assert_eq!(server.query(url, waiting), "1");
            server.query(url, due);
        }
        None => {
            let file = folder.join("data/plinth.db");
            let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
            let count: i64 =
                diesel::select(sql::<BigInt>(&format!("({waiting})"))).get_result(&mut connection).unwrap();
            assert_eq!(count, 1);
            connection.batch_execute(due).unwrap();
        }
    }
}

fn killed_with_mail(folder: &Path, postgres_url: Option<&str>, away: &str) {
    let database = postgres_url.map(|url| ("DATABASE_URL", url));
    let mut server = Server::start(folder, &mailing(away).into_iter().chain(database).collect::<Vec<_>>());
    register(&server.client());
    server.kill();
    let_time_pass(folder, postgres_url);
    let smtp = SmtpServer::start();
    let url = smtp.url();
    let server = Server::start(folder, &mailing(&url).into_iter().chain(database).collect::<Vec<_>>());
    let messages = wait_for(&smtp, 1);
    let verify = token(&messages[0], "/verify-email");
    server.client().post("/api/auth/email/verify", &json!({"token": verify})).expect(204);
    end(server);
    assert_eq!(smtp.messages().len(), 1, "once");
}

#[test]
fn a_kill_right_after_the_answer_loses_no_mail() {
    let nobody = format!("smtp://127.0.0.1:{}", free_port());
    killed_with_mail(folder().path(), None, &nobody);
    if let Some(server) = postgres::server() {
        let url = server.create_database("plinth_mail");
        killed_with_mail(folder().path(), Some(&url), &nobody);
        server.drop_database(&url);
    }
}

#[test]
fn nor_does_one_in_the_middle_of_sending() {
    let silent = SmtpServer::start();
    silent.fail(1000, Step::Data, Fault::Stall);
    killed_with_mail(folder().path(), None, &silent.url());
}

#[test]
fn a_mail_server_that_comes_back_gets_what_waited() {
    let smtp = SmtpServer::start();
    smtp.fail(1, Step::Connect, Fault::Close);
    let (folder, url) = (folder(), smtp.url());
    let mut server = Server::start(folder.path(), &mailing(&url));
    register(&server.client());
    server.wait_for_line("mail was not sent");
    // Ten seconds later.
    assert_eq!(wait_for(&smtp, 1)[0].to, [ADA]);
    server.client().get("/health/ready").expect(200);
}

#[test]
fn the_end_does_not_wait_for_mail_that_waits() {
    let (folder, nobody) = (folder(), format!("smtp://127.0.0.1:{}", free_port()));
    let mut server = Server::start(folder.path(), &mailing(&nobody));
    register(&server.client());
    server.wait_for_line("mail was not sent");
    let told = Instant::now();
    end(server);
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
}

/// A message that is being sent gets some seconds, and no more. It is not lost.
#[test]
fn the_end_does_not_wait_for_a_mail_server_that_says_nothing() {
    let silent = SmtpServer::start();
    silent.fail(1000, Step::Mail, Fault::Stall);
    let (folder, url) = (folder(), silent.url());
    let server = Server::start(folder.path(), &mailing(&url));
    register(&server.client());
    let deadline = Instant::now() + PATIENCE;
    while !silent.commands().iter().any(|command| command.starts_with("MAIL")) {
        assert!(Instant::now() < deadline, "{:?}", silent.commands());
        std::thread::sleep(Duration::from_millis(5));
    }
    let told = Instant::now();
    end(server);
    assert!(told.elapsed() < Duration::from_secs(15), "{:?}", told.elapsed());
    let_time_pass(folder.path(), None);
    let smtp = SmtpServer::start();
    let url = smtp.url();
    let _server = Server::start(folder.path(), &mailing(&url));
    assert_eq!(wait_for(&smtp, 1)[0].to, [ADA]);
}

#[test]
fn development_keeps_mail_where_one_can_see_it() {
    let folder = folder();
    let server = Server::start(folder.path(), &[CHEAP]);
    let client = server.client();
    register(&client);
    let deadline = Instant::now() + PATIENCE;
    let kept = loop {
        let list =
            client.send("GET", "/dev/mail", &[("accept", "application/json")], Vec::new()).expect(200).json();
        if let Some(kept) = list.as_array().unwrap().first() {
            break kept.clone();
        }
        assert!(Instant::now() < deadline, "no mail");
        std::thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(kept["to"], ADA);
    let text = kept["text"].as_str().unwrap();
    let (_, rest) = text.split_once("http://localhost:5173/verify-email?token=").unwrap();
    let token = rest.split_whitespace().next().unwrap().to_owned();
    client.post("/api/auth/email/verify", &json!({"token": token})).expect(204);
    let page = client.get("/dev/mail").expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let log = end(server);
    assert!(log.iter().all(|line| !line.contains(&token)));
    let warned: Vec<_> = log.iter().filter(|line| line.contains("shown at /dev/mail")).collect();
    assert!(matches!(warned[..], [line] if line.contains("WARN")), "{warned:?}");
}

#[test]
fn production_has_no_mailbox_and_says_that_it_sends_nothing() {
    let folder = folder();
    let production = [
        ("ENVIRONMENT", "production"),
        GOOD_KEY,
        ("HOST", "127.0.0.1"),
        ("BCRYPT_COST", "10"),
        ("SHUTDOWN_DELAY_SECONDS", "0"),
    ];
    let mut server = Server::start(folder.path(), &production);
    let warning = server.wait_for_line("SMTP_URL is not set");
    assert!(warning.contains(r#""level":"WARN""#), "{warning}");
    let ada = server.sign_up(ADA);
    for (method, path) in [("GET", "/dev/mail"), ("DELETE", "/dev/mail"), ("GET", "/dev/mail/x")] {
        ada.send(method, path, &[("accept", "application/json")], Vec::new())
            .expect_problem(404, "unknown_route");
    }
    // Nothing could prove the new address, so it is taken at once.
    let wanted = json!({"email": "countess@example.com", "current_password": PASSWORD});
    let changed = ada.patch("/api/users/me", &wanted).expect(200).json();
    assert_eq!(
        (&changed["email"], &changed["pending_email"]),
        (&json!("countess@example.com"), &json!(null))
    );
    assert_eq!(changed["email_verified"], false);
    ada.post("/api/auth/password/forgot", &json!({"email": "countess@example.com"})).expect(202);
    end(server);

    let smtp = SmtpServer::start();
    let url = smtp.url();
    let with_mail = [
        &production[..],
        &[
            ("SMTP_URL", &url),
            ("EMAILS_FROM", "noreply@example.com"),
            ("APP_ORIGIN", "https://app.example.com"),
        ],
    ]
    .concat();
    let mut server = Server::start(folder.path(), &with_mail);
    server.client().get("/dev/mail").expect_problem(404, "unknown_route");
    server
        .client()
        .post("/api/auth/register", &json!({"email": "bob@example.com", "password": PASSWORD}))
        .expect(200);
    server.wait_for_line("mail was sent");
    let to_bob = wait_for(&smtp, 1).into_iter().find(|message| message.to == ["bob@example.com"]).unwrap();
    assert!(to_bob.link().starts_with("https://app.example.com/verify-email?token="));
    assert!(server.log().iter().all(|line| !line.contains("SMTP_URL is not set")));
}

#[test]
fn texts_of_the_project_s_own_take_the_place_of_the_built_in_ones() {
    let smtp = SmtpServer::start();
    let (folder, url) = (folder(), smtp.url());
    let variables = [mailing(&url), vec![("MAIL_TEMPLATES_DIR", "my mail")]].concat();
    // A folder that is not there, or holds what would never be used, stops the start.
    let refused = || {
        let output = run(folder.path(), &variables, &["serve"]);
        let (_, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(err.contains("MAIL_TEMPLATES_DIR"), "{err}");
        err
    };
    refused();
    let templates = folder.path().join("my mail");
    std::fs::create_dir(&templates).unwrap();
    std::fs::write(templates.join("welcome.txt"), "Welcome").unwrap();
    assert!(refused().contains("welcome.txt"));
    std::fs::rename(templates.join("welcome.txt"), templates.join("verify_email.txt")).unwrap();
    std::fs::write(templates.join("verify_email.txt"), "Ahoy! {{ link }}\n").unwrap();

    let server = Server::start(folder.path(), &variables);
    register(&server.client());
    let message = wait_for(&smtp, 1).remove(0);
    assert!(
        message.text().starts_with("Ahoy! http://localhost:5173/verify-email?token="),
        "{}",
        message.text()
    );
    assert!(!message.html().contains("Ahoy!"), "the other part is the built-in one");
}
