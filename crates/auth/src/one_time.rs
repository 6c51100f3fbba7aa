//! One-time tokens: what a mailed link carries to prove that its mail was read.
//!
//! A token follows from the identifier of the row that it belongs to, by a MAC under a key of its own, so it can be
//! made again at any time and is stored nowhere. Beside the row only its SHA-256 is kept, which is enough to find the
//! row by a token that comes back. That a token works once, and how long, is the caller's to see to.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::mac::{HmacSha256, derive, keyed};

const LABEL: &str = "plinth one-time token";

/// A one-time token: 43 characters of Base64url. Shows itself to no log.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken(String);

impl OneTimeToken {
    /// The text, for the link.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored of it: [`OneTimeTokens::digest`] of its text.
    pub fn digest(&self) -> [u8; 32] {
        OneTimeTokens::digest(&self.0)
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeToken(…)")
    }
}

/// Makes one-time tokens.
#[derive(Clone)]
pub struct OneTimeTokens {
    /// Keyed once; each token takes a copy.
    mac: HmacSha256,
}

impl OneTimeTokens {
    /// Tokens under a key derived from the secret, which is the key of no other kind of token.
    pub fn new(secret: &[u8]) -> Self {
        Self { mac: keyed(derive(secret, LABEL).as_slice()) }
    }

    /// The token of the row with that identifier: always the same one.
    pub fn make(&self, id: impl Into<Uuid>) -> OneTimeToken {
        let tag = self.mac.clone().chain_update(id.into().as_bytes()).finalize().into_bytes();
        OneTimeToken(URL_SAFE_NO_PAD.encode(tag))
    }

    /// The SHA-256 of a text, a token or whatever came in the place of one.
    ///
    /// A token has as much entropy as its key, so its digest needs no salt and gives nothing away; and since a digest
    /// is looked up and not the token, how long that takes tells nothing about the tokens that there are.
    pub fn digest(text: &str) -> [u8; 32] {
        Sha256::digest(text).into()
    }
}

impl fmt::Debug for OneTimeTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeTokens").finish_non_exhaustive()
    }
}
