//! Asymmetric keys as they are: a private one, and the public one that follows from it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use jsonwebtoken::{DecodingKey, EncodingKey};
use plinth_domain::Entropy;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::keys::Algorithm;

/// A private key with its public one. Wiped when dropped.
#[derive(Clone)]
pub(super) enum KeyPair {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::ecdsa::SigningKey),
}

impl KeyPair {
    /// A new one for that algorithm; `None` for one that has no key pairs.
    pub(super) fn generate(algorithm: Algorithm, entropy: &dyn Entropy) -> Option<Self> {
        loop {
            let mut private = Zeroizing::new([0; 32]);
            entropy.fill(private.as_mut_slice());
            // A number that is no private key of P-256, zero or beyond the group's order, comes once in 2³².
            match Self::from_private(algorithm, &private) {
                None if algorithm == Algorithm::Es256 => {}
                made => return made,
            }
        }
    }

    /// The pair of those 32 bytes: a seed of Ed25519, or a big-endian number for P-256.
    pub(super) fn from_private(algorithm: Algorithm, private: &[u8; 32]) -> Option<Self> {
        match algorithm {
            Algorithm::Hs256 => None,
            Algorithm::EdDsa => Some(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(private))),
            Algorithm::Es256 => p256::ecdsa::SigningKey::from_slice(private).ok().map(Self::P256),
        }
    }

    /// The pair in an unencrypted PKCS#8 file in PEM (RFC 5958, RFC 7468 §10), if it is for one of our algorithms.
    pub(super) fn from_pkcs8_pem(pem: &str) -> Option<Self> {
        let ed25519 = ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Self::Ed25519).ok();
        ed25519.or_else(|| p256::ecdsa::SigningKey::from_pkcs8_pem(pem).map(Self::P256).ok())
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    /// What [`KeyPair::from_private`] takes.
    pub(super) fn private(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(match self {
            Self::Ed25519(key) => key.to_bytes(),
            Self::P256(key) => key.to_bytes().into(),
        })
    }

    pub(super) fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key().to_bytes()),
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let mut bytes = [0; 65];
                bytes.copy_from_slice(point.as_bytes());
                PublicKey::P256(bytes)
            }
        }
    }

    /// The key as the provider's signers take it.
    pub(super) fn encoding(&self) -> Option<EncodingKey> {
        Some(match self {
            Self::Ed25519(key) => EncodingKey::from_ed_der(key.to_pkcs8_der().ok()?.as_bytes()),
            Self::P256(key) => EncodingKey::from_ec_der(key.to_pkcs8_der().ok()?.as_bytes()),
        })
    }
}

/// A public key that is valid, in the bytes that the provider's verifiers take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    /// RFC 8032 §5.1.5.
    Ed25519([u8; 32]),
    /// An uncompressed point, SEC 1 §2.3.3.
    P256([u8; 65]),
}

impl PublicKey {
    /// The key with those coordinates, if they are canonical Base64url of a good point that is not of small order.
    pub(super) fn from_coordinates(algorithm: Algorithm, x: &str, y: Option<&str>) -> Option<Self> {
        let x = coordinate(x)?;
        match (algorithm, y) {
            (Algorithm::EdDsa, None) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&x).ok()?;
                (!key.is_weak()).then_some(Self::Ed25519(x))
            }
            (Algorithm::Es256, Some(y)) => {
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&x);
                point[33..].copy_from_slice(&coordinate(y)?);
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
                Some(Self::P256(point))
            }
            _ => None,
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
        }
    }

    pub(super) fn decoding(&self) -> DecodingKey {
        match self {
            Self::Ed25519(key) => DecodingKey::from_ed_der(key),
            Self::P256(point) => DecodingKey::from_ec_der(point),
        }
    }

    /// The members that say which key it is: those that a thumbprint is made of, in the order that it asks for.
    pub(super) fn members(&self) -> Value {
        match self {
            Self::Ed25519(x) => json!({"crv": "Ed25519", "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(x)}),
            Self::P256(point) => json!({
                "crv": "P-256",
                "kty": "EC",
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                "y": URL_SAFE_NO_PAD.encode(&point[33..]),
            }),
        }
    }

    /// The SHA-256 thumbprint (RFC 7638 §3, for Ed25519 RFC 8037 §2), in Base64url.
    pub(super) fn thumbprint(&self) -> String {
        // Written in order whatever order `serde_json` keeps members in, which a feature of another crate decides.
        let members = self.members();
        let member = |name: &str| members.get(name).map(|value| format!("\"{name}\":{value}"));
        let written: Vec<String> = ["crv", "kty", "x", "y"].into_iter().filter_map(member).collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", written.join(","))))
    }

    /// The key as a JWK (RFC 7517 §4) with that identifier.
    pub(super) fn jwk(&self, id: &str) -> Map<String, Value> {
        let mut jwk = match self.members() {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        for (name, value) in [("kid", id), ("use", "sig"), ("alg", self.algorithm().name())] {
            jwk.insert(name.to_owned(), value.into());
        }
        jwk
    }
}

/// The 32 bytes of a text in Base64url without padding, in its one spelling.
pub(super) fn coordinate(text: &str) -> Option<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 33]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()).ok()?;
    if length == 32 { bytes[..32].try_into().ok() } else { None }
}
