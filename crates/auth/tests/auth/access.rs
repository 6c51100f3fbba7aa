//! Access tokens: issued, verified, and their times.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::{
    AccessTokens, AccessVerifier, Algorithm, Grant, Key, KeySet, LEEWAY, NotIssued, SystemEntropy,
    TokenError, TokenSettings,
};
use plinth_domain::{Role, SessionId, UserId};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    AUDIENCE, Counter, ISSUER, KEY, NOW, SESSION, TTL, USER, at, claims, grant, header, settings, signed,
    tokens,
};

fn part(token: &str, n: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).expect("a part")).expect("Base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn a_token_carries_exactly_the_claims_of_the_contract() {
    let token = tokens().issue(grant(), at(NOW), &Counter::default()).expect("a token").into_string();
    assert_eq!(part(&token, 0), json!({"typ": "at+jwt", "alg": "HS256", "kid": "test"}));
    let issued = part(&token, 1);
    let jti = issued["jti"].as_str().expect("a text");
    let random = jti.strip_prefix("7.").expect("the generation first");
    assert_eq!(URL_SAFE_NO_PAD.decode(random).expect("Base64url").len(), 16);
    assert_eq!(
        issued,
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": USER.to_string(), "sid": SESSION.to_string(), "role": "editor",
            "iat": NOW, "nbf": NOW, "exp": NOW + TTL, "jti": jti,
        })
    );
}

#[test]
fn the_signature_is_that_of_rfc_7515() {
    let token = tokens().issue(grant(), at(NOW), &Counter::default()).expect("a token").into_string();
    let decoded = |n| String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(n)?).ok()?).ok();
    let (header, claims) = (decoded(0).expect("a header"), decoded(1).expect("claims"));
    assert_eq!(token, signed(&header, &claims, &KEY));
}

#[test]
fn no_two_tokens_are_the_same() {
    let (tokens, entropy) = (tokens(), Counter::default());
    let first = tokens.issue(grant(), at(NOW), &entropy).expect("a token").into_string();
    assert_ne!(first, tokens.issue(grant(), at(NOW), &entropy).expect("a token").into_string());
}

#[test]
fn a_token_by_hand_verifies() {
    let verified = tokens().verify(&signed(&header().to_string(), &claims().to_string(), &KEY), at(NOW));
    let verified = verified.expect("a good token");
    assert_eq!((verified.user, verified.session), (UserId::from(USER), SessionId::from(SESSION)));
    assert_eq!((verified.role, verified.generation, verified.id.as_str()), (Role::Editor, 7, "7.abc"));
    assert_eq!((verified.issued_at, verified.expires_at), (at(NOW), at(NOW + TTL)));
}

proptest! {
    #[test]
    fn verifying_gives_back_what_was_issued(
        ids: (u128, u128),
        role in prop::sample::select(&Role::ALL[..]),
        generation: u32,
        issuer in "\\PC{0,40}",
        audience in "\\PC{0,40}",
        ttl in 1_i64..10_000_000,
        now in 0_i64..200_000_000_000,
        later in 0.0..1.0,
    ) {
        let settings = TokenSettings { issuer, audience, access_ttl: Duration::from_secs(ttl.unsigned_abs()) };
        let tokens = AccessTokens::new(KeySet::from_secret(b"secret"), settings);
        let grant = Grant {
            user: UserId::from(Uuid::from_u128(ids.0)),
            session: SessionId::from(Uuid::from_u128(ids.1)),
            role,
            generation,
        };
        let token = tokens.issue(grant, at(now), &SystemEntropy).expect("a token").into_string();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "any instant in between")]
        let later = (ttl as f64 * later) as i64;
        let claims = tokens.verify(&token, at(now + later)).expect("a good token");
        prop_assert_eq!(
            (claims.user, claims.session, claims.role, claims.generation),
            (grant.user, grant.session, grant.role, grant.generation)
        );
        prop_assert_eq!((claims.issued_at, claims.expires_at), (at(now), at(now + ttl)));
    }
}

#[test]
fn a_token_holds_from_its_issue_to_its_expiry_and_a_leeway_around() {
    let (tokens, leeway) = (tokens(), 5_i64);
    assert!(LEEWAY <= Duration::from_secs(leeway.unsigned_abs()), "the contract allows no more");
    let token = tokens.issue(grant(), at(NOW), &Counter::default()).expect("a token").into_string();
    let microsecond = Duration::from_micros(1);
    for (now, expected) in [
        (at(NOW - leeway - 1).plus(Duration::from_secs(1) - microsecond), Err(TokenError::NotYetValid)),
        (at(NOW - leeway), Ok(())),
        (at(NOW), Ok(())),
        (at(NOW + TTL), Ok(())),
        (at(NOW + TTL + leeway - 1).plus(Duration::from_secs(1) - microsecond), Ok(())),
        (at(NOW + TTL + leeway), Err(TokenError::Expired)),
        (at(NOW * 2), Err(TokenError::Expired)),
        (at(0), Err(TokenError::NotYetValid)),
    ] {
        assert_eq!(tokens.verify(&token, now).map(|_| ()), expected, "{now}");
    }
}

#[test]
fn a_token_issued_within_a_second_counts_from_its_beginning() {
    let (tokens, now) = (tokens(), at(NOW).plus(Duration::from_millis(900)));
    let token = tokens.issue(grant(), now, &Counter::default()).expect("a token").into_string();
    let claims = tokens.verify(&token, now).expect("a good token");
    assert_eq!((claims.issued_at, claims.expires_at), (at(NOW), at(NOW + TTL)));
}

