//! What becomes of a message when server or network are not well.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use plinth_mail::Stage;
use plinth_testing::SmtpServer;
use plinth_testing::smtp::{Fault, SmtpOptions, Step};

use crate::support::{TOKEN, assert_tells_nothing, impatient, link, mailer, message, refused};

fn answer(text: &str) -> Fault {
    Fault::Answer(text.to_owned())
}

#[tokio::test]
async fn a_refusal_of_the_message_is_permanent_and_a_delay_is_not() {
    let server = SmtpServer::start();
    for (step, stage) in [
        (Step::Mail, Stage::Sender),
        (Step::Rcpt, Stage::Recipient),
        (Step::Data, Stage::Data),
        (Step::Content, Stage::Data),
    ] {
        for (text, code, permanent) in [
            ("450 4.2.1 later", 450, false),
            ("421 4.3.2 shutting down", 421, false),
            ("550 5.1.1 never", 550, true),
            ("552-5.2.2 one line\r\n552 5.2.2 and another", 552, true),
            ("530 5.7.0 sign in first", 530, false),
        ] {
            server.fail(1, step, answer(text));
            let error = refused(&server, &message()).await;
            assert_eq!(
                (error.stage(), error.code(), error.is_permanent()),
                (stage, Some(code), permanent),
                "{error}"
            );
            assert!(error.to_string().contains(&format!(": {code} ")), "{error}");
        }
    }
    assert!(server.messages().is_empty());
    mailer(&server.url()).send(&message()).await.unwrap();
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_server_that_takes_nobody_is_no_fault_of_the_message() {
    for (step, stage) in [(Step::Connect, Stage::Connect), (Step::Ehlo, Stage::Connect)] {
        let server = SmtpServer::start();
        for fault in [answer("554 5.3.2 not today"), answer("421 busy"), Fault::Close, Fault::AnswerAndClose]
        {
            server.fail(1, step, fault);
            let error = refused(&server, &message()).await;
            assert!(!error.is_permanent(), "{error}");
            assert!(error.stage() == stage || error.stage() == Stage::Sender, "{error}");
        }
        mailer(&server.url()).send(&message()).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_there_is_transient() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for url in [format!("smtp://127.0.0.1:{port}"), "smtp://nobody.invalid".to_owned()] {
        let error = mailer(&url).send(&message()).await.expect_err("nobody is there");
        assert!(
            !error.is_permanent() && error.stage() == Stage::Connect && error.code().is_none(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_broken_connection_is_transient_and_the_next_attempt_arrives() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::Content] {
        let server = SmtpServer::start();
        server.fail(1, step, Fault::Close);
        assert!(!refused(&server, &message()).await.is_permanent());
        assert!(server.messages().is_empty());
        mailer(&server.url()).send(&message()).await.unwrap();
        assert_eq!(server.messages().len(), 1);
    }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_comes_twice_with_one_id() {
    let server = SmtpServer::start();
    server.fail(1, Step::Content, Fault::TakeAndClose);
    assert!(!refused(&server, &message()).await.is_permanent());
    mailer(&server.url()).send(&message()).await.unwrap();
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].header("Message-ID"), messages[1].header("Message-ID"));
}

#[tokio::test]
async fn what_was_accepted_is_sent_whatever_comes_after() {
    for fault in [Fault::Close, Fault::Stall, answer("500 what?"), answer("gibberish")] {
        let server = SmtpServer::start();
        server.fail(1, Step::Quit, fault);
        mailer(&server.url()).send(&message()).await.unwrap();
    }
    let server = SmtpServer::start();
    server.fail(1, Step::Content, Fault::AnswerAndClose);
    mailer(&server.url()).send(&message()).await.unwrap();
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_silent_server_is_left_after_a_while() {
    for step in [Step::Connect, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data, Step::Content] {
        let server = SmtpServer::start();
        server.fail(1, step, Fault::Stall);
        let begun = Instant::now();
        let error = impatient(&server.url()).send(&message()).await.expect_err("it is silent");
        assert_tells_nothing(&error);
        assert!(!error.is_permanent() && error.to_string().ends_with(": no answer in time"), "{error}");
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_millis(450) && waited < Duration::from_secs(5), "{waited:?}");
    }
}

#[tokio::test]
async fn answers_that_are_not_smtp_are_transient() {
    for text in [
        "",
        "HTTP/1.1 200 OK",
        "250",
        "999 what",
        "25",
        "250-\r\n250 \u{1b}[31m",
        &"2".repeat(5_000),
        "220-a\r\n  \r\n",
    ] {
        for step in [Step::Connect, Step::Ehlo, Step::Mail, Step::Content] {
            let server = SmtpServer::start();
            server.fail(1, step, answer(text));
            if let Err(error) = impatient(&server.url()).send(&message()).await {
                // One that can be read as a 250 makes the server object to what comes next.
                assert!(!error.is_permanent() || error.code() == Some(503), "{text:?}: {error}");
                assert_tells_nothing(&error);
            }
        }
    }
}

/// lettre panics on it.
#[tokio::test]
async fn a_blank_line_in_the_servers_greeting_is_transient_and_no_panic() {
    let server =
        SmtpServer::with(SmtpOptions { extension: Some("   ".to_owned()), ..SmtpOptions::default() });
    let error = refused(&server, &message()).await;
    assert!(!error.is_permanent() && error.stage() == Stage::Connect, "{error}");
}

#[tokio::test]
async fn answers_are_shown_on_one_line_and_cut() {
    let server = SmtpServer::start();
    server.fail(
        1,
        Step::Rcpt,
        answer(&format!("550-5.1.1 \u{1b}[31mno\t{}\r\n550 5.1.1 end", "x y ".repeat(200))),
    );
    let shown = refused(&server, &message()).await.to_string();
    assert!(
        shown.starts_with("the mail server does not accept the recipient: 550 5.1.1 [31mno x y x y"),
        "{shown}"
    );
    assert!(shown.chars().count() < 260 && !shown.contains(char::is_control), "{shown}");
}

#[tokio::test]
async fn answers_that_quote_the_link_show_nothing_of_it() {
    let server = SmtpServer::start();
    let (head, tail) = TOKEN.split_at(20);
    for quoted in [
        format!("550 5.7.1 blocked for {}", link()),
        format!("550 5.7.1 blocked for <{}>, see our page", link()),
        format!("550 5.7.1 blocked for token={TOKEN}"),
        format!("550-5.7.1 blocked for token=3D{head}=\r\n550 5.7.1 {tail}"),
        format!("451 4.7.1 [{TOKEN}]"),
    ] {
        server.fail(1, Step::Content, answer(&quoted));
        let error = refused(&server, &message()).await;
        assert!(error.to_string().contains('…'), "{error}");
        assert!(error.to_string().contains("7.1"), "{error}");
    }
    // What is no secret stays.
    server.fail(
        1,
        Step::Rcpt,
        answer("550 5.1.1 <ada@example.com>: Recipient address rejected: unknown in table"),
    );
    let error = refused(&server, &message()).await.to_string();
    assert!(
        error.ends_with("550 5.1.1 <ada@example.com>: Recipient address rejected: unknown in table"),
        "{error}"
    );
}

fn guarded() -> SmtpServer {
    let credentials = Some(("ada".to_owned(), "correct-horse-battery".to_owned()));
    SmtpServer::with(SmtpOptions { credentials, ..SmtpOptions::default() })
}

#[tokio::test]
async fn credentials_are_given_where_the_url_has_them() {
    let server = guarded();
    mailer(&server.url()).send(&message()).await.unwrap();
    assert_eq!(server.messages()[0].user.as_deref(), Some("ada"));

    let anonymous = mailer(&format!("smtp://{}", server.address()));
    let error = anonymous.send(&message()).await.expect_err("it has no credentials");
    assert!(!error.is_permanent() && error.code() == Some(530), "{error}");
}

#[tokio::test]
async fn wrong_credentials_are_transient_and_never_shown() {
    let server = guarded();
    let encoded = "AGFkYQBjb3JyZWN0LWhvcnNlLWJhdHRlcnk=";
    for text in [
        "535 5.7.8 no",
        "535 5.7.8 bad line: {line}",
        "501 5.5.2 {line} is not base64 of correct-horse-battery",
        "454 4.7.0 {line}",
        "gibberish {line}",
    ] {
        server.fail(1, Step::Auth, answer(text));
        let error = refused(&server, &message()).await;
        assert!(!error.is_permanent() && error.stage() == Stage::Auth, "{error}");
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(
                !shown.contains(encoded) && !shown.contains("correct") && !shown.contains("AUTH"),
                "{shown}"
            );
        }
    }
    assert!(server.commands().iter().any(|line| line.ends_with(encoded)), "{:?}", server.commands());
    // Nor when the server remembers them later.
    server.fail(1, Step::Mail, answer("550 5.7.1 ada:correct-horse-battery may not send"));
    let error = refused(&server, &message()).await;
    assert!(!error.to_string().contains("correct"), "{error}");
}

#[tokio::test]
async fn a_password_of_any_characters_is_kept_out_of_answers() {
    let server = SmtpServer::with(SmtpOptions {
        credentials: Some(("ada".to_owned(), "p!4x@z".to_owned())),
        ..SmtpOptions::default()
    });
    server.fail(1, Step::Mail, answer("550 5.7.1 (ada,p!4x@z) may not send"));
    let url = format!("smtp://ada:p%214x%40z@{}", server.address());
    let error = mailer(&url).send(&message()).await.expect_err("it may not send");
    assert!(error.to_string().ends_with("550 5.7.1 (ada,…) may not send"), "{error}");
}

#[tokio::test]
async fn credentials_for_a_server_that_takes_none_are_not_sent() {
    let server = SmtpServer::start();
    let url = format!("smtp://ada:correct-horse-battery@{}", server.address());
    let error = mailer(&url).send(&message()).await.expect_err("it has no AUTH");
    assert!(!error.is_permanent() && error.stage() == Stage::Auth, "{error}");
    assert!(!server.commands().iter().any(|line| line.starts_with("AUTH")));
}

#[tokio::test]
async fn many_messages_at_once_all_arrive() {
    let server = SmtpServer::start();
    let mailer = mailer(&server.url());
    let sending: Vec<_> = (0..20)
        .map(|_| {
            let mailer = mailer.clone();
            tokio::spawn(async move { mailer.send(&message()).await })
        })
        .collect();
    for sent in sending {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(server.messages().len(), 20);
}
