//! Texts that are no token.

use plinth_auth::{MAX_ACCESS_TOKEN_BYTES, TokenError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Scheme, claims, with};

#[test]
fn header_and_claims_are_objects() {
    for scheme in Scheme::all() {
        let header_as_array = json!(["at+jwt", "HS256", "test"]).to_string();
        assert_eq!(
            scheme.verify(&scheme.signed(&header_as_array, &claims().to_string())),
            Err(TokenError::Malformed)
        );
        let values: Vec<Value> = ["iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp", "jti"]
            .iter()
            .map(|name| claims()[name].clone())
            .collect();
        assert_eq!(
            scheme.verify(&scheme.signed(&scheme.header().to_string(), &json!(values).to_string())),
            Err(TokenError::Malformed)
        );
        for text in ["", "null", "1", "\"a\"", "{", "{}", "{} {}", "\u{feff}{}"] {
            assert_eq!(
                scheme.verify(&scheme.signed(text, &claims().to_string())),
                Err(TokenError::Malformed),
                "{text:?}"
            );
            assert_eq!(
                scheme.verify(&scheme.signed(&scheme.header().to_string(), text)),
                Err(TokenError::Malformed),
                "{text:?}"
            );
        }
    }
}

#[test]
fn a_token_has_three_parts_and_nothing_around_them() {
    for scheme in Scheme::all() {
        let token = scheme.good();
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("{} parts", parts.len()) };
        for text in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            header.to_owned(),
            format!("{header}.{claims}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{header}.{header}.{claims}.{signature}"),
            format!("{header}..{claims}.{signature}"),
            format!(" {token}"),
            format!("{token} "),
            format!("{token}\n"),
            format!("Bearer {token}"),
            format!("{header}=.{claims}.{signature}"),
            "ä.ö.ü".to_owned(),
        ] {
            assert!(scheme.verify(&text).is_err(), "{text}");
        }
    }
}

#[test]
fn a_token_over_the_limit_is_not_looked_at() {
    for scheme in Scheme::all() {
        let filled = |length: usize| {
            let claims = with(claims(), "padding", Some(json!("x".repeat(length)))).to_string();
            scheme.signed(&scheme.header().to_string(), &claims)
        };
        let fits =
            (0..MAX_ACCESS_TOKEN_BYTES).rev().map(filled).find(|token| token.len() <= MAX_ACCESS_TOKEN_BYTES);
        let fits = fits.expect("a token that fits");
        assert!(fits.len() > MAX_ACCESS_TOKEN_BYTES - 4, "{} bytes", fits.len());
        assert_eq!(scheme.verify(&fits), Ok(()));
        assert_eq!(scheme.verify(&filled(MAX_ACCESS_TOKEN_BYTES)), Err(TokenError::TooLong));
        assert_eq!(scheme.verify(&".".repeat(10_000_000)), Err(TokenError::TooLong));
    }
}

#[test]
fn deep_nesting_is_refused() {
    for scheme in Scheme::all() {
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(scheme.verify(&scheme.signed(&deep, &claims().to_string())), Err(TokenError::Malformed));
        assert_eq!(
            scheme.verify(&scheme.signed(&scheme.header().to_string(), &deep)),
            Err(TokenError::Malformed)
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(text in "\\PC{0,200}", parts in prop::array::uniform3("[A-Za-z0-9_-]{0,60}")) {
        for scheme in Scheme::all() {
            prop_assert!(scheme.verify(&text).is_err());
            prop_assert!(scheme.verify(&parts.join(".")).is_err());
        }
    }
}
