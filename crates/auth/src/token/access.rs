//! Issuing and verifying access tokens: JWTs (RFC 7519) with the profile of RFC 9068.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, crypto, encode};
use plinth_domain::{Entropy, Role, SessionId, Timestamp, UserId};
use serde_json::json;

use super::claims::{AccessClaims, Issued, Presented, instant};
use super::error::TokenError;
use super::header::{TYPE, choose_key, decode_object};
use super::keys::KeySet;
use super::provider;

/// The longest token that is looked at. One of ours is a tenth of it, long issuer and audience aside.
pub const MAX_ACCESS_TOKEN_BYTES: usize = 4096;

/// Whose tokens these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// Who issues them (`iss`).
    pub issuer: String,
    /// Whom they are for (`aud`).
    pub audience: String,
    /// How long one lives, in whole seconds.
    pub access_ttl: Duration,
}

/// What a token is issued for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who will present it.
    pub user: UserId,
    /// The session that it belongs to.
    pub session: SessionId,
    /// The user's role.
    pub role: Role,
    /// The generation of the refresh token that goes with it.
    pub generation: u32,
}

/// Issues and verifies access tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessTokens(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    keys: KeySet,
    settings: TokenSettings,
}

impl AccessTokens {
    /// Tokens of that issuer under these keys.
    pub fn new(keys: KeySet, settings: TokenSettings) -> Self {
        provider::install();
        Self(Arc::new(Inner { keys, settings }))
    }

    /// How long a token lives: what `expires_in` tells a client (RFC 6749 §5.1).
    pub fn access_ttl(&self) -> Duration {
        Duration::from_secs(self.0.settings.access_ttl.as_secs())
    }

    /// A token for that grant, good from now until its time to live is over.
    ///
    /// Fails with [`TokenError::NotIssued`] only where the active key cannot sign, or outside the years 1970 to 9999.
    pub fn issue(&self, grant: Grant, now: Timestamp, entropy: &dyn Entropy) -> Result<String, TokenError> {
        let Inner { keys, settings } = self.0.as_ref();
        let key = keys.active();
        let iat = now.seconds();
        let exp = iat.saturating_add(i64::try_from(settings.access_ttl.as_secs()).unwrap_or(i64::MAX));
        instant(iat).and(instant(exp)).map_err(|_| TokenError::NotIssued)?;
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let claims = Issued {
            iss: &settings.issuer,
            aud: &settings.audience,
            sub: grant.user,
            sid: grant.session,
            role: grant.role,
            iat,
            nbf: iat,
            exp,
            jti: format!("{}.{}", grant.generation, URL_SAFE_NO_PAD.encode(random)),
        };
        let mut header = Header::new(key.algorithm().for_jsonwebtoken());
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id().to_owned());
        let signing = key.signing().ok_or(TokenError::NotIssued)?;
        encode(&header, &claims, signing).map_err(|_| TokenError::NotIssued)
    }

    /// What the token says, if one of our keys signed it for us and it is good at that time.
    ///
    /// Trusts nothing in it before the signature is checked, but for which of our keys to check it with. Dates are
    /// compared with `now` and a [`LEEWAY`](crate::LEEWAY).
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        let Inner { keys, settings } = self.0.as_ref();
        if token.len() > MAX_ACCESS_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        // Not `jsonwebtoken::decode`: it reads the header twice, after we have to choose the key by it, and the clock.
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let key = choose_key(header, keys)?;
        let algorithm = key.algorithm().for_jsonwebtoken();
        match crypto::verify(signature, message.as_bytes(), key.verifying(), algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenError::BadSignature),
        }
        let json = decode_object(payload)?;
        let claims: Presented<'_> = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
        claims.check(settings, now)
    }

    /// The public keys (RFC 7517 §5), for whoever verifies tokens without being able to issue them.
    ///
    /// A key for HS256 has no public half, so there are none yet.
    pub fn jwks(&self) -> serde_json::Value {
        json!({ "keys": [] })
    }
}
