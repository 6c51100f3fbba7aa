//! Comparing a candidate with a stored hash, at the same price whatever comes out.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use zeroize::Zeroize;

use super::hash::PasswordHash;
use super::stored::Stored;

/// What came out of comparing a candidate with a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Not the password, or there is no account, or its hash is unreadable.
    Wrong,
    /// The password.
    Right,
    /// The password, but its hash is plain bcrypt or of a lower cost than today's: hash it anew and store that.
    RightButOutdated,
}

/// Compares; `nobody` stands in where there is no hash, or none that can be read.
pub(super) fn verify(
    candidate: &str,
    stored: Option<&PasswordHash>,
    nobody: &Stored,
    cost: u32,
) -> Verification {
    let mut candidate = nfc(candidate);
    let parsed = stored.and_then(|hash| Stored::parse(hash.as_str()));
    let against = parsed.as_ref().unwrap_or(nobody);
    let right = against.matches(&candidate) & parsed.is_some();
    if !right {
        against.make_up_to(cost, &candidate);
    }
    if let Cow::Owned(copy) = &mut candidate {
        copy.zeroize();
    }
    match (right, against.is_outdated(cost)) {
        (false, _) => Verification::Wrong,
        (true, false) => Verification::Right,
        (true, true) => Verification::RightButOutdated,
    }
}

/// Normalisation form C, in which [`plinth_domain::Password`] keeps passwords.
fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(text);
    }
    // Form C is never longer than three times the text in UTF-8; a string that grows would leave copies behind.
    let mut normalised = String::with_capacity(text.len() * 3);
    normalised.extend(text.nfc());
    Cow::Owned(normalised)
}
