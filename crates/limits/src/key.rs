//! Whose bucket it is.

use std::fmt;
use std::net::IpAddr;

use plinth_domain::{Email, SessionId};
use sha2::{Digest, Sha256};

/// Whose bucket it is: an account, an address or a session, hashed.
///
/// Spellings of one thing give one key. What it was made of is nowhere kept; since there are few IPv4 addresses, whoever has
/// the hash of one can find it by trying all, so keys are not to be published either.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

/// The most bytes that are looked at of a text that is no address.
const MOST_TEXT: usize = 1_024;

impl Key {
    /// An account, or the receiver of a message.
    pub fn account(email: &Email) -> Self {
        Self::hashed(b"account", email.as_str().as_bytes())
    }

    /// What somebody entered as an account. A valid address is that account; anything else counts without case,
    /// white space around it, and what follows its first 1024 bytes.
    pub fn account_text(text: &str) -> Self {
        if let Ok(email) = Email::parse(text) {
            return Self::account(&email);
        }
        let text = text.trim();
        let start = text.get(..text.floor_char_boundary(MOST_TEXT)).unwrap_or_default();
        Self::hashed(b"text", start.to_lowercase().as_bytes())
    }

    /// Where a request comes from: an IPv4 address, also where it is mapped into IPv6, or the first 64 bits of an
    /// IPv6 address, which is what one customer has at least. All requests of unknown origin (`None`) share one.
    pub fn ip(address: impl Into<Option<IpAddr>>) -> Self {
        match address.into().map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::hashed(b"ipv4", &address.octets()),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::hashed(b"ipv6", &[a, b, c, d, e, f, g, h])
            }
            None => Self::hashed(b"unknown address", b""),
        }
    }

    /// A session.
    pub fn session(session: SessionId) -> Self {
        Self::hashed(b"session", session.uuid().as_bytes())
    }

    fn hashed(kind: &[u8], of: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(kind);
        // Between the two, and in none of the kinds: no pair can be read as another.
        hash.update([0]);
        hash.update(of);
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
