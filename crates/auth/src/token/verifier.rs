//! Verifying access tokens: JWTs (RFC 7519) with the profile of RFC 9068.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jsonwebtoken::crypto;
use plinth_domain::Timestamp;

use super::claims::{AccessClaims, Presented};
use super::error::TokenError;
use super::header::{choose_key, decode_object};
use super::keys::TrustedKeys;
use super::provider;

/// The longest token that is looked at. One of ours is a tenth of it, long issuer and audience aside.
pub const MAX_ACCESS_TOKEN_BYTES: usize = 4096;

/// Verifies access tokens. Cheap to clone; clones share their keys, so replacing those of one replaces all.
#[derive(Clone, Debug)]
pub struct AccessVerifier(Arc<Trust>);

#[derive(Debug)]
struct Trust {
    /// Readers take no lock and share no counter.
    keys: ArcSwap<TrustedKeys>,
    issuer: String,
    audience: String,
}

impl AccessVerifier {
    /// For tokens under these keys, from that issuer (`iss`), for that audience (`aud`).
    pub fn new(keys: impl Into<TrustedKeys>, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        provider::install();
        let keys = ArcSwap::from_pointee(keys.into());
        Self(Arc::new(Trust { keys, issuer: issuer.into(), audience: audience.into() }))
    }

    /// From now on these keys are accepted and no others. A token that is being verified meets the old or the new ones.
    pub fn replace_keys(&self, keys: impl Into<TrustedKeys>) {
        self.0.keys.store(Arc::new(keys.into()));
    }

    pub(super) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(super) fn audience(&self) -> &str {
        &self.0.audience
    }

    /// What the token says, if one of the keys signed it, from the issuer for the audience, and it is good at that time.
    ///
    /// Trusts nothing in it before the signature is checked, but for which of the keys to check it with. Dates are
    /// compared with `now` and a [`LEEWAY`](crate::LEEWAY).
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] may mean that the issuer has a key that it had not when its key set was fetched:
    /// fetch it again, not more often than every few minutes since anyone can make up such a token,
    /// [replace the keys](Self::replace_keys) and try once more. Every other error is final.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        let Trust { keys, issuer, audience } = self.0.as_ref();
        if token.len() > MAX_ACCESS_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        // Not `jsonwebtoken::decode`: it reads the header twice, after we have to choose the key by it, and the clock.
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let keys = keys.load();
        let key = choose_key(header, &keys)?;
        let algorithm = key.algorithm().for_jsonwebtoken();
        match crypto::verify(signature, message.as_bytes(), key.verifying(), algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenError::BadSignature),
        }
        let json = decode_object(payload)?;
        let claims: Presented<'_> = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
        claims.check(issuer, audience, now)
    }
}
