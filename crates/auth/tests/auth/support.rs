//! A fixed time, known randomness, and tokens made by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use plinth_auth::{AccessTokens, Grant, Key, KeySet, TokenSettings};
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
