//! Access tokens that someone made up or altered.

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use plinth_auth::{MAX_ACCESS_TOKEN_BYTES, TokenError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{AUDIENCE, KEY, NOW, TTL, USER, at, claims, flipped, header, signed, tokens, with};

fn verify(token: &str) -> Result<(), TokenError> {
    tokens().verify(token, at(NOW)).map(|_| ())
}

/// A rightly signed token with one member of the header set, or taken out.
fn with_header(name: &str, value: Option<Value>) -> Result<(), TokenError> {
    verify(&signed(&with(header(), name, value).to_string(), &claims().to_string(), &KEY))
}

/// A rightly signed token with one claim set, or taken out.
fn with_claim(name: &str, value: Option<Value>) -> Result<(), TokenError> {
    verify(&signed(&header().to_string(), &with(claims(), name, value).to_string(), &KEY))
}

fn good() -> String {
    signed(&header().to_string(), &claims().to_string(), &KEY)
}

#[test]
fn every_flipped_bit_is_noticed() {
    let token = good();
    assert_eq!(verify(&token), Ok(()));
    let altered: Vec<String> = (0..token.len() * 8).filter_map(|bit| flipped(&token, bit)).collect();
    assert_eq!(altered.len(), token.len() * 7);
    for text in altered {
        assert!(verify(&text).is_err(), "{text}");
    }
}

#[test]
fn only_the_algorithm_of_the_key_is_accepted() {
    let others = [
        "none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "HS384", "HS512", "RS256", "ES256", "PS256",
        "EdDSA",
    ];
    for alg in others {
        assert_eq!(with_header("alg", Some(json!(alg))), Err(TokenError::WrongAlgorithm), "{alg:?}");
    }
    for alg in [None, Some(json!(null)), Some(json!(256)), Some(json!(["HS256"]))] {
        assert_eq!(with_header("alg", alg.clone()), Err(TokenError::Malformed), "{alg:?}");
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    let token = good();
    let (message, _) = token.rsplit_once('.').expect("three parts");
    assert_eq!(verify(&format!("{message}.")), Err(TokenError::BadSignature));
    let none = with(header(), "alg", Some(json!("none"))).to_string();
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(none), URL_SAFE_NO_PAD.encode(claims().to_string()));
    for signature in ["", "AA", &"A".repeat(43)] {
        assert_eq!(
            verify(&format!("{message}.{signature}")),
            Err(TokenError::WrongAlgorithm),
            "{signature:?}"
        );
    }
}

#[test]
fn a_signature_under_another_key_is_refused() {
    for key in [&b""[..], b"test", b"0123456789abcdef0123456789abcdeF", &KEY[..31], b"secret"] {
        let token = signed(&header().to_string(), &claims().to_string(), key);
        assert_eq!(verify(&token), Err(TokenError::BadSignature));
    }
}

#[test]
fn a_shortened_or_padded_signature_is_refused() {
    let token = good();
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(signature).expect("Base64url");
    for length in 0..bytes.len() {
        let shortened = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&bytes[..length]));
        assert_eq!(verify(&shortened), Err(TokenError::BadSignature), "{length} bytes");
    }
    let padded = URL_SAFE.encode(&bytes);
    assert!(padded.ends_with('='));
    assert_eq!(verify(&format!("{message}.{padded}")), Err(TokenError::BadSignature));
}

#[test]
fn a_header_that_brings_its_own_key_is_refused() {
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
                with_header(name, Some(value.clone())),
                Err(TokenError::RefusedHeader),
                "{name}: {value}"
            );
        }
    }
    assert_eq!(with_header("cty", Some(json!("whatever else"))), Ok(()), "RFC 7515 §4: others are ignored");
}