#[test]
fn no_token_is_issued_for_a_time_it_could_not_state() {
    let year_9999 = 253_402_300_799;
    for now in [-1, year_9999 - TTL + 1, year_9999] {
        let issued = tokens().issue(grant(), at(now), &Counter::default());
        assert_eq!(issued, Err(NotIssued), "{now}");
    }
    assert!(tokens().issue(grant(), at(year_9999 - TTL), &Counter::default()).is_ok());
    let endless = TokenSettings { access_ttl: Duration::MAX, ..settings() };
    let endless = AccessTokens::new(KeySet::from_secret(b"secret"), endless);
    assert_eq!(endless.issue(grant(), at(NOW), &Counter::default()), Err(NotIssued));
}

#[test]
fn a_key_that_was_active_before_is_accepted_as_long_as_it_is_in_the_set() {
    let (old, new) = (Key::from_secret(b"old secret"), Key::from_secret(b"new secret"));
    let before = AccessTokens::new(KeySet::new(old.clone()), settings());
    let during = AccessTokens::new(KeySet::new(new.clone()).accepting(old), settings());
    let after = AccessTokens::new(KeySet::new(new), settings());
    let from_before = before.issue(grant(), at(NOW), &Counter::default()).expect("a token").into_string();
    let from_during = during.issue(grant(), at(NOW), &Counter::default()).expect("a token").into_string();

    assert!(during.verify(&from_before, at(NOW)).is_ok());
    assert_eq!(after.verify(&from_before, at(NOW)), Err(TokenError::UnknownKey));
    assert!(after.verify(&from_during, at(NOW)).is_ok());
    assert_eq!(before.verify(&from_during, at(NOW)), Err(TokenError::UnknownKey));
}

#[test]
fn a_key_from_a_secret_is_the_same_each_time_and_tells_nothing_of_it() {
    let secret = "a secret of thirty-two bytes or more";
    let (key, again) = (Key::from_secret(secret.as_bytes()), Key::from_secret(secret.as_bytes()));
    assert_eq!((key.id(), key.algorithm()), (again.id(), Algorithm::Hs256));
    assert_eq!(URL_SAFE_NO_PAD.decode(key.id()).expect("Base64url").len(), 8);
    assert_ne!(key.id(), Key::from_secret(b"another secret").id());

    let tokens = AccessTokens::new(KeySet::new(key), settings());
    let header = json!({"typ": "at+jwt", "alg": "HS256", "kid": again.id()}).to_string();
    let by_the_secret = signed(&header, &claims().to_string(), secret.as_bytes());
    assert_eq!(tokens.verify(&by_the_secret, at(NOW)), Err(TokenError::BadSignature));
}

#[test]
fn a_new_version_derives_the_keys_that_older_ones_did() {
    // Computed with Python's `hmac` from the labels; other values would end every token that is out.
    let key = Key::from_secret(b"a secret of thirty-two bytes or more");
    assert_eq!(key.id(), "QyJftb2QypY");
    let derived = URL_SAFE_NO_PAD.decode("UQ-duOTni1DhB9qzqXYQNLLYC0uGF7Dw6bTZwTn5rf4").expect("Base64url");
    let header = json!({"typ": "at+jwt", "alg": "HS256", "kid": key.id()}).to_string();
    let token = signed(&header, &claims().to_string(), &derived);
    assert!(AccessTokens::new(KeySet::new(key), settings()).verify(&token, at(NOW)).is_ok());
}

#[test]
fn another_rust_service_verifies_with_the_same_secret() {
    let secret = b"a secret of thirty-two bytes or more";
    let server = AccessTokens::new(KeySet::from_secret(secret), settings());
    let other = AccessVerifier::new(KeySet::from_secret(secret), ISSUER, AUDIENCE);
    let token = server.issue(grant(), at(NOW), &SystemEntropy).expect("a token").into_string();
    assert_eq!(other.verify(&token, at(NOW)).map(|claims| claims.user), Ok(UserId::from(USER)));
    assert_eq!(other.verify(&token, at(NOW)), server.verifier().verify(&token, at(NOW)));
    for (issuer, audience, expected) in
        [(AUDIENCE, AUDIENCE, TokenError::WrongIssuer), (ISSUER, ISSUER, TokenError::WrongAudience)]
    {
        let other = AccessVerifier::new(KeySet::from_secret(secret), issuer, audience);
        assert_eq!(other.verify(&token, at(NOW)), Err(expected));
    }
    let stranger = AccessVerifier::new(KeySet::from_secret(b"another secret"), ISSUER, AUDIENCE);
    assert_eq!(stranger.verify(&token, at(NOW)), Err(TokenError::UnknownKey));
}

#[test]
fn a_symmetric_key_set_publishes_no_key() {
    assert_eq!(tokens().jwks(), json!({"keys": []}));
}

#[test]
fn secrets_do_not_show() {
    let token = tokens().issue(grant(), at(NOW), &Counter::default()).expect("a token");
    assert_eq!(format!("{token:?}"), "AccessToken(…)");
    let shown = format!("{:?} {:?} {:?}", tokens(), tokens().verifier(), Key::hs256("test", &KEY));
    assert!(shown.contains("redacted"), "{shown}");
    for part in ["0123456789", "[48, 49", "48, 49, 50"] {
        assert!(!shown.contains(part), "{shown}");
    }
}
