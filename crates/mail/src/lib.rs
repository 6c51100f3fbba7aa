//! Messages to the people who have accounts: what they say and how they are sent.
//!
//! - [`Templates`] make a [`Content`] (subject, text, HTML) of a [`Letter`]. The built-in ones can be replaced one by
//!   one from a folder.
//! - [`Mailer`] sends a [`Message`], by SMTP ([`SmtpUrl`]) or into a [`Mailbox`] that keeps the newest messages in
//!   memory, for development. A [`SendError`] says whether trying again makes sense.
//!
//! Invariants:
//! - What people enter (names, addresses) is text to this crate: it starts no header, no HTML element and no line, and
//!   a name that a mail program could turn into a link is not shown at all.
//! - A link goes nowhere but into the message. It is in no log line, no error and no `Debug`, even when a mail server
//!   repeats it in an answer; and so it is with the SMTP password.
//! - Each attempt at a message sends the same bytes: its `Message-ID`, `Date` and boundary come from the [`Message`].
//! - A message that the server has accepted is sent, whatever happens to the connection afterwards.
//! - No queue, no retries, no clock: whoever calls [`Mailer::send`] keeps the message until it returns.
//! - No web framework and no database.
//!
//! To add a kind of mail: a variant of [`MailKind`](plinth_domain::MailKind); three files `templates/<kind>.subject.txt`,
//! `<kind>.txt` and `<kind>.html`, named in `src/templates/files.rs`; what it cannot do without, in [`Letter`] and in
//! `src/templates/values.rs`; and a run of the tests with `UPDATE_GOLDEN=1`, which writes what it looks like to
//! `tests/mail/golden/`.

mod address;
mod error;
mod letter;
mod mailbox;
mod mailer;
mod mime;
mod safe;
mod sender;
mod smtp;
mod smtp_url;
mod templates;

pub use error::{SendError, Stage};
pub use letter::{Content, Letter, Message};
pub use mailbox::{Kept, Mailbox};
pub use mailer::Mailer;
pub use sender::{BadSender, Sender};
pub use smtp::TlsError;
pub use smtp_url::{BadSmtpUrl, SmtpUrl, TlsMode};
pub use templates::{TemplateError, Templates};
