//! How senders and servers are written in settings.

use plinth_mail::{Sender, SmtpUrl, TlsMode};

#[test]
fn senders_are_read_and_written() {
    for (text, written, domain) in [
        ("no-reply@example.com", "no-reply@example.com", "example.com"),
        (" Plinth <no-reply@example.com> ", "Plinth <no-reply@example.com>", "example.com"),
        ("<no-reply@example.com>", "no-reply@example.com", "example.com"),
        ("\"\" <a@example.com>", "a@example.com", "example.com"),
        ("Acme, Inc. <a@example.com>", "Acme, Inc. <a@example.com>", "example.com"),
        (r#""A \"B\" @ C" <a@example.com>"#, r#""A \"B\" @ C" <a@example.com>"#, "example.com"),
        ("Bücher <a@bücher.example>", "Bücher <a@xn--bcher-kva.example>", "xn--bcher-kva.example"),
        ("dev@localhost", "dev@localhost", "localhost"),
    ] {
        let sender: Sender = text.parse().expect(text);
        assert_eq!(sender.to_string(), written);
        assert_eq!(sender.domain(), domain);
        assert_eq!(written.parse(), Ok(sender));
    }
}

#[test]
fn what_is_not_one_sender_is_refused() {
    for text in [
        "",
        " ",
        "Plinth",
        "Plinth <>",
        "@example.com",
        "a@",
        "a@b@c",
        "a b@example.com",
        "a@exa mple.com",
        "a@example.com, b@example.com",
        "A <a@example.com>, B <b@example.com>",
        "a@example.com <b@example.com>",
        "A <a@example.com> B",
        "A <a@example.com",
        "A a@example.com>",
        "A <<a@example.com>>",
        "A \"B <a@example.com>",
        "\"A <a@example.com>",
        "Plinth\r\nBcc: eve@evil.example <a@example.com>",
        "a@example.com\r\n",
        "A\0 <a@example.com>",
        "A <a@example.com\n>",
        "zoë@example.com",
        "\"A\\\" <a@example.com>",
    ] {
        assert!(text.parse::<Sender>().is_err(), "{text:?}");
    }
}

#[test]
fn servers_are_read_with_safe_defaults() {
    use TlsMode::{Implicit, None, Opportunistic, Required};
    for (text, written, tls) in [
        ("smtp://mail.example.com", "smtp://mail.example.com:587?tls=required", Required),
        ("smtp://u:p@mail.example.com:25/", "smtp://…@mail.example.com:25?tls=required", Required),
        ("smtps://u:p@mail.example.com", "smtps://…@mail.example.com:465", Implicit),
        ("smtps://mail.example.com:1465?tls=required", "smtps://mail.example.com:1465", Implicit),
        ("smtp://mail.example.com?tls=none", "smtp://mail.example.com:587?tls=none", None),
        (
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://mail.example.com:587?tls=opportunistic",
            Opportunistic,
        ),
        ("smtp://localhost:1025", "smtp://localhost:1025?tls=none", None),
        ("smtp://u:p@127.0.0.1:1025", "smtp://…@127.0.0.1:1025?tls=none", None),
        ("smtp://[::1]:1025", "smtp://[::1]:1025?tls=none", None),
        ("smtp://[2001:db8::1]", "smtp://[2001:db8::1]:587?tls=required", Required),
        ("smtp://localhost?tls=required", "smtp://localhost:587?tls=required", Required),
        ("smtp://MAIL.Example.com", "smtp://mail.example.com:587?tls=required", Required),
        ("smtp://bücher.example", "smtp://xn--bcher-kva.example:587?tls=required", Required),
        // Not this machine, though it begins like it.
        ("smtp://localhost.example.com", "smtp://localhost.example.com:587?tls=required", Required),
    ] {
        let url: SmtpUrl = text.parse().expect(text);
        assert_eq!((url.to_string().as_str(), url.tls()), (written, tls));
        assert_eq!(format!("{url:?}"), format!("SmtpUrl({written})"));
    }
}

#[test]
fn what_is_no_server_is_refused_without_its_password() {
    for text in [
        "",
        "mail.example.com",
        "smtp:mail.example.com",
        "smtp://",
        "http://u:hunter2@mail.example.com",
        "smtp://u:hunter2@",
        "smtp://u:hunter2@mail.example.com:port",
        "smtp://u:hunter2@mail.example.com:0",
        "smtp://u:hunter2@mail.example.com:99999",
        "smtp://u:hunter2@mail.example.com/inbox",
        "smtp://u:hunter2@mail.example.com?tls=maybe",
        "smtp://u:hunter2@mail.example.com?tls=none&tls=required",
        "smtp://u:hunter2@mail.example.com?starttls=1",
        "smtp://u:hunter2@mail.example.com#x",
        "smtps://u:hunter2@mail.example.com?tls=none",
        "smtps://u:hunter2@mail.example.com?tls=opportunistic",
        "smtp://u@mail.example.com",
        "smtp://:hunter2@mail.example.com",
        "smtp://u:@mail.example.com",
        "smtp://u:hunter2#1@mail.example.com",
        "smtp://u:hunter2%00@mail.example.com",
        "smtp://u:hunter2%ff@mail.example.com",
        "smtp://u%0d%0a:hunter2@mail.example.com",
        "smtp://u:hunter2@mail%0d%0a.example.com",
        "smtp://u:hunter2@ma il.example.com",
    ] {
        let error = text.parse::<SmtpUrl>().expect_err(text);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert!(error.to_string().starts_with("must "), "{error}");
    }
}

#[tokio::test]
async fn passwords_are_decoded_and_never_shown() {
    let password = "p@ss:w/rd? é%";
    let server = plinth_testing::SmtpServer::with(plinth_testing::smtp::SmtpOptions {
        credentials: Some(("ada@example.com".to_owned(), password.to_owned())),
        ..Default::default()
    });
    let url = format!("smtp://ada%40example.com:p%40ss%3Aw%2Frd%3F%20%C3%A9%25@{}", server.address());
    let mailer = crate::support::mailer(&url);
    mailer.send(&crate::support::message()).await.unwrap();
    assert_eq!(server.messages()[0].user.as_deref(), Some("ada@example.com"));
    for shown in [format!("{mailer:?}"), format!("{:#?}", url.parse::<SmtpUrl>())] {
        assert!(!shown.contains("p@ss") && !shown.contains("p%40ss"), "{shown}");
    }
}
