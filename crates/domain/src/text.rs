//! Texts that people enter, each a type that holds only what its rules allow.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroize;

/// What is wrong with a value: a stable code for programs and a sentence for people.
///
/// The sentence says what would be right and never repeats the value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Violation {
    /// Stable, machine-readable, snake_case.
    pub code: &'static str,
    /// What would be right, to be read after the field's name.
    pub detail: Cow<'static, str>,
}

impl Violation {
    /// A violation with that code and sentence.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// Refuses U+0000, which PostgreSQL cannot store and C strings end at.
pub fn without_nul(text: &str) -> Result<(), Violation> {
    if text.contains('\0') {
        return Err(Violation::new("nul_character", "must not contain the character U+0000"));
    }
    Ok(())
}

/// Trims and refuses the empty, the too long and NUL; lengths are in code points.
fn line(text: &str, most: usize) -> Result<String, Violation> {
    without_nul(text)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Violation::new("blank", "must not be blank"));
    }
    at_most(text, most)?;
    Ok(text.to_owned())
}

fn at_most(text: &str, most: usize) -> Result<(), Violation> {
    // Bytes bound code points from above, so most texts need no counting.
    if text.len() > most && text.chars().count() > most { Err(too_long(most)) } else { Ok(()) }
}

/// Refuses what has more bytes than `most` characters can have before they are composed, so that normalising takes a
/// bounded time. Nothing is refused that would be short enough afterwards: a character in normalisation form C stands
/// for at most 12 bytes.
fn worth_normalising(text: &str, most: usize) -> Result<(), Violation> {
    if text.len() > most * MOST_BYTES_COMPOSED { Err(too_long(most)) } else { Ok(()) }
}

const MOST_BYTES_COMPOSED: usize = 16;

fn too_long(most: usize) -> Violation {
    Violation::new("too_long", format!("must be at most {most} characters long"))
}

macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, as an owned string.
            pub fn into_string(self) -> String {
                self.0
            }

            /// A text that was checked before it was stored. Checks nothing: only for what came out of `parse`.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

text_type! {
    /// An email address: trimmed, in normalisation form C and lower case, at most 254 characters.
    Email
}

impl Email {
    /// The most characters of an address (RFC 5321 §4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// Reads an address. It must look like one that mail can reach: one `@`, a local part of at most 64 bytes, a
    /// domain of dot-separated labels, no white space or control characters. Whether it exists, only mail can tell.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        without_nul(text)?;
        let text = text.trim();
        worth_normalising(text, Self::MAX)?;
        // Composed again at the end: `H` and U+0331 have no character of their own, `h` and U+0331 have.
        let address: String = text.nfc().flat_map(char::to_lowercase).nfc().collect();
        at_most(&address, Self::MAX)?;
        if !looks_like_an_address(&address) {
            return Err(Violation::new("invalid_email", "must be an email address such as ada@example.com"));
        }
        Ok(Self(address))
    }
}

fn looks_like_an_address(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let dots_stand_between = |part: &str| !part.split('.').any(str::is_empty);
    let local_char = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || is_mark(c);
    let label = |label: &str| {
        label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-' || is_mark(c))
    };
    (1..=64).contains(&local.len())
        && dots_stand_between(local)
        && local.chars().all(local_char)
        && domain.contains('.')
        && dots_stand_between(domain)
        && domain.split('.').all(label)
}

/// Combining marks are part of letters in many scripts (RFC 6531 allows them in addresses).
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

text_type! {
    /// A person's full name: 1 to 100 characters, no white space around it.
    FullName
}

impl FullName {
    /// The most characters.
    pub const MAX: usize = 100;

    /// Reads a name, trimming it.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        line(text, Self::MAX).map(Self)
    }
}

text_type! {
    /// The title of an item: 1 to 200 characters, no white space around it.
    Title
}

impl Title {
    /// The most characters.
    pub const MAX: usize = 200;

    /// Reads a title, trimming it.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        line(text, Self::MAX).map(Self)
    }
}

text_type! {
    /// The description of an item: at most 10,000 characters, kept as it is.
    Description
}

impl Description {
    /// The most characters.
    pub const MAX: usize = 10_000;

    /// Reads a description; an empty one is a description too.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        without_nul(text)?;
        at_most(text, Self::MAX)?;
        Ok(Self(text.to_owned()))
    }
}

/// A password in normalisation form C. Shows itself to no log; its text is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The fewest characters (code points).
    pub const MIN: usize = 8;
    /// The most characters (code points).
    pub const MAX: usize = 256;

    /// The most bytes of a claim that are worth verifying: more than any password has, under any rules.
    pub const LONGEST_CLAIM: usize = 4096;

    /// Reads a new password, which has to keep the rules. Whether it is the account's own email is checked with [`Password::differs_from`].
    pub fn parse(text: &str) -> Result<Self, Violation> {
        without_nul(text)?;
        worth_normalising(text, Self::MAX)?;
        let password = Self::composed(text);
        match password.0.chars().count() {
            n if n < Self::MIN => {
                Err(Violation::new("too_short", format!("must be at least {} characters long", Self::MIN)))
            }
            n if n > Self::MAX => Err(too_long(Self::MAX)),
            _ if password.0.trim().is_empty() => Err(Violation::new("blank", "must not be blank")),
            _ => Ok(password),
        }
    }

    /// A password as somebody claims it, to be verified. It need not keep the rules, since it may be older than they.
    ///
    /// A claim of more than [`Password::LONGEST_CLAIM`] bytes is nobody's password: it stays as it is, since composing
    /// it would take long for nothing.
    pub fn claimed(text: &str) -> Self {
        if text.len() > Self::LONGEST_CLAIM { Self(text.to_owned()) } else { Self::composed(text) }
    }

    fn composed(text: &str) -> Self {
        // Normalisation form C is never longer than three times the text in UTF-8: a string that grew would leave
        // copies of the secret behind.
        let mut composed = String::with_capacity(text.len() * 3);
        composed.extend(text.nfc());
        Self(composed)
    }

    /// Refuses the password that is the account's own address, in any case.
    pub fn differs_from(&self, email: &Email) -> Result<(), Violation> {
        if Email::parse(&self.0).is_ok_and(|same| same == *email) {
            return Err(Violation::new("password_is_email", "must not be the account's own email address"));
        }
        Ok(())
    }

    /// The secret, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
