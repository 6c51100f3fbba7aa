//! HMAC-SHA256 (RFC 2104), and keys derived with it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A MAC that has taken its key and waits for the message. Wipes itself when dropped.
pub(crate) type HmacSha256 = Hmac<Sha256>;

/// A MAC under that key.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §2)")]
pub(crate) fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("a key of any length")
}

/// A key for one purpose, from a secret that serves several.
///
/// Distinct labels give keys that tell nothing about each other or the secret: the expansion step of RFC 5869 with one
/// block, the secret being uniform enough to be its own extract.
pub(crate) fn derive(secret: &[u8], label: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(keyed(secret).chain_update(label).chain_update([1]).finalize().into_bytes().into())
}
