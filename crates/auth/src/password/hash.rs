//! The text of a hash, as a database keeps it.

use std::fmt;

/// A password's hash in its text form. Shows itself to no log.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that was stored, in whatever format. One in an unknown format verifies no password.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text, to be stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, as an owned string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
