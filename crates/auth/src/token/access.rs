//! Issuing access tokens: JWTs (RFC 7519) with the profile of RFC 9068.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Header, encode};
use plinth_domain::{Entropy, Role, SessionId, Timestamp, UserId};

use super::claims::{AccessClaims, Issued, instant};
use super::error::{NotIssued, TokenError};
use super::header::TYPE;
use super::keys::KeySet;
use super::verifier::AccessVerifier;

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

/// An access token as it was issued. Shows itself to no log.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The text, for its client.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, as an owned string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

/// Issues and verifies access tokens. Cheap to clone; clones share their keys. A service that only verifies has an
/// [`AccessVerifier`].
#[derive(Clone, Debug)]
pub struct AccessTokens {
    verifier: AccessVerifier,
    keys: Arc<ArcSwap<KeySet>>,
    access_ttl: Duration,
}

impl AccessTokens {
    /// Tokens of that issuer under these keys.
    pub fn new(keys: KeySet, settings: TokenSettings) -> Self {
        let TokenSettings { issuer, audience, access_ttl } = settings;
        let verifier = AccessVerifier::new(keys.clone(), issuer, audience);
        Self { verifier, keys: Arc::new(ArcSwap::from_pointee(keys)), access_ttl }
    }

    /// From now on tokens are signed with the active key of this set, and those of its keys are accepted.
    pub fn replace_keys(&self, keys: KeySet) {
        // First accepted, then signed with: whoever gets a token meanwhile may show it at once.
        self.verifier.replace_keys(keys.clone());
        self.keys.store(Arc::new(keys));
    }

    /// The half that verifies.
    pub fn verifier(&self) -> &AccessVerifier {
        &self.verifier
    }

    /// How long a token lives: what `expires_in` tells a client (RFC 6749 §5.1).
    pub fn access_ttl(&self) -> Duration {
        Duration::from_secs(self.access_ttl.as_secs())
    }

    /// A token for that grant, good from now until its time to live is over.
    ///
    /// Fails only where the active key cannot sign, or outside the years 1970 to 9999.
    pub fn issue(
        &self,
        grant: Grant,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<AccessToken, NotIssued> {
        let keys = self.keys.load();
        let key = keys.active();
        let iat = now.seconds();
        let exp = iat.saturating_add(i64::try_from(self.access_ttl.as_secs()).unwrap_or(i64::MAX));
        instant(iat).and(instant(exp)).map_err(|_| NotIssued)?;
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let claims = Issued {
            iss: self.verifier.issuer(),
            aud: self.verifier.audience(),
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
        let signing = key.signing().ok_or(NotIssued)?;
        encode(&header, &claims, signing).map(AccessToken).map_err(|_| NotIssued)
    }

    /// What the token says: [`AccessVerifier::verify`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AccessClaims, TokenError> {
        self.verifier.verify(token, now)
    }

    /// The public keys (RFC 7517 §5) of every key of the set, for whoever verifies tokens without being able to issue
    /// them. A key for HS256 has no public half and is left out.
    pub fn jwks(&self) -> serde_json::Value {
        self.keys.load().jwks()
    }
}
