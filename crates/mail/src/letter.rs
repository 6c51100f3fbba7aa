//! A message, from what it is about to what it says.

use std::fmt;
use std::time::Duration;

use plinth_domain::{Email, FullName, MailId, MailKind, Timestamp};

/// What a message is about, before it has words.
pub struct Letter<'a> {
    /// The kind, which chooses the templates.
    pub kind: MailKind,
    /// Whom it goes to.
    pub to: &'a Email,
    /// Whom it greets, if that is known.
    pub full_name: Option<&'a FullName>,
    /// Where its button leads: an absolute http or https URL. Kinds that carry a token need it.
    pub link: Option<&'a str>,
    /// The address that takes, or has taken, the place of the present one. Kinds about that need it.
    pub new_email: Option<&'a Email>,
    /// How long the link is good. Kinds that carry a token need it.
    pub valid_for: Option<Duration>,
}

/// What a message says. It may hold a link with a token, so `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    /// The message as plain text.
    pub text: String,
    /// The message as an HTML document.
    pub html: String,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content(…)")
    }
}

/// A message that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its identifier; the `Message-ID` is made of it, so that it is the same at every attempt.
    pub id: MailId,
    /// Whom it goes to.
    pub to: Email,
    /// What it says.
    pub content: Content,
    /// Its `Date`: when it was asked for, the same at every attempt.
    pub at: Timestamp,
}
