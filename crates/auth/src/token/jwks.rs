//! Reading the public keys that an issuer publishes (RFC 7517 §5).

use serde_json::{Map, Value};

use super::keys::{Algorithm, Key, TrustedKeys};
use super::pair::PublicKey;

/// Why a key set was refused. Repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Not a JSON object with a list `keys` of objects.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// It has a symmetric key (`kty` is `oct`): whoever can read it could issue tokens.
    #[error("the key set has a symmetric key, which must not be published")]
    SymmetricKey,
    /// It has a key with private members: whoever can read it could issue tokens.
    #[error("the key set has a private key, which must not be published")]
    PrivateKey,
    /// A key for one of our algorithms whose members are no key, or that has no identifier.
    #[error("the key set has a broken key")]
    BrokenKey,
    /// Two keys of it have the same identifier.
    #[error("the key set has two keys with the same kid")]
    DuplicateId,
    /// It has no key for any of our algorithms.
    #[error("the key set has no key for EdDSA with Ed25519 or for ES256")]
    NoKey,
}

/// The members that only private keys have (RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl TrustedKeys {
    /// The keys for EdDSA with Ed25519 and for ES256 in a JSON Web Key Set, such as a server's `/.well-known/jwks.json`.
    ///
    /// Those whose `kty`, `crv`, `alg`, `use` or `key_ops` is for something else are passed over, as RFC 7517 §5 asks;
    /// `alg` must be there. A set with a key that should not have been published is refused as a whole, since nothing
    /// that it is said to have signed can be believed.
    pub fn from_jwks(text: &str) -> Result<Self, JwksError> {
        let document: Value = serde_json::from_str(text).map_err(|_| JwksError::Malformed)?;
        let entries = document.get("keys").and_then(Value::as_array).ok_or(JwksError::Malformed)?;
        let mut keys: Vec<Key> = Vec::new();
        for entry in entries {
            let jwk = entry.as_object().ok_or(JwksError::Malformed)?;
            if jwk.get("kty").and_then(Value::as_str) == Some("oct") {
                return Err(JwksError::SymmetricKey);
            }
            if PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
                return Err(JwksError::PrivateKey);
            }
            let Some(algorithm) = algorithm(jwk) else { continue };
            let key = read(jwk, algorithm).ok_or(JwksError::BrokenKey)?;
            if keys.iter().any(|other| other.id() == key.id()) {
                return Err(JwksError::DuplicateId);
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(JwksError::NoKey) } else { Ok(Self::of(keys)) }
    }
}

/// The algorithm that a key is for, if it is one of ours and the key is for verifying.
fn algorithm(jwk: &Map<String, Value>) -> Option<Algorithm> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let algorithm = match (text("kty")?, text("crv")?, text("alg")?) {
        ("OKP", "Ed25519", "EdDSA") => Algorithm::EdDsa,
        ("EC", "P-256", "ES256") => Algorithm::Es256,
        _ => return None,
    };
    let signs = jwk.get("use").is_none_or(|purpose| purpose == "sig");
    let verifies = jwk.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|operations| operations.iter().any(|one| one == "verify"))
    });
    (signs && verifies).then_some(algorithm)
}

fn read(jwk: &Map<String, Value>, algorithm: Algorithm) -> Option<Key> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let y = if algorithm == Algorithm::Es256 { Some(text("y")?) } else { None };
    let public = PublicKey::from_coordinates(algorithm, text("x")?, y)?;
    Some(Key::of_public(text("kid")?.to_owned(), public))
}
