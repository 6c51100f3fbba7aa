//! Refresh tokens: made, read, and altered.

use plinth_auth::{InvalidRefreshToken, RefreshTokens};
use plinth_domain::SessionId;
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::{SESSION, flipped};

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";

#[test]
fn a_token_is_the_same_each_time_and_fits_an_url() {
    let tokens = RefreshTokens::new(SECRET);
    let token = tokens.make(SessionId::from(SESSION), 7);
    assert_eq!(token, RefreshTokens::new(SECRET).make(SessionId::from(SESSION), 7));
    assert_eq!(token.as_str().len(), 60);
    assert!(token.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
}

#[test]
fn a_new_version_makes_the_tokens_that_older_ones_did() {
    // Computed with Python's `hmac`; another text would sign everybody out.
    let token = RefreshTokens::new(SECRET).make(SessionId::from(SESSION), 7);
    assert_eq!(token.as_str(), "AQGZDVx7Hnw6n2ENmj8cK08AAAAHL2Kx6QMhi6On07hw88mQosNNNNrUpUBW");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let tokens = RefreshTokens::new(SECRET);
    let token = tokens.make(SessionId::from(SESSION), 7).into_string();
    let altered: Vec<String> = (0..token.len() * 8).filter_map(|bit| flipped(&token, bit)).collect();
    // All but the highest bit of each character, which would leave ASCII and so UTF-8.
    assert_eq!(altered.len(), token.len() * 7);
    for text in altered {
        assert_eq!(tokens.read(&text), Err(InvalidRefreshToken), "{text}");
    }
}

#[test]
fn what_is_not_a_token_is_refused() {
    let tokens = RefreshTokens::new(SECRET);
    let token = tokens.make(SessionId::from(SESSION), 7).into_string();
    for text in [
        String::new(),
        "A".repeat(60),
        "ä".repeat(30),
        token[..59].to_owned(),
        token[..56].to_owned(),
        format!("{token}A"),
        format!("{token}AAAA"),
        format!("{token}="),
        format!("{token} "),
        format!(" {}", &token[..59]),
        "A".repeat(1_000_000),
    ] {
        assert_eq!(tokens.read(&text), Err(InvalidRefreshToken), "{}", &text[..text.len().min(60)]);
    }
}

#[test]
fn another_secret_makes_other_tokens() {
    let token = RefreshTokens::new(b"another secret of thirty-two bytes").make(SessionId::from(SESSION), 7);
    assert_eq!(RefreshTokens::new(SECRET).read(token.as_str()), Err(InvalidRefreshToken));
}

#[test]
fn secrets_do_not_show() {
    let tokens = RefreshTokens::new(SECRET);
    assert_eq!(format!("{tokens:?}"), "RefreshTokens { .. }");
    assert_eq!(format!("{:?}", tokens.make(SessionId::from(SESSION), 7)), "RefreshToken(…)");
    assert!(!InvalidRefreshToken.to_string().contains("MAC"));
}

proptest! {
    #[test]
    fn reading_gives_back_what_was_made(session: u128, generation: u32) {
        let session = SessionId::from(Uuid::from_u128(session));
        let tokens = RefreshTokens::new(SECRET);
        prop_assert_eq!(tokens.read(tokens.make(session, generation).as_str()), Ok((session, generation)));
    }

    #[test]
    fn the_parts_of_two_tokens_do_not_mix(a: (u128, u32), b: (u128, u32), at in 1_usize..60) {
        let tokens = RefreshTokens::new(SECRET);
        let make = |(session, generation)| tokens.make(SessionId::from(Uuid::from_u128(session)), generation);
        let (a, b) = (make(a).into_string(), make(b).into_string());
        let mixed = format!("{}{}", &a[..at], &b[at..]);
        prop_assume!(mixed != a && mixed != b);
        prop_assert_eq!(tokens.read(&mixed), Err(InvalidRefreshToken));
    }

    #[test]
    fn no_text_makes_it_stumble(text in "\\PC{0,80}") {
        prop_assert_eq!(RefreshTokens::new(SECRET).read(&text), Err(InvalidRefreshToken));
    }
}
