//! The keys that an issuer publishes, as another service reads them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::{AccessTokens, AccessVerifier, Algorithm, JwksError, KeyRing, TokenError, TrustedKeys};
use plinth_domain::UserId;
use serde_json::{Value, json};

use crate::support::{AUDIENCE, Counter, ISSUER, NOW, Scheme, USER, at, grant, settings, text, tokens, with};

fn read(keys: &[Value]) -> Result<Vec<String>, JwksError> {
    let keys = TrustedKeys::from_jwks(&json!({ "keys": keys }).to_string())?;
    Ok(keys.ids().map(str::to_owned).collect())
}

#[test]
fn a_service_verifies_by_what_the_server_publishes() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let entropy = Counter::default();
        let ring = KeyRing::generate(algorithm, at(NOW), &entropy).expect("keys");
        let server = AccessTokens::new(ring.key_set(), settings());
        let keys = TrustedKeys::from_jwks(&server.jwks().to_string()).expect("a key set");
        let service = AccessVerifier::new(keys, ISSUER, AUDIENCE);
        let issued = || server.issue(grant(), at(NOW), &entropy).expect("a token").into_string();
        let verified = service.verify(&issued(), at(NOW)).map(|claims| claims.user);
        assert_eq!(verified, Ok(UserId::from(USER)));

        // What the next key signs verifies without a new key set; what the one after it signs asks for one.
        let ring = ring.rotate(at(NOW), settings().access_ttl, &entropy).expect("rotated");
        server.replace_keys(ring.key_set());
        assert!(service.verify(&issued(), at(NOW)).is_ok());
        let ring = ring.rotate(at(NOW), settings().access_ttl, &entropy).expect("rotated");
        server.replace_keys(ring.key_set());
        let clone = service.clone();
        assert_eq!(clone.verify(&issued(), at(NOW)), Err(TokenError::UnknownKey));
        service.replace_keys(TrustedKeys::from_jwks(&server.jwks().to_string()).expect("a key set"));
        assert!(clone.verify(&issued(), at(NOW)).is_ok(), "clones share their keys");
    }
}

#[test]
fn keys_for_something_else_are_passed_over() {
    let rsa = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RS256", "use": "sig", "kid": "rsa"});
    for scheme in Scheme::asymmetric() {
        let good = scheme.jwk();
        let kid = text(&good, "kid").to_owned();
        for (name, value) in [
            ("kty", Some(json!("AKP"))),
            ("kty", Some(json!(1))),
            ("kty", None),
            ("crv", Some(json!("X25519"))),
            ("crv", Some(json!("P-384"))),
            ("crv", Some(json!("secp256k1"))),
            ("crv", None),
            ("alg", Some(json!("ES384"))),
            ("alg", Some(json!("HS256"))),
            ("alg", Some(json!("none"))),
            ("alg", Some(json!("eddsa"))),
            ("alg", None),
            ("use", Some(json!("enc"))),
            ("use", Some(json!(null))),
            ("key_ops", Some(json!(["sign"]))),
            ("key_ops", Some(json!("verify"))),
        ] {
            let other = with(with(good.clone(), "kid", Some(json!("other"))), name, value);
            assert_eq!(read(&[other.clone(), good.clone(), rsa.clone()]), Ok(vec![kid.clone()]), "{other}");
            assert_eq!(read(&[other, rsa.clone()]), Err(JwksError::NoKey));
        }
        for (name, value) in
            [("use", None), ("key_ops", Some(json!(["verify"]))), ("x5t", Some(json!("whatever else")))]
        {
            assert_eq!(read(&[with(good.clone(), name, value)]), Ok(vec![kid.clone()]), "{name}");
        }
    }
}

