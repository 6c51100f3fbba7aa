//! A fixed time, known randomness, and tokens made by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit, Mac};
use plinth_auth::{AccessTokens, Algorithm, Grant, Key, KeyRing, KeySet, TokenError, TokenSettings};
use plinth_domain::{Entropy, Role, SessionId, Timestamp, UserId};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::{Uuid, uuid};

pub(crate) const USER: Uuid = uuid!("01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e");
pub(crate) const SESSION: Uuid = uuid!("01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4f");
pub(crate) const ISSUER: &str = "https://api.example.com";
pub(crate) const AUDIENCE: &str = "https://app.example.com";
pub(crate) const TTL: i64 = 1800;
/// The instant at which most tests stand, in seconds.
pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

/// Bytes of a counter: different each time, the same in each run.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // An odd factor spreads the count over all eight bytes.
            let n = (self.0.fetch_add(1, Ordering::Relaxed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&n.to_le_bytes()[..chunk.len()]);
        }
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).expect("an instant")
}

pub(crate) fn settings() -> TokenSettings {
    TokenSettings {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        access_ttl: Duration::from_secs(TTL.unsigned_abs()),
    }
}

/// Tokens under [`KEY`], named `test`.
pub(crate) fn tokens() -> AccessTokens {
    AccessTokens::new(KeySet::new(Key::hs256("test", &KEY)), settings())
}

pub(crate) fn grant() -> Grant {
    Grant { user: UserId::from(USER), session: SessionId::from(SESSION), role: Role::Editor, generation: 7 }
}

/// The header of a good token.
pub(crate) fn header() -> Value {
    json!({"typ": "at+jwt", "alg": "HS256", "kid": "test"})
}

/// The claims of a token issued at [`NOW`].
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": USER.to_string(), "sid": SESSION.to_string(), "role": "editor",
        "iat": NOW, "nbf": NOW, "exp": NOW + TTL, "jti": "7.abc",
    })
}

/// That object with one member set to a value, or taken out by `None`.
pub(crate) fn with(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().expect("an object");
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}

/// A token with that header and those claims, rightly signed under a key, without any code of ours.
pub(crate) fn signed(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key").chain_update(&message).finalize();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

/// That text with one bit of one character flipped.
pub(crate) fn flipped(text: &str, bit: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    String::from_utf8(bytes).ok()
}

/// A member of a JSON object, which is a text.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().expect("a text")
}

/// The members of a file with new keys.
pub(crate) fn key_file(algorithm: Algorithm) -> Value {
    let ring = KeyRing::generate(algorithm, at(NOW), &Counter::default()).expect("keys");
    serde_json::from_str(ring.to_json().expose()).expect("JSON")
}

/// The one key of the file that has that state.
pub(crate) fn key_of<'a>(file: &'a mut Value, state: &str) -> &'a mut Value {
    let keys = file["keys"].as_array_mut().expect("keys");
    keys.iter_mut().find(|key| key["state"] == state).expect("a key")
}

/// An algorithm with a key of it, and signing without any code of ours.
pub(crate) struct Scheme {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: Key,
    signer: Signer,
}

enum Signer {
    Hs256([u8; 32]),
    EdDsa(ed25519_dalek::SigningKey),
    Es256(p256::ecdsa::SigningKey),
}

impl Scheme {
    /// One for each algorithm.
    pub(crate) fn all() -> [Self; 3] {
        [Self::hs256(), Self::of_file(Algorithm::EdDsa), Self::of_file(Algorithm::Es256)]
    }

    /// Those with a public key.
    pub(crate) fn asymmetric() -> [Self; 2] {
        [Self::of_file(Algorithm::EdDsa), Self::of_file(Algorithm::Es256)]
    }

    fn hs256() -> Self {
        Self { algorithm: Algorithm::Hs256, key: Key::hs256("test", &KEY), signer: Signer::Hs256(KEY) }
    }

    fn of_file(algorithm: Algorithm) -> Self {
        let file = key_file(algorithm);
        let ring = KeyRing::parse(&file.to_string()).expect("a ring");
        let active = file["keys"].as_array().expect("keys").iter().find(|key| key["state"] == "active");
        let private = URL_SAFE_NO_PAD.decode(text(active.expect("a key"), "d")).expect("Base64url");
        let private: [u8; 32] = private.try_into().expect("32 bytes");
        let signer = match algorithm {
            Algorithm::EdDsa => Signer::EdDsa(ed25519_dalek::SigningKey::from_bytes(&private)),
            _ => Signer::Es256(p256::ecdsa::SigningKey::from_slice(&private).expect("a key")),
        };
        Self { algorithm, key: ring.key_set().active().clone(), signer }
    }

    pub(crate) fn tokens(&self) -> AccessTokens {
        AccessTokens::new(KeySet::new(self.key.clone()), settings())
    }

    pub(crate) fn verify(&self, token: &str) -> Result<(), TokenError> {
        self.tokens().verify(token, at(NOW)).map(|_| ())
    }

    /// The public key as it is published.
    pub(crate) fn jwk(&self) -> Value {
        self.tokens().jwks()["keys"][0].clone()
    }

    /// The header of a good token.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "at+jwt", "alg": self.algorithm.name(), "kid": self.key.id()})
    }

    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.signer {
            Signer::Hs256(key) => {
                let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key").chain_update(message);
                mac.finalize().into_bytes().to_vec()
            }
            Signer::EdDsa(key) => key.sign(message).to_bytes().to_vec(),
            Signer::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_vec()
            }
        }
    }

    /// A token with that header and those claims, rightly signed.
    pub(crate) fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token that is good.
    pub(crate) fn good(&self) -> String {
        self.signed(&self.header().to_string(), &claims().to_string())
    }

    /// A rightly signed token with one member of the header set, or taken out.
    pub(crate) fn with_header(&self, name: &str, value: Option<Value>) -> Result<(), TokenError> {
        self.verify(&self.signed(&with(self.header(), name, value).to_string(), &claims().to_string()))
    }

    /// A rightly signed token with one claim set, or taken out.
    pub(crate) fn with_claim(&self, name: &str, value: Option<Value>) -> Result<(), TokenError> {
        self.verify(&self.signed(&self.header().to_string(), &with(claims(), name, value).to_string()))
    }
}
