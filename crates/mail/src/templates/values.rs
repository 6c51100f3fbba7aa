//! What templates can show.

use std::collections::BTreeMap;
use std::time::Duration;

use minijinja::Value;
use plinth_domain::{MailKind, TokenPurpose};

use super::TemplateError;
use crate::letter::Letter;
use crate::safe;

/// The values for one message, harmless as text. In HTML they are escaped besides.
pub(super) struct Values {
    texts: BTreeMap<&'static str, String>,
}

const LINK: &str = "link";

impl Values {
    /// The letter's values; an error where its kind needs one that it has not.
    pub(super) fn of(letter: &Letter, project_name: &str) -> Result<Self, TemplateError> {
        let kind = letter.kind;
        let mut texts = BTreeMap::from([
            ("project_name", project_name.to_owned()),
            ("full_name", safe::name(letter.full_name)),
        ]);
        if kind.purpose().is_some() {
            let needs = |needs| move || TemplateError::Letter { kind, needs };
            let link = letter.link.filter(|link| is_url(link));
            let valid_for = letter.valid_for.ok_or_else(needs("the time that its link is good"))?;
            texts.insert(LINK, link.ok_or_else(needs("an absolute http or https URL"))?.to_owned());
            texts.insert("valid_for", in_words(valid_for));
        }
        if is_about_an_address(kind) {
            let email = letter.new_email.ok_or(TemplateError::Letter { kind, needs: "the new address" })?;
            texts.insert("new_email", safe::address(email));
        }
        Ok(Self { texts })
    }

    /// Values as in a real message: with a name, and without.
    pub(super) fn samples(kind: MailKind, project_name: &str) -> [Self; 2] {
        ["Ada Lovelace", ""].map(|full_name| {
            let mut texts = BTreeMap::from([
                ("project_name", project_name.to_owned()),
                ("full_name", full_name.to_owned()),
            ]);
            if let Some(purpose) = kind.purpose() {
                texts.insert(
                    LINK,
                    format!("https://app.example.com{}?token=a-b_c&d", TokenPurpose::page(purpose)),
                );
                texts.insert("valid_for", in_words(purpose.lifetime()));
            }
            if is_about_an_address(kind) {
                texts.insert("new_email", "ada@example.org".to_owned());
            }
            Self { texts }
        })
    }

    pub(super) fn link(&self) -> Option<&str> {
        self.texts.get(LINK).map(String::as_str)
    }

    pub(super) fn for_text(&self) -> Value {
        self.texts.iter().map(|(name, text)| (*name, Value::from(text.as_str()))).collect()
    }

    /// Escaped here rather than by the engine, which would write each slash of a link as a character reference.
    pub(super) fn for_html(&self) -> Value {
        self.texts.iter().map(|(name, text)| (*name, Value::from_safe_string(safe::html(text)))).collect()
    }
}

fn is_about_an_address(kind: MailKind) -> bool {
    match kind {
        MailKind::EmailChangeRequested | MailKind::EmailChanged => true,
        MailKind::VerifyEmail | MailKind::ResetPassword => false,
    }
}

/// An absolute http or https URL, of characters that no mail program ends a link at (RFC 3986 §2).
fn is_url(link: &str) -> bool {
    link.split_once("://")
        .is_some_and(|(scheme, rest)| matches!(scheme, "http" | "https") && !rest.is_empty())
        && link.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&()*+,;=%".contains(c))
}

/// A time in words: the largest unit that divides it, rounded down to whole minutes.
fn in_words(time: Duration) -> String {
    let minutes = (time.as_secs() / 60).max(1);
    let (count, unit) = match minutes {
        // A day is said in hours: nobody has to think about when it begins.
        m if m % (24 * 60) == 0 && m > 24 * 60 => (m / (24 * 60), "day"),
        m if m % 60 == 0 => (m / 60, "hour"),
        m => (m, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
