//! Tokens that another library made: PyJWT. `pyjwt/make.py` says how.

use plinth_auth::{AccessVerifier, KeyRing, TokenError, TrustedKeys};
use serde_json::Value;

use crate::support::{AUDIENCE, ISSUER, NOW, SESSION, USER, at};

fn fixtures() -> Value {
    serde_json::from_str(include_str!("pyjwt/tokens.json")).expect("JSON")
}

fn verifier() -> AccessVerifier {
    let keys = TrustedKeys::from_jwks(&fixtures()["jwks"].to_string()).expect("a key set");
    AccessVerifier::new(keys, ISSUER, AUDIENCE)
}

fn verify(name: &str) -> Result<(), TokenError> {
    let fixtures = fixtures();
    let claims = verifier().verify(fixtures[name].as_str().expect("a token"), at(NOW))?;
    assert_eq!((claims.user.uuid(), claims.session.uuid()), (USER, SESSION));
    Ok(())
}

#[test]
fn its_tokens_verify_with_its_key_set() {
    assert_eq!(verify("eddsa"), Ok(()));
    assert_eq!(verify("es256"), Ok(()));
}

#[test]
fn its_key_set_names_keys_by_the_thumbprints_that_ours_have() {
    let keys = TrustedKeys::from_jwks(&fixtures()["jwks"].to_string()).expect("a key set");
    let named: Vec<&str> = keys.ids().collect();
    assert_eq!(named.len(), 2);
    for (id, pem) in named.iter().zip(fixtures()["pems"].as_array().expect("two")) {
        let ring = KeyRing::parse(pem.as_str().expect("a text")).expect("a key");
        assert_eq!(ring.list()[0].id, *id);
    }
}

/// The equation of RFC 8032 holds for the first; OpenSSL and others accept it, and two verifiers that disagree about a
/// token are a hole.
#[test]
fn signatures_of_ed25519_have_one_form() {
    assert_eq!(verify("eddsa_small_order"), Err(TokenError::BadSignature));
    assert_eq!(verify("eddsa_s_beyond_the_order"), Err(TokenError::BadSignature));
}

/// RFC 7518 asks for no particular one of the two values of `s`, and most signers make either.
#[test]
fn both_values_of_s_are_good_for_es256() {
    assert_eq!(verify("es256_other_s"), Ok(()));
}

#[test]
fn a_signature_of_es256_in_der_is_refused() {
    assert_eq!(verify("es256_der"), Err(TokenError::BadSignature));
}