#[test]
fn a_set_with_a_secret_is_refused_as_a_whole() {
    for scheme in Scheme::asymmetric() {
        let good = scheme.jwk();
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in [json!("AAAA"), json!(null)] {
                let private = with(good.clone(), name, Some(value));
                assert_eq!(read(&[good.clone(), private.clone()]), Err(JwksError::PrivateKey), "{name}");
                let unknown = with(private, "kty", Some(json!("XYZ")));
                assert_eq!(read(&[good.clone(), unknown]), Err(JwksError::PrivateKey), "{name}");
            }
        }
        let symmetric = json!({"kty": "oct", "k": "AAAA", "alg": "HS256", "kid": "s"});
        assert_eq!(read(&[good.clone(), symmetric]), Err(JwksError::SymmetricKey));
        assert_eq!(read(&[good.clone(), json!({"kty": "oct"})]), Err(JwksError::SymmetricKey));
    }
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let ring = KeyRing::generate(algorithm, at(NOW), &Counter::default()).expect("keys");
        let refused = TrustedKeys::from_jwks(ring.to_json().expose()).map(|_| ());
        assert_eq!(refused, Err(JwksError::PrivateKey), "the file of the private keys");
    }
}

#[test]
fn a_broken_key_is_refused() {
    let [ed25519, p256] = Scheme::asymmetric().map(|scheme| scheme.jwk());
    let encoded = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    let mut neutral = [0; 32];
    neutral[0] = 1;
    for (jwk, name, value) in [
        (&ed25519, "kid", None),
        (&ed25519, "kid", Some(json!(7))),
        (&ed25519, "x", None),
        (&ed25519, "x", Some(json!(["AAAA"]))),
        (&ed25519, "x", Some(json!(""))),
        (&ed25519, "x", Some(encoded(&[9; 31]))),
        (&ed25519, "x", Some(encoded(&[9; 33]))),
        (&ed25519, "x", Some(json!(format!("{}=", text(&ed25519, "x"))))),
        // Points of small order, under which one signature is good for many messages.
        (&ed25519, "x", Some(encoded(&neutral))),
        (&ed25519, "x", Some(encoded(&[0; 32]))),
        (&p256, "kid", None),
        (&p256, "y", None),
        (&p256, "x", None),
        (&p256, "x", Some(p256["y"].clone())),
        (&p256, "y", Some(encoded(&[0; 32]))),
        (&p256, "x", Some(encoded(&[0xff; 32]))),
        (&p256, "y", Some(encoded(&[9; 31]))),
    ] {
        let broken = with(jwk.clone(), name, value);
        assert_eq!(read(std::slice::from_ref(&broken)), Err(JwksError::BrokenKey), "{broken}");
    }
    assert_eq!(read(&[ed25519.clone(), ed25519.clone()]), Err(JwksError::DuplicateId));
    let same = with(p256, "kid", Some(ed25519["kid"].clone()));
    assert_eq!(read(&[ed25519, same]), Err(JwksError::DuplicateId));
}

#[test]
fn what_is_no_key_set_is_refused() {
    for text in ["", "null", "[]", "{}", "{\"keys\": {}}", "{\"keys\": [1]}", "{\"keys\": [null]}", "<html>"]
    {
        assert_eq!(TrustedKeys::from_jwks(text).map(|_| ()), Err(JwksError::Malformed), "{text}");
    }
    let empty = tokens().jwks().to_string();
    assert_eq!(TrustedKeys::from_jwks(&empty).map(|_| ()), Err(JwksError::NoKey), "what HS256 publishes");
}

/// The identifier in a token chooses among the keys of the set, whatever it looks like.
#[test]
fn an_identifier_is_compared_and_never_looked_up() {
    for kid in [
        "",
        "../../etc/passwd",
        "' OR 1=1 --",
        "https://attacker.example/jwks.json",
        "ä\u{0}",
        &"k".repeat(900),
    ] {
        for scheme in Scheme::asymmetric() {
            let token = scheme.signed(
                &with(scheme.header(), "kid", Some(json!(kid))).to_string(),
                &crate::support::claims().to_string(),
            );
            let keys = |id: &str| {
                let jwk = with(scheme.jwk(), "kid", Some(json!(id)));
                TrustedKeys::from_jwks(&json!({ "keys": [jwk] }).to_string()).expect("a key set")
            };
            let verify =
                |keys| AccessVerifier::new(keys, ISSUER, AUDIENCE).verify(&token, at(NOW)).map(|_| ());
            assert_eq!(verify(keys(scheme.key.id())), Err(TokenError::UnknownKey), "{kid}");
            assert_eq!(verify(keys(kid)), Ok(()), "{kid}");
        }
    }
}
