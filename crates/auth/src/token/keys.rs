//! The keys that access tokens are signed and verified with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, EncodingKey};

use serde_json::{Value, json};

use super::pair::{KeyPair, PublicKey};
use crate::mac::derive;

const SIGNING_LABEL: &str = "plinth access token HS256";
const KEY_ID_LABEL: &str = "plinth access token kid";

/// A signature algorithm (RFC 7518 §3.1). What is not here is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256: whoever verifies can also issue.
    Hs256,
    /// Ed25519 (RFC 8037 §3.1): who has the public key can verify, and nothing else.
    EdDsa,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4): as with [`Algorithm::EdDsa`].
    Es256,
}

impl Algorithm {
    /// The name that the header parameter `alg` carries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    pub(super) fn for_jsonwebtoken(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
        }
    }
}

/// A key with its identifier and the one algorithm that it is for. Wiped when dropped; shows itself to no log.
#[derive(Clone, Debug)]
pub struct Key {
    id: String,
    algorithm: Algorithm,
    /// `None` for a key that only verifies.
    signing: Option<EncodingKey>,
    verifying: DecodingKey,
    /// `None` for a symmetric key.
    public: Option<PublicKey>,
}

impl Key {
    /// A key for HS256, which has the length that RFC 7518 §3.2 asks for. The identifier is public.
    pub fn hs256(id: impl Into<String>, key: &[u8; 32]) -> Self {
        Self {
            id: id.into(),
            algorithm: Algorithm::Hs256,
            signing: Some(EncodingKey::from_secret(key)),
            verifying: DecodingKey::from_secret(key),
            public: None,
        }
    }

    /// A key that signs and verifies, identified by the thumbprint of its public half (RFC 7638).
    pub(super) fn of_pair(pair: &KeyPair) -> Self {
        let public = pair.public();
        Self { signing: pair.encoding(), ..Self::of_public(public.thumbprint(), public) }
    }

    /// A key that only verifies.
    pub(super) fn of_public(id: String, public: PublicKey) -> Self {
        let (algorithm, verifying) = (public.algorithm(), public.decoding());
        Self { id, algorithm, signing: None, verifying, public: Some(public) }
    }

    /// The HS256 key that a server with this secret signs with.
    ///
    /// Key and identifier are derived from the secret under labels of their own, so neither tells anything about it or
    /// about the keys of refresh tokens. How strong a secret must be is the caller's to say.
    ///
    /// A verifier in another language derives them the same way, by HKDF-Expand (RFC 5869 §2.3) of one block. The
    /// secret is the text's bytes as they are, Base64 not decoded, and `0x01` is one byte:
    ///
    /// ```text
    /// key = HMAC-SHA256(secret, "plinth access token HS256" || 0x01)
    /// kid = base64url(HMAC-SHA256(secret, "plinth access token kid" || 0x01)[0..8]), without padding
    /// ```
    ///
    /// For the secret `a secret of thirty-two bytes or more` that is, in hexadecimal,
    ///
    /// ```text
    /// key = 510f9db8e4e78b50e107dab3a9761034b2d80b4b8617b0f0e9b4d9c139f9adfe
    /// kid = QyJftb2QypY
    /// ```
    ///
    /// With the key alone another service can verify and issue access tokens, but make no refresh tokens.
    pub fn from_secret(secret: &[u8]) -> Self {
        let id = URL_SAFE_NO_PAD.encode(&derive(secret, KEY_ID_LABEL)[..8]);
        Self::hs256(id, &derive(secret, SIGNING_LABEL))
    }

    /// The identifier that the header parameter `kid` carries.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The algorithm that it is for.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn signing(&self) -> Option<&EncodingKey> {
        self.signing.as_ref()
    }

    pub(super) fn verifying(&self) -> &DecodingKey {
        &self.verifying
    }
}

/// The keys that are known: one that signs, and others whose tokens are still good.
#[derive(Clone, Debug)]
pub struct KeySet {
    active: Key,
    others: Vec<Key>,
}

impl KeySet {
    /// A set whose tokens are signed with that key.
    pub fn new(active: Key) -> Self {
        Self { active, others: Vec::new() }
    }

    /// The set of a server with this secret, its `SECRET_KEY`: [`Key::from_secret`] alone, which says how the HS256 key
    /// is derived from the secret.
    pub fn from_secret(secret: &[u8]) -> Self {
        Self::new(Key::from_secret(secret))
    }

    /// Also accepts tokens signed with that key, such as the one before the active one.
    #[must_use]
    pub fn accepting(mut self, key: Key) -> Self {
        self.others.push(key);
        self
    }

    /// The key that signs.
    pub fn active(&self) -> &Key {
        &self.active
    }

    /// The public keys (RFC 7517 §5), the active one first; none for symmetric keys.
    pub(super) fn jwks(&self) -> Value {
        let keys = std::iter::once(&self.active).chain(&self.others);
        let jwks: Vec<_> = keys.filter_map(|key| Some(key.public.as_ref()?.jwk(&key.id))).collect();
        json!({ "keys": jwks })
    }
}

/// The keys whose tokens are accepted: a [`KeySet`], or what an issuer publishes
/// ([`TrustedKeys::from_jwks`]).
#[derive(Clone, Debug)]
pub struct TrustedKeys(Vec<Key>);

impl TrustedKeys {
    /// Keys with different identifiers.
    pub(super) fn of(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// The identifiers of the keys, which are public.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Key::id)
    }

    /// The key with that identifier. The active one comes first, should two have the same.
    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl From<KeySet> for TrustedKeys {
    fn from(KeySet { active, others }: KeySet) -> Self {
        Self(std::iter::once(active).chain(others).collect())
    }
}