#[test]
fn a_key_must_be_named_and_known() {
    for kid in ["", "TEST", "test2", "../../dev/null", "' OR 1=1 --", "test\0"] {
        assert_eq!(with_header("kid", Some(json!(kid))), Err(TokenError::UnknownKey), "{kid:?}");
    }
    for kid in [None, Some(json!(null)), Some(json!(0)), Some(json!(["test"]))] {
        assert_eq!(with_header("kid", kid.clone()), Err(TokenError::Malformed), "{kid:?}");
    }
}

#[test]
fn only_an_access_token_is_one() {
    for typ in ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+jwt"] {
        assert_eq!(with_header("typ", Some(json!(typ))), Ok(()), "{typ:?}");
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
        assert_eq!(with_header("typ", Some(json!(typ))), Err(TokenError::WrongType), "{typ:?}");
    }
    assert_eq!(with_header("typ", None), Err(TokenError::Malformed));
}

#[test]
fn a_token_for_or_from_someone_else_is_refused() {
    for iss in ["", "https://api.example.com/", "HTTPS://API.EXAMPLE.COM", "https://attacker.example"] {
        assert_eq!(with_claim("iss", Some(json!(iss))), Err(TokenError::WrongIssuer), "{iss:?}");
    }
    for aud in [json!(""), json!("https://app.example.com.attacker.example"), json!([]), json!(["a", "b"])] {
        assert_eq!(with_claim("aud", Some(aud.clone())), Err(TokenError::WrongAudience), "{aud}");
    }
    for aud in [json!([AUDIENCE]), json!(["https://other.example.com", AUDIENCE])] {
        assert_eq!(with_claim("aud", Some(aud.clone())), Ok(()), "{aud}");
    }
    for aud in [json!(null), json!(1), json!({AUDIENCE: true}), json!([AUDIENCE, 1]), json!([[AUDIENCE]])] {
        assert_eq!(with_claim("aud", Some(aud.clone())), Err(TokenError::Malformed), "{aud}");
    }
}

#[test]
fn dates_are_whole_seconds_in_years_that_exist() {
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
            assert_eq!(with_claim(name, Some(date.clone())), Err(TokenError::Malformed), "{name}: {date}");
        }
        // A number that only exists as text.
        let claims =
            claims().to_string().replace(&format!("\"{name}\":"), &format!("\"{name}\":1e999999,\"x\":"));
        assert_eq!(
            verify(&signed(&header().to_string(), &claims, &KEY)),
            Err(TokenError::Malformed),
            "{name}"
        );
    }
    assert_eq!(with_claim("exp", Some(json!(253_402_300_799_i64))), Ok(()));
}

#[test]
fn dates_are_compared() {
    for (name, date, expected) in [
        ("exp", NOW - 5, Err(TokenError::Expired)),
        ("exp", NOW - 4, Ok(())),
        ("exp", 0, Err(TokenError::Expired)),
        ("nbf", NOW + 5, Ok(())),
        ("nbf", NOW + 6, Err(TokenError::NotYetValid)),
        ("iat", NOW + 5, Ok(())),
        ("iat", NOW + 6, Err(TokenError::NotYetValid)),
    ] {
        assert_eq!(with_claim(name, Some(json!(date))), expected, "{name} {:+}", date - NOW);
    }
}

#[test]
fn ids_role_and_jti_have_one_form() {
    for name in ["sub", "sid"] {
        for id in [
            "",
            "1",
            "admin",
            &USER.simple().to_string(),
            &USER.braced().to_string(),
            &USER.urn().to_string(),
        ] {
            assert_eq!(with_claim(name, Some(json!(id))), Err(TokenError::Malformed), "{name}: {id}");
        }
    }
    for role in ["", "root", "Admin", "ADMIN", "superuser"] {
        assert_eq!(with_claim("role", Some(json!(role))), Err(TokenError::Malformed), "{role}");
    }
    let jtis =
        ["", "7", "7.", ".abc", "abc.7", "-1.abc", "+7.abc", "07.abc", "00.abc", " 7.abc", "4294967296.abc"];
    for jti in jtis {
        assert_eq!(with_claim("jti", Some(json!(jti))), Err(TokenError::Malformed), "{jti:?}");
    }
    for jti in ["0.a", "4294967295.a"] {
        assert_eq!(with_claim("jti", Some(json!(jti))), Ok(()), "{jti:?}");
    }
}

