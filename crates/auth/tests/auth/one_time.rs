//! One-time tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_auth::{OneTimeTokens, RefreshTokens};
use plinth_domain::SessionId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::support::{SESSION, USER};

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";

#[test]
fn a_token_is_the_same_each_time_and_fits_an_url() {
    let token = OneTimeTokens::new(SECRET).make(USER);
    assert_eq!(token, OneTimeTokens::new(SECRET).make(USER));
    assert_eq!(token.as_str().len(), 43);
    assert_eq!(URL_SAFE_NO_PAD.decode(token.as_str()).expect("Base64url").len(), 32);
}

#[test]
fn a_new_version_makes_the_tokens_that_older_ones_did() {
    // Computed with Python's `hmac`; another text would break the links that are out.
    assert_eq!(OneTimeTokens::new(SECRET).make(USER).as_str(), "3xHglDmkQLRSbkFqw0UwfXqDSWPsh-QcaU3zZRmSHxQ");
}

#[test]
fn each_row_and_each_secret_has_a_token_of_its_own() {
    let token = OneTimeTokens::new(SECRET).make(USER);
    assert_ne!(token, OneTimeTokens::new(SECRET).make(SESSION));
    assert_ne!(token, OneTimeTokens::new(b"another secret").make(USER));
    assert_ne!(token, OneTimeTokens::new(SECRET).make(Uuid::nil()));
}

#[test]
fn it_is_no_other_kind_of_token() {
    let refresh = RefreshTokens::new(SECRET).make(SessionId::from(USER), 0).into_string();
    let token = OneTimeTokens::new(SECRET).make(USER);
    assert!(RefreshTokens::new(SECRET).read(token.as_str()).is_err());
    assert_ne!(token.digest(), OneTimeTokens::digest(&refresh));
}

#[test]
fn what_is_stored_is_the_sha_256_of_the_text() {
    let token = OneTimeTokens::new(SECRET).make(USER);
    let expected: [u8; 32] = Sha256::digest(token.as_str()).into();
    assert_eq!(token.digest(), expected);
    assert_eq!(OneTimeTokens::digest(token.as_str()), expected);
    for text in ["", "x", "ä\0", &"long ".repeat(10_000)] {
        assert_eq!(OneTimeTokens::digest(text), <[u8; 32]>::from(Sha256::digest(text)));
    }
}

#[test]
fn tokens_do_not_show() {
    let tokens = OneTimeTokens::new(SECRET);
    assert_eq!(format!("{:?}", tokens.make(USER)), "OneTimeToken(…)");
    assert_eq!(format!("{tokens:?}"), "OneTimeTokens { .. }");
}
