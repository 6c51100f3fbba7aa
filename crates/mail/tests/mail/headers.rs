//! Messages as they arrive: headers, parts, envelope.

use plinth_domain::{MailKind, Timestamp};
use plinth_mail::{Content, Message, Stage, Templates};
use plinth_testing::SmtpServer;
use plinth_testing::smtp::{Received, SmtpOptions};

use crate::support::{link, mailer, message, message_to, refused, render};

const HEADERS: [&str; 8] =
    ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];

async fn sent(message: &Message) -> Received {
    let server = SmtpServer::start();
    mailer(&server.url()).send(message).await.unwrap();
    let mut messages = server.messages();
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

#[tokio::test]
async fn a_message_arrives_as_it_was_meant() {
    let message = message();
    let received = sent(&message).await;
    assert_eq!(
        (received.from.as_str(), received.to.as_slice()),
        ("no-reply@example.com", &["ada@example.com".to_owned()][..])
    );
    assert_eq!(received.header_names(), HEADERS);
    assert_eq!(received.header("From"), "Plinth <no-reply@example.com>");
    assert_eq!(received.header("To"), "ada@example.com");
    assert_eq!(received.header("Message-ID"), "<01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e@example.com>");
    assert_eq!(received.header("Date"), "Fri, 02 Jan 2026 03:04:05 +0000");
    assert_eq!(received.header("Auto-Submitted"), "auto-generated");
    assert_eq!(received.subject(), message.content.subject);
    assert_eq!(received.content_types(), ["multipart/alternative", "text/plain", "text/html"]);
    assert_eq!(received.text(), message.content.text);
    assert_eq!(received.html(), message.content.html);
    assert_eq!(received.link(), link());
}

#[tokio::test]
async fn every_attempt_sends_the_same_bytes() {
    let server = SmtpServer::start();
    for _ in 0..2 {
        mailer(&server.url()).send(&message()).await.unwrap();
    }
    let messages = server.wait_for(2);
    assert_eq!(messages[0].raw, messages[1].raw);
}

#[tokio::test]
async fn any_text_arrives_unchanged() {
    let text =
        "Zoë 李 🙂\n.\n..dots\n.QUIT\nFrom here\n\n=3D soft =\n\ttab  \nend \u{1f469}\u{200d}\u{1f680}\n"
            .to_owned();
    let long = format!("<p>{}</p>\n", "lang ".repeat(2_000) + &"x".repeat(5_000));
    for (text, html) in [(text.clone(), long.clone()), (long, text), (String::new(), "<p>é</p>".to_owned())]
    {
        let content = Content { subject: "Grüße 李 🙂".to_owned(), text, html };
        let received = sent(&Message { content: content.clone(), ..message() }).await;
        assert_eq!(received.text(), content.text);
        assert_eq!(received.html(), content.html);
        assert_eq!(received.subject(), content.subject);
        let longest = received.raw.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap();
        assert!(longest <= 999, "RFC 5321 allows 998 bytes and CR: {longest}");
        assert!(received.raw.is_ascii());
    }
}

#[tokio::test]
async fn subjects_are_one_header_of_their_own() {
    for subject in [
        "a\r\nBcc: eve@evil.example",
        "a\nBcc: eve@evil.example\n\nbody",
        "a\rBcc: eve@evil.example",
        "a\u{2028}Bcc: eve@evil.example\u{0}",
        "=?utf-8?q?a=0D=0ABcc:_eve@evil.example?=",
        "=?utf-8?b?YQ0KQmNjOiBldmVAZXZpbC5leGFtcGxl?=",
        &"x".repeat(10_000),
        &"李".repeat(10_000),
        &"lang ".repeat(2_000),
        "\r\n\r\n",
    ] {
        let content = Content { subject: subject.to_owned(), ..message().content };
        let received = sent(&Message { content, ..message() }).await;
        assert_eq!(received.header_names(), HEADERS, "{subject:?}");
        assert_eq!(received.to, ["ada@example.com"]);
        let arrived = received.header("Subject");
        assert!(!arrived.contains("0D=0A") || arrived.contains("= ?"), "{arrived}");
        for line in received.header_lines().iter().flat_map(|header| header.split("\r\n")) {
            assert!(line.len() <= 998, "{} bytes", line.len());
            assert!(!line.contains(['\r', '\n']) && line.is_ascii(), "{line:?}");
        }
    }
}

#[tokio::test]
async fn names_of_projects_and_people_add_no_header() {
    let project = "Ac\r\nBcc: eve@evil.example\r\n\r\nme =?utf-8?q?=0D=0A?=";
    for name in ["Ada\r\nBcc: eve@evil.example", "=?utf-8?q?Ada?=", "Ada\u{2029}李"] {
        let content = render(&Templates::built_in(project), MailKind::EmailChanged, Some(name));
        let received = sent(&Message { content, ..message() }).await;
        assert_eq!(received.header_names(), HEADERS);
        assert_eq!(received.to, ["ada@example.com"]);
    }
}

#[tokio::test]
async fn senders_names_are_encoded() {
    for name in ["Zoë 李", "Acme, Inc.", "=?utf-8?q?x?=", "a very long name ".repeat(20).trim()] {
        let server = SmtpServer::start();
        let sender = format!("{name} <no-reply@example.com>").parse().unwrap();
        plinth_mail::Mailer::smtp(&server.url().parse().unwrap(), sender)
            .unwrap()
            .send(&message())
            .await
            .unwrap();
        let received = &server.messages()[0];
        assert_eq!(received.header_names(), HEADERS);
        let parsed = mail_parser::MessageParser::default().parse(&received.raw).unwrap();
        let from = parsed.from().and_then(|from| from.first()).unwrap();
        assert_eq!(from.address(), Some("no-reply@example.com"));
        if !name.contains("=?") {
            assert_eq!(from.name(), Some(name));
        }
    }
}

#[tokio::test]
async fn addresses_arrive_as_they_are() {
    for address in [
        "o'brien@example.com",
        "a+b=c{d}|e~!#$%&*/?^_`@example.com",
        "x@xn--bcher-kva.example",
        "x@a-b.c-d.example",
    ] {
        let received = sent(&message_to(address)).await;
        assert_eq!(received.to, [address]);
        assert_eq!(received.header("To"), address);
        assert_eq!(received.parameters, "");
    }
    // Every server takes a domain in ASCII.
    let received = sent(&message_to("ada@bücher.example")).await;
    assert_eq!(received.to, ["ada@xn--bcher-kva.example"]);
    assert_eq!(received.header("To"), "ada@xn--bcher-kva.example");
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_server_that_takes_it() {
    let message = message_to("zoë@example.com");
    let received = sent(&message).await;
    assert_eq!(received.to, ["zoë@example.com"]);
    assert_eq!(received.header("To"), "zoë@example.com");
    assert_eq!(received.parameters, "SMTPUTF8 BODY=8BITMIME");

    let server = SmtpServer::with(SmtpOptions { ascii_only: true, ..SmtpOptions::default() });
    let error = refused(&server, &message).await;
    assert!(error.is_permanent() && error.stage() == Stage::Recipient, "{error}");
    assert!(server.commands().iter().all(|line| line.is_ascii()), "{:?}", server.commands());
}

#[tokio::test]
async fn no_address_breaks_out_of_the_envelope() {
    let server = SmtpServer::start();
    let long = format!("{}@example.com", "é".repeat(32));
    // The last ones no parser lets through: as they would come from a database that somebody wrote to.
    for address in [
        "a@b\u{300}.example",
        "a@１.２.３.４",
        "ⅷ@example.com",
        "a@xn--a.example",
        &long,
        "٣@٣.example",
        "a@b.example>\r\nRCPT TO:<eve@evil.example",
        "a@b.example> SIZE=1",
        "a@b.example\r\nBcc: eve@evil.example",
        "a b@c.example",
        "\"a\r\nb\"@c.example",
        "\"a> SIZE=1 <b\"@c.example",
        "a@",
        "@",
        "",
        "a@b.example, eve@evil.example",
    ] {
        let to = plinth_domain::Email::from_stored(address.to_owned());
        match mailer(&server.url()).send(&Message { to, ..message() }).await {
            Ok(()) => {}
            Err(error) => {
                assert!(error.is_permanent() && error.stage() == Stage::Compose, "{address:?}: {error}");
                assert_eq!(error.code(), None);
            }
        }
    }
    for received in server.messages() {
        assert_eq!(received.to.len(), 1);
        assert_eq!(received.header_names(), HEADERS);
        assert!(!received.to[0].contains("evil"));
    }
    assert!(!server.commands().iter().any(|line| line.contains("evil") || line.contains("SIZE")));
}

#[tokio::test]
async fn dates_at_the_ends_of_time_are_dates() {
    for (micros, date) in [
        (-62_167_219_200_000_000, "Thu, 01 Jan 1970 00:00:00 +0000"),
        (253_402_300_799_999_999, "Fri, 31 Dec 9999 23:59:59 +0000"),
    ] {
        let at = Timestamp::from_micros(micros).unwrap();
        assert_eq!(sent(&Message { at, ..message() }).await.header("Date"), date);
    }
}
