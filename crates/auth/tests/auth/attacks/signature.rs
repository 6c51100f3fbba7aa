//! Signatures that are none.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use plinth_auth::TokenError;
use serde_json::json;

use crate::support::{KEY, NOW, Scheme, at, claims, flipped, header, signed, tokens, with};

#[test]
fn every_flipped_bit_is_noticed() {
    for scheme in Scheme::all() {
        let token = scheme.good();
        assert_eq!(scheme.verify(&token), Ok(()));
        let altered: Vec<String> = (0..token.len() * 8).filter_map(|bit| flipped(&token, bit)).collect();
        assert_eq!(altered.len(), token.len() * 7);
        for text in altered {
            assert!(scheme.verify(&text).is_err(), "{text}");
        }
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    for scheme in Scheme::all() {
        let token = scheme.good();
        let (message, _) = token.rsplit_once('.').expect("three parts");
        assert_eq!(scheme.verify(&format!("{message}.")), Err(TokenError::BadSignature));
        let none = with(scheme.header(), "alg", Some(json!("none"))).to_string();
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(none), URL_SAFE_NO_PAD.encode(claims().to_string()));
        for signature in ["", "AA", &"A".repeat(43)] {
            assert_eq!(
                scheme.verify(&format!("{message}.{signature}")),
                Err(TokenError::WrongAlgorithm),
                "{signature:?}"
            );
        }
    }
}

#[test]
fn a_shortened_or_padded_signature_is_refused() {
    for scheme in Scheme::all() {
        let token = scheme.good();
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("Base64url");
        for length in 0..bytes.len() {
            let shortened = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&bytes[..length]));
            assert_eq!(scheme.verify(&shortened), Err(TokenError::BadSignature), "{length} bytes");
        }
        let padded = URL_SAFE.encode(&bytes);
        assert!(padded.ends_with('='));
        assert_eq!(scheme.verify(&format!("{message}.{padded}")), Err(TokenError::BadSignature));
    }
}

#[test]
fn a_signature_under_another_key_is_refused() {
    for key in [&b""[..], b"test", b"0123456789abcdef0123456789abcdeF", &KEY[..31], b"secret"] {
        let token = signed(&header().to_string(), &claims().to_string(), key);
        assert_eq!(tokens().verify(&token, at(NOW)), Err(TokenError::BadSignature));
    }
}

#[test]
fn a_signature_of_zeros_or_ones_is_refused() {
    for scheme in Scheme::all() {
        let token = scheme.good();
        let (message, _) = token.rsplit_once('.').expect("three parts");
        for byte in [0, 1, 0xff] {
            for length in [0, 1, 32, 63, 64, 65, 96, 1000] {
                let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(vec![byte; length]));
                assert_eq!(scheme.verify(&forged), Err(TokenError::BadSignature), "{length} times {byte}");
            }
        }
    }
}

#[test]
fn a_longer_signature_is_refused() {
    for scheme in Scheme::all() {
        let token = scheme.good();
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let bytes = URL_SAFE_NO_PAD.decode(signature).expect("Base64url");
        for longer in
            [[&bytes[..], &[0]].concat(), [&[0], &bytes[..]].concat(), [&bytes[..], &bytes].concat()]
        {
            let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(longer));
            assert_eq!(scheme.verify(&forged), Err(TokenError::BadSignature));
        }
    }
}
