//! Refresh tokens: a session and a generation under a MAC, opaque to clients.
//!
//! The text is the Base64url of a version byte, the session's 16 bytes, the generation as 4 bytes, big-endian, and the
//! first 24 bytes of the HMAC-SHA256 over all of that. Nothing about a token has to be stored to recognise it, and
//! from what is stored none can be made.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;
use plinth_domain::SessionId;

use crate::mac::{HmacSha256, derive, keyed};

const LABEL: &str = "plinth refresh token";
const VERSION: u8 = 1;
const BODY: usize = 1 + 16 + 4;
const TAG: usize = 24;
/// 45 bytes are 60 characters, with none over: each token has one spelling.
const TEXT: usize = (BODY + TAG) / 3 * 4;

/// A refresh token. Shows itself to no log.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// The text, for its client.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, as an owned string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

/// The text is not a refresh token of ours. Whether it was altered or is from elsewhere is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a refresh token of this server")]
pub struct InvalidRefreshToken;

/// Makes and reads refresh tokens.
#[derive(Clone)]
pub struct RefreshTokens {
    /// Keyed once; each token takes a copy.
    mac: HmacSha256,
}

impl RefreshTokens {
    /// Tokens under a key derived from the secret, which is not the key of access tokens.
    pub fn new(secret: &[u8]) -> Self {
        Self { mac: keyed(derive(secret, LABEL).as_slice()) }
    }

    /// The token of that session and generation: always the same one.
    pub fn make(&self, session: SessionId, generation: u32) -> RefreshToken {
        let mut bytes = [0; BODY + TAG];
        bytes[0] = VERSION;
        bytes[1..17].copy_from_slice(session.uuid().as_bytes());
        bytes[17..BODY].copy_from_slice(&generation.to_be_bytes());
        let tag = self.mac.clone().chain_update(&bytes[..BODY]).finalize().into_bytes();
        bytes[BODY..].copy_from_slice(&tag[..TAG]);
        RefreshToken(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The session and generation of a token of ours. Says nothing about whether the session lives.
    pub fn read(&self, text: &str) -> Result<(SessionId, u32), InvalidRefreshToken> {
        self.open(text).ok_or(InvalidRefreshToken)
    }

    fn open(&self, text: &str) -> Option<(SessionId, u32)> {
        if text.len() != TEXT {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, tag) = bytes.split_first_chunk::<BODY>()?;
        // Takes the same time wherever the two differ, and is asked before anything in the body is believed.
        self.mac.clone().chain_update(body).verify_truncated_left(tag).ok()?;
        let [version, rest @ ..] = body;
        let (session, generation) = rest.split_first_chunk::<16>()?;
        let session = SessionId::from(uuid::Uuid::from_bytes(*session));
        let generation = u32::from_be_bytes(generation.try_into().ok()?);
        (*version == VERSION).then_some((session, generation))
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokens").finish_non_exhaustive()
    }
}
