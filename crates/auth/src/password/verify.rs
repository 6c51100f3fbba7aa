//! Comparing a candidate with a stored hash, at the same price whatever comes out.

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
    let parsed = stored.and_then(|hash| Stored::parse(hash.as_str()));
    let against = parsed.as_ref().unwrap_or(nobody);
    let right = against.matches(candidate) & parsed.is_some();
    if !right {
        against.make_up_to(cost, candidate);
    }
    match (right, against.is_outdated(cost)) {
        (false, _) => Verification::Wrong,
        (true, false) => Verification::Right,
        (true, true) => Verification::RightButOutdated,
    }
}
