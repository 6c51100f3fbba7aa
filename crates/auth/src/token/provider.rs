//! The cryptography that `jsonwebtoken` uses: HS256, EdDSA with Ed25519, ES256, and nothing else.

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use hmac::Mac;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{Error, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use p256::ecdsa::signature::{Signer as _, Verifier as _};

use crate::mac::{HmacSha256, keyed};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // These serve JWKs, which we read by ourselves. Their stand-ins in `jsonwebtoken` panic; these refuse.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        compute_digest: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    },
};

/// Makes this the provider of the process, unless there is one: then that one signs and verifies.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

// Keys have the forms that the providers which come with `jsonwebtoken` take, so that those understand them too:
// private keys are PKCS#8 in DER, public ones the 32 bytes of RFC 8032 §5.1.5 or a point as SEC 1 §2.3.3 writes it.

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256(keyed(key.as_bytes())))),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
            let key = ed25519_dalek::SigningKey::from_pkcs8_der(key.as_bytes());
            Ok(Box::new(EdDsaSigner(key.map_err(|_| ErrorKind::InvalidEddsaKey)?)))
        }
        (Algorithm::ES256, AlgorithmFamily::Ec) => {
            let key = p256::ecdsa::SigningKey::from_pkcs8_der(key.as_bytes());
            Ok(Box::new(Es256Signer(key.map_err(|_| ErrorKind::InvalidEcdsaKey)?)))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match (algorithm, key.family()) {
        (Algorithm::HS256, AlgorithmFamily::Hmac) => Ok(Box::new(Hs256(keyed(key.try_get_as_bytes()?)))),
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => {
            let key = ed25519_dalek::VerifyingKey::try_from(key.try_get_as_bytes()?);
            Ok(Box::new(EdDsaVerifier(key.map_err(|_| ErrorKind::InvalidEddsaKey)?)))
        }
        (Algorithm::ES256, AlgorithmFamily::Ec) => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key.try_get_as_bytes()?);
            Ok(Box::new(Es256Verifier(key.map_err(|_| ErrorKind::InvalidEcdsaKey)?)))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

/// HMAC-SHA256 under one key.
struct Hs256(HmacSha256);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.0.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    /// In a time that does not depend on where the two differ. A signature of another length is wrong.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// Ed25519 (RFC 8032 §5.1), as RFC 8037 §3.1 puts it into a JWS.
struct EdDsaSigner(ed25519_dalek::SigningKey);

impl Signer<Vec<u8>> for EdDsaSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let signature = self.0.try_sign(message).map_err(|_| Error::new())?;
        Ok(signature.to_bytes().to_vec())
    }
}

impl JwtSigner for EdDsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct EdDsaVerifier(ed25519_dalek::VerifyingKey);

impl Verifier<Vec<u8>> for EdDsaVerifier {
    /// Strictly: besides what RFC 8032 §5.1.7 asks, no key and no signature with a point of small order.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| Error::new())?;
        self.0.verify_strict(message, &signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for EdDsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

/// ECDSA with P-256 and SHA-256, with the nonces of RFC 6979. A signature is `r || s` (RFC 7518 §3.4), never DER.
struct Es256Signer(p256::ecdsa::SigningKey);

impl Signer<Vec<u8>> for Es256Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        let signature: p256::ecdsa::Signature = self.0.try_sign(message).map_err(|_| Error::new())?;
        Ok(signature.to_vec())
    }
}

impl JwtSigner for Es256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Es256Verifier(p256::ecdsa::VerifyingKey);

impl Verifier<Vec<u8>> for Es256Verifier {
    /// Both of the signatures `(r, s)` and `(r, n - s)` are good: RFC 7518 does not ask for the smaller `s`, and most
    /// signers, OpenSSL among them, make either. Nothing here tells tokens apart by their signatures.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| Error::new())?;
        self.0.verify(message, &signature).map_err(|_| Error::new())
    }
}

impl JwtVerifier for Es256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}
