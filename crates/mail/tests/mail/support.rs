//! Letters and messages as the cases need them.

use std::time::Duration;

use plinth_domain::{Email, FullName, MailId, MailKind, Timestamp};
use plinth_mail::{Content, Letter, Mailer, Message, SendError, Sender, SmtpUrl, Templates};
use plinth_testing::SmtpServer;

/// As long as a real token and as little guessable, but nobody's.
pub(crate) const TOKEN: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V";

pub(crate) fn link() -> String {
    format!("https://app.example.com/reset-password?token={TOKEN}")
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text).expect(text)
}

pub(crate) fn sender() -> Sender {
    "Plinth <no-reply@example.com>".parse().unwrap()
}

/// 2026-01-02T03:04:05Z, a Friday.
pub(crate) fn at() -> Timestamp {
    Timestamp::from_micros(1_767_323_045_678_901).unwrap()
}

pub(crate) fn id() -> MailId {
    "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e".parse().unwrap()
}

/// What the templates make of a kind, for that name.
pub(crate) fn render(templates: &Templates, kind: MailKind, full_name: Option<&str>) -> Content {
    let (to, new_email) = (email("ada@example.com"), email("ada@example.org"));
    let full_name = full_name.map(|name| FullName::parse(name).expect(name));
    let link = link();
    let purpose = kind.purpose();
    let letter = Letter {
        kind,
        to: &to,
        full_name: full_name.as_ref(),
        link: purpose.map(|_| link.as_str()),
        new_email: purpose.is_none().then_some(&new_email),
        valid_for: purpose.map(|purpose| purpose.lifetime()),
    };
    templates.render(&letter).unwrap()
}

/// A message that lets the password be set anew.
pub(crate) fn message() -> Message {
    message_to("ada@example.com")
}

pub(crate) fn message_to(to: &str) -> Message {
    let content = render(&Templates::built_in("Plinth"), MailKind::ResetPassword, Some("Ada Lovelace"));
    Message { id: id(), to: email(to), content, at: at() }
}

/// A mailer for that server, as it is in production.
pub(crate) fn mailer(url: &str) -> Mailer {
    let url: SmtpUrl = url.parse().expect(url);
    Mailer::smtp(&url, sender()).unwrap()
}

/// A mailer that waits half a second, for servers that will not answer.
pub(crate) fn impatient(url: &str) -> Mailer {
    mailer(url).with_patience(Duration::from_millis(500), Duration::from_millis(500))
}

/// Sends it through that server and returns what went wrong.
pub(crate) async fn refused(server: &SmtpServer, message: &Message) -> SendError {
    let error = mailer(&server.url()).send(message).await.expect_err("it cannot be sent");
    assert_tells_nothing(&error);
    error
}

/// Neither the token nor a piece of it, in any way to print the error.
pub(crate) fn assert_tells_nothing(error: &SendError) {
    for shown in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        for piece in [&TOKEN[..10], &TOKEN[20..28], &TOKEN[TOKEN.len() - 8..], "reset-password?token"] {
            assert!(!shown.contains(piece), "{shown}");
        }
    }
}