#[test]
fn every_claim_is_required_and_stands_once() {
    let names: Vec<String> = claims().as_object().expect("an object").keys().cloned().collect();
    assert_eq!(names.len(), 9);
    for name in names {
        assert_eq!(with_claim(&name, None), Err(TokenError::Malformed), "without {name}");
        let twice = claims().to_string().replacen('{', &format!("{{\"{name}\":{},", claims()[&name]), 1);
        let twice = signed(&header().to_string(), &twice, &KEY);
        assert_eq!(verify(&twice), Err(TokenError::Malformed), "{name} twice");
    }
    for name in ["alg", "kid", "typ"] {
        let twice = header().to_string().replacen('{', &format!("{{\"{name}\":{},", header()[name]), 1);
        assert_eq!(
            verify(&signed(&twice, &claims().to_string(), &KEY)),
            Err(TokenError::Malformed),
            "{name} twice"
        );
    }
    assert_eq!(with_claim("scope", Some(json!("whatever else"))), Ok(()), "RFC 7519 §4: others are ignored");
}

#[test]
fn header_and_claims_are_objects() {
    let header_as_array = json!(["at+jwt", "HS256", "test"]).to_string();
    assert_eq!(verify(&signed(&header_as_array, &claims().to_string(), &KEY)), Err(TokenError::Malformed));
    let values: Vec<Value> = ["iss", "aud", "sub", "sid", "role", "iat", "nbf", "exp", "jti"]
        .iter()
        .map(|name| claims()[name].clone())
        .collect();
    assert_eq!(
        verify(&signed(&header().to_string(), &json!(values).to_string(), &KEY)),
        Err(TokenError::Malformed)
    );
    for text in ["", "null", "1", "\"a\"", "{", "{}", "{} {}", "\u{feff}{}"] {
        assert_eq!(
            verify(&signed(text, &claims().to_string(), &KEY)),
            Err(TokenError::Malformed),
            "{text:?}"
        );
        assert_eq!(
            verify(&signed(&header().to_string(), text, &KEY)),
            Err(TokenError::Malformed),
            "{text:?}"
        );
    }
}

#[test]
fn a_token_has_three_parts_and_nothing_around_them() {
    let token = good();
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
        assert!(verify(&text).is_err(), "{text}");
    }
}

#[test]
fn a_token_over_the_limit_is_not_looked_at() {
    let filled = |length: usize| {
        let claims = with(claims(), "padding", Some(json!("x".repeat(length)))).to_string();
        signed(&header().to_string(), &claims, &KEY)
    };
    let fits =
        (0..MAX_ACCESS_TOKEN_BYTES).rev().map(filled).find(|token| token.len() <= MAX_ACCESS_TOKEN_BYTES);
    let fits = fits.expect("a token that fits");
    assert!(fits.len() > MAX_ACCESS_TOKEN_BYTES - 4, "{} bytes", fits.len());
    assert_eq!(verify(&fits), Ok(()));
    assert_eq!(verify(&filled(MAX_ACCESS_TOKEN_BYTES)), Err(TokenError::TooLong));
    assert_eq!(verify(&".".repeat(10_000_000)), Err(TokenError::TooLong));
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    assert_eq!(verify(&signed(&deep, &claims().to_string(), &KEY)), Err(TokenError::Malformed));
    assert_eq!(verify(&signed(&header().to_string(), &deep, &KEY)), Err(TokenError::Malformed));
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(text in "\\PC{0,200}", parts in prop::array::uniform3("[A-Za-z0-9_-]{0,60}")) {
        prop_assert!(verify(&text).is_err());
        prop_assert!(verify(&parts.join(".")).is_err());
    }
}
