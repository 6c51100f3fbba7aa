//! The claims of an access token (RFC 9068 §2.2), and when they hold.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use plinth_domain::{Role, SessionId, Timestamp, UserId};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::error::TokenError;

/// How far the clocks of issuer and verifier may be apart.
pub const LEEWAY: Duration = Duration::from_secs(5);

/// The last second of the year 9999: what RFC 3339 can show.
const LAST_SECOND: i64 = 253_402_300_799;

/// What a verified access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// Who presents it (`sub`).
    pub user: UserId,
    /// The session that it was issued in (`sid`).
    pub session: SessionId,
    /// The user's role when it was issued.
    pub role: Role,
    /// The generation of the refresh token that came with it.
    pub generation: u32,
    /// When it was issued, in whole seconds (`iat`).
    pub issued_at: Timestamp,
    /// From when on it is no longer good, in whole seconds (`exp`).
    pub expires_at: Timestamp,
    /// The token's own identifier (`jti`).
    pub id: String,
}

/// The claims as they are signed.
#[derive(Serialize)]
pub(super) struct Issued<'a> {
    pub(super) iss: &'a str,
    pub(super) aud: &'a str,
    pub(super) sub: UserId,
    pub(super) sid: SessionId,
    pub(super) role: Role,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) jti: String,
}

/// The claims as they are read. All are required; others are ignored, as RFC 7519 §4 asks.
///
/// The dates are integers: RFC 7519 §2 allows fractions, our issuer makes none.
#[derive(Deserialize)]
pub(super) struct Presented<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    aud: Audience<'a>,
    sub: UserId,
    sid: SessionId,
    role: Role,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(borrow)]
    jti: Cow<'a, str>,
}

impl Presented<'_> {
    /// The claims, if they are for us and hold at that time.
    pub(super) fn check(
        self,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<AccessClaims, TokenError> {
        if self.iss != issuer {
            return Err(TokenError::WrongIssuer);
        }
        if !self.aud.contains(audience) {
            return Err(TokenError::WrongAudience);
        }
        let issued_at = instant(self.iat)?;
        let expires_at = instant(self.exp)?;
        let not_before = instant(self.nbf)?;
        if now >= expires_at.plus(LEEWAY) {
            return Err(TokenError::Expired);
        }
        if issued_at.max(not_before) > now.plus(LEEWAY) {
            return Err(TokenError::NotYetValid);
        }
        Ok(AccessClaims {
            user: self.sub,
            session: self.sid,
            role: self.role,
            generation: generation(&self.jti).ok_or(TokenError::Malformed)?,
            issued_at,
            expires_at,
            id: self.jti.into_owned(),
        })
    }
}

/// The instant of a NumericDate from 1970 to 9999.
pub(super) fn instant(seconds: i64) -> Result<Timestamp, TokenError> {
    if !(0..=LAST_SECOND).contains(&seconds) {
        return Err(TokenError::Malformed);
    }
    Timestamp::from_micros(seconds * 1_000_000).ok_or(TokenError::Malformed)
}

/// The generation that leads a `jti` of ours, `<generation>.<random>`, in its one spelling.
fn generation(jti: &str) -> Option<u32> {
    let (digits, random) = jti.split_once('.')?;
    let canonical = digits == "0" || !digits.starts_with(['0', '+']);
    if canonical && !random.is_empty() { digits.parse().ok() } else { None }
}

/// One audience or several (RFC 7519 §4.1.3).
enum Audience<'a> {
    One(Cow<'a, str>),
    Several(Vec<Cow<'a, str>>),
}

impl Audience<'_> {
    fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Audience<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringOrStrings;

        impl<'de> Visitor<'de> for StringOrStrings {
            type Value = Audience<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings")
            }

            fn visit_borrowed_str<E: de::Error>(self, one: &'de str) -> Result<Self::Value, E> {
                Ok(Audience::One(Cow::Borrowed(one)))
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<Self::Value, E> {
                Ok(Audience::One(Cow::Owned(one.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut several = Vec::new();
                while let Some(one) = sequence.next_element::<String>()? {
                    several.push(Cow::Owned(one));
                }
                Ok(Audience::Several(several))
            }
        }

        deserializer.deserialize_any(StringOrStrings)
    }
}
