//! Headers that ask for more than they get.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::TokenError;
use serde_json::json;

use crate::support::{KEY, Scheme};

#[test]
fn only_the_algorithm_of_the_key_is_accepted() {
    for scheme in Scheme::all() {
        let others = [
            "none", "None", "NONE", "nOnE", "", "hs256", "HS256", "HS256 ", "HS384", "HS512", "RS256",
            "ES256", "es256", "ES256K", "ES384", "PS256", "EdDSA", "eddsa", "Ed25519", "Ed448",
        ];
        for alg in others.into_iter().filter(|alg| *alg != scheme.algorithm.name()) {
            assert_eq!(
                scheme.with_header("alg", Some(json!(alg))),
                Err(TokenError::WrongAlgorithm),
                "{alg:?}"
            );
        }
        for alg in [None, Some(json!(null)), Some(json!(256)), Some(json!(["HS256"]))] {
            assert_eq!(scheme.with_header("alg", alg.clone()), Err(TokenError::Malformed), "{alg:?}");
        }
    }
}

#[test]
fn a_header_that_brings_its_own_key_is_refused() {
    for scheme in Scheme::all() {
        let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(KEY)});
        for (name, value) in [
            ("jku", json!("https://attacker.example/keys")),
            ("jwk", jwk),
            ("x5u", json!("https://attacker.example/cert")),
            ("x5c", json!(["MIIB"])),
            ("crit", json!(["exp"])),
            ("crit", json!([])),
        ] {
            for value in [value, json!(null), json!(""), json!({})] {
                assert_eq!(
                    scheme.with_header(name, Some(value.clone())),
                    Err(TokenError::RefusedHeader),
                    "{name}: {value}"
                );
            }
        }
        assert_eq!(
            scheme.with_header("cty", Some(json!("whatever else"))),
            Ok(()),
            "RFC 7515 §4: others are ignored"
        );
    }
}

#[test]
fn a_key_must_be_named_and_known() {
    for scheme in Scheme::all() {
        for kid in ["", "TEST", "test2", "../../dev/null", "' OR 1=1 --", "test\0"] {
            assert_eq!(scheme.with_header("kid", Some(json!(kid))), Err(TokenError::UnknownKey), "{kid:?}");
        }
        for kid in [None, Some(json!(null)), Some(json!(0)), Some(json!(["test"]))] {
            assert_eq!(scheme.with_header("kid", kid.clone()), Err(TokenError::Malformed), "{kid:?}");
        }
    }
}

#[test]
fn only_an_access_token_is_one() {
    for scheme in Scheme::all() {
        for typ in ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+jwt"] {
            assert_eq!(scheme.with_header("typ", Some(json!(typ))), Ok(()), "{typ:?}");
        }
        for typ in [
            "",
            "JWT",
            "jwt",
            "at",
            "at+jwt ",
            "id+jwt",
            "text/at+jwt",
            "application/",
            "application/jwt",
            "äat+jwt",
        ] {
            assert_eq!(scheme.with_header("typ", Some(json!(typ))), Err(TokenError::WrongType), "{typ:?}");
        }
        assert_eq!(scheme.with_header("typ", None), Err(TokenError::Malformed));
    }
}
