//! Claims that are wrong though rightly signed.

use plinth_auth::TokenError;
use serde_json::json;

use crate::support::{AUDIENCE, NOW, Scheme, TTL, USER, claims};

#[test]
fn a_token_for_or_from_someone_else_is_refused() {
    for scheme in Scheme::all() {
        for iss in ["", "https://api.example.com/", "HTTPS://API.EXAMPLE.COM", "https://attacker.example"] {
            assert_eq!(scheme.with_claim("iss", Some(json!(iss))), Err(TokenError::WrongIssuer), "{iss:?}");
        }
        for aud in
            [json!(""), json!("https://app.example.com.attacker.example"), json!([]), json!(["a", "b"])]
        {
            assert_eq!(scheme.with_claim("aud", Some(aud.clone())), Err(TokenError::WrongAudience), "{aud}");
        }
        for aud in [json!([AUDIENCE]), json!(["https://other.example.com", AUDIENCE])] {
            assert_eq!(scheme.with_claim("aud", Some(aud.clone())), Ok(()), "{aud}");
        }
        for aud in [json!(null), json!(1), json!({AUDIENCE: true}), json!([AUDIENCE, 1]), json!([[AUDIENCE]])]
        {
            assert_eq!(scheme.with_claim("aud", Some(aud.clone())), Err(TokenError::Malformed), "{aud}");
        }
    }
}

#[test]
fn dates_are_whole_seconds_in_years_that_exist() {
    for scheme in Scheme::all() {
        for name in ["exp", "iat", "nbf"] {
            for date in [
                json!(null),
                json!(""),
                json!("1790000000"),
                json!(1_790_000_000.0),
                json!(1_790_000_000.5),
                json!(1e300),
                json!(-1),
                json!(i64::MIN),
                json!(i64::MAX),
                json!(u64::MAX),
                json!(253_402_300_800_i64),
                json!(true),
                json!([NOW + TTL]),
            ] {
                assert_eq!(
                    scheme.with_claim(name, Some(date.clone())),
                    Err(TokenError::Malformed),
                    "{name}: {date}"
                );
            }
            // A number that only exists as text.
            let claims =
                claims().to_string().replace(&format!("\"{name}\":"), &format!("\"{name}\":1e999999,\"x\":"));
            assert_eq!(
                scheme.verify(&scheme.signed(&scheme.header().to_string(), &claims)),
                Err(TokenError::Malformed),
                "{name}"
            );
        }
        assert_eq!(scheme.with_claim("exp", Some(json!(253_402_300_799_i64))), Ok(()));
    }
}

#[test]
fn dates_are_compared() {
    for scheme in Scheme::all() {
        for (name, date, expected) in [
            ("exp", NOW - 5, Err(TokenError::Expired)),
            ("exp", NOW - 4, Ok(())),
            ("exp", 0, Err(TokenError::Expired)),
            ("nbf", NOW + 5, Ok(())),
            ("nbf", NOW + 6, Err(TokenError::NotYetValid)),
            ("iat", NOW + 5, Ok(())),
            ("iat", NOW + 6, Err(TokenError::NotYetValid)),
        ] {
            assert_eq!(scheme.with_claim(name, Some(json!(date))), expected, "{name} {:+}", date - NOW);
        }
    }
}

#[test]
fn ids_role_and_jti_have_one_form() {
    for scheme in Scheme::all() {
        for name in ["sub", "sid"] {
            for id in [
                "",
                "1",
                "admin",
                &USER.simple().to_string(),
                &USER.braced().to_string(),
                &USER.urn().to_string(),
            ] {
                assert_eq!(
                    scheme.with_claim(name, Some(json!(id))),
                    Err(TokenError::Malformed),
                    "{name}: {id}"
                );
            }
        }
        for role in ["", "root", "Admin", "ADMIN", "superuser"] {
            assert_eq!(scheme.with_claim("role", Some(json!(role))), Err(TokenError::Malformed), "{role}");
        }
        let jtis = [
            "",
            "7",
            "7.",
            ".abc",
            "abc.7",
            "-1.abc",
            "+7.abc",
            "07.abc",
            "00.abc",
            " 7.abc",
            "4294967296.abc",
        ];
        for jti in jtis {
            assert_eq!(scheme.with_claim("jti", Some(json!(jti))), Err(TokenError::Malformed), "{jti:?}");
        }
        for jti in ["0.a", "4294967295.a"] {
            assert_eq!(scheme.with_claim("jti", Some(json!(jti))), Ok(()), "{jti:?}");
        }
    }
}

#[test]
fn every_claim_is_required_and_stands_once() {
    for scheme in Scheme::all() {
        let names: Vec<String> = claims().as_object().expect("an object").keys().cloned().collect();
        assert_eq!(names.len(), 9);
        for name in names {
            assert_eq!(scheme.with_claim(&name, None), Err(TokenError::Malformed), "without {name}");
            let twice = claims().to_string().replacen('{', &format!("{{\"{name}\":{},", claims()[&name]), 1);
            let twice = scheme.signed(&scheme.header().to_string(), &twice);
            assert_eq!(scheme.verify(&twice), Err(TokenError::Malformed), "{name} twice");
        }
        for name in ["alg", "kid", "typ"] {
            let twice = scheme.header().to_string().replacen(
                '{',
                &format!("{{\"{name}\":{},", scheme.header()[name]),
                1,
            );
            assert_eq!(
                scheme.verify(&scheme.signed(&twice, &claims().to_string())),
                Err(TokenError::Malformed),
                "{name} twice"
            );
        }
        assert_eq!(
            scheme.with_claim("scope", Some(json!("whatever else"))),
            Ok(()),
            "RFC 7519 §4: others are ignored"
        );
    }
}
