//! One key taken for another, or for a key of another algorithm.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use plinth_auth::{AccessTokens, AccessVerifier, Algorithm, KeySet, TokenError, TrustedKeys};
use serde_json::{Value, json};

use crate::support::{AUDIENCE, ISSUER, NOW, Scheme, at, claims, settings, signed, text, with};

/// What an attacker has of a published key, in each form that a careless verifier may take for a secret.
fn public_forms(jwk: &Value) -> Vec<Vec<u8>> {
    let coordinate = |name| URL_SAFE_NO_PAD.decode(text(jwk, name)).expect("Base64url");
    let (raw, spki) = if jwk["kty"] == "OKP" {
        let spki = [&b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..], &coordinate("x")].concat();
        (coordinate("x"), spki)
    } else {
        let point = [&[4][..], &coordinate("x"), &coordinate("y")].concat();
        let prefix = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
        (point.clone(), [&prefix[..], &point].concat())
    };
    let body = STANDARD.encode(&spki);
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("ASCII")).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
    vec![
        coordinate("x"),
        raw,
        spki,
        pem.clone().into_bytes(),
        format!("{pem}\n").into_bytes(),
        jwk.to_string().into_bytes(),
        text(jwk, "x").as_bytes().to_vec(),
        text(jwk, "kid").as_bytes().to_vec(),
    ]
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    for scheme in Scheme::asymmetric() {
        let forms = public_forms(&scheme.jwk());
        for (alg, expected) in [
            ("HS256", TokenError::WrongAlgorithm),
            ("HS512", TokenError::WrongAlgorithm),
            (scheme.algorithm.name(), TokenError::BadSignature),
        ] {
            let header = with(scheme.header(), "alg", Some(json!(alg))).to_string();
            for form in &forms {
                let forged = signed(&header, &claims().to_string(), form);
                assert_eq!(scheme.verify(&forged), Err(expected), "{alg}");
            }
        }
    }
}

/// The same for a service that has the published keys alone.
#[test]
fn a_service_with_public_keys_takes_no_hs256() {
    for scheme in Scheme::asymmetric() {
        let keys = TrustedKeys::from_jwks(&scheme.tokens().jwks().to_string()).expect("a key set");
        let service = AccessVerifier::new(keys, ISSUER, AUDIENCE);
        assert!(service.verify(&scheme.good(), at(NOW)).is_ok());
        let header = with(scheme.header(), "alg", Some(json!("HS256"))).to_string();
        for form in public_forms(&scheme.jwk()) {
            let forged = signed(&header, &claims().to_string(), &form);
            assert_eq!(service.verify(&forged, at(NOW)), Err(TokenError::WrongAlgorithm));
        }
    }
}

#[test]
fn each_key_of_a_set_has_one_algorithm_and_its_own_signatures() {
    let schemes = Scheme::all();
    let [first, second, third] = &schemes;
    let set = KeySet::new(first.key.clone()).accepting(second.key.clone()).accepting(third.key.clone());
    let tokens = AccessTokens::new(set, settings());
    for named in &schemes {
        for signer in &schemes {
            let same = named.algorithm == signer.algorithm;
            // The algorithm of the signature, then the one of the key that is named.
            for (alg, refusal) in
                [(signer.algorithm, TokenError::WrongAlgorithm), (named.algorithm, TokenError::BadSignature)]
            {
                let header = json!({"typ": "at+jwt", "alg": alg.name(), "kid": named.key.id()}).to_string();
                let token = signer.signed(&header, &claims().to_string());
                let expected = if same { Ok(()) } else { Err(refusal) };
                assert_eq!(tokens.verify(&token, at(NOW)).map(|_| ()), expected);
            }
        }
    }
}

#[test]
fn a_set_publishes_its_public_keys_and_nothing_of_the_symmetric_one() {
    let [symmetric, first, second] = Scheme::all();
    let set = KeySet::new(first.key.clone()).accepting(symmetric.key.clone()).accepting(second.key.clone());
    let jwks = AccessTokens::new(set, settings()).jwks();
    assert_eq!(jwks, json!({"keys": [first.jwk(), second.jwk()]}));
    for (scheme, members) in [
        (&first, &["alg", "crv", "kid", "kty", "use", "x"][..]),
        (&second, &["alg", "crv", "kid", "kty", "use", "x", "y"]),
    ] {
        let jwk = scheme.jwk();
        let mut names: Vec<&str> = jwk.as_object().expect("an object").keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, members);
        assert_eq!((text(&jwk, "use"), text(&jwk, "alg")), ("sig", scheme.algorithm.name()));
        let kty = if scheme.algorithm == Algorithm::EdDsa { "OKP" } else { "EC" };
        assert_eq!((text(&jwk, "kty"), text(&jwk, "kid")), (kty, scheme.key.id()));
    }
}
