//! Reading a token's header (RFC 7515 §4) and choosing the key by it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::error::TokenError;
use super::keys::{Key, TrustedKeys};

/// The type of an access token (RFC 9068 §2.1).
pub(super) const TYPE: &str = "at+jwt";

/// The parameters that matter. Others are ignored, as RFC 7515 §4 asks.
#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    kid: Cow<'a, str>,
    #[serde(default)]
    jku: Presence,
    #[serde(default)]
    jwk: Presence,
    #[serde(default)]
    x5u: Presence,
    #[serde(default)]
    x5c: Presence,
    #[serde(default)]
    crit: Presence,
}

/// Whether a parameter is there, with any value, null included.
#[derive(Default)]
struct Presence(bool);

impl<'de> Deserialize<'de> for Presence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(true))
    }
}

/// The key that this encoded header names, if the header is an access token's and asks for that key's algorithm.
pub(super) fn choose_key<'k>(encoded: &str, keys: &'k TrustedKeys) -> Result<&'k Key, TokenError> {
    let json = decode_object(encoded)?;
    let header: Header<'_> = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
    if [&header.jku, &header.jwk, &header.x5u, &header.x5c, &header.crit].iter().any(|parameter| parameter.0)
    {
        return Err(TokenError::RefusedHeader);
    }
    if !is_access_token(&header.typ) {
        return Err(TokenError::WrongType);
    }
    let key = keys.find(&header.kid).ok_or(TokenError::UnknownKey)?;
    if header.alg != key.algorithm().name() {
        return Err(TokenError::WrongAlgorithm);
    }
    Ok(key)
}

/// A media type, in any case, whose `application/` may be left out (RFC 7515 §4.1.9, RFC 9068 §4).
fn is_access_token(typ: &str) -> bool {
    const PREFIX: &str = "application/";
    let short = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case(TYPE)
}

/// The bytes of a part of a token that holds a JSON object. Base64url in its one canonical spelling, without padding.
pub(super) fn decode_object(encoded: &str) -> Result<Vec<u8>, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Malformed)?;
    // serde reads a struct from an array too.
    if json.trim_ascii_start().first() == Some(&b'{') { Ok(json) } else { Err(TokenError::Malformed) }
}
