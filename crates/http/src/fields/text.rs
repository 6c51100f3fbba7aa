//! The fields of a query string or a form, in the `application/x-www-form-urlencoded` format (WHATWG URL §5).

use std::borrow::Cow;

use plinth_domain::Violation;

use super::{Fields, Found, MAX_FIELDS, Origin, Raw, Type};

impl<'a> Fields<'a> {
    /// The parameters of a query string.
    pub fn from_query(query: &'a str) -> Self {
        Self::new(Origin::Query, raw(query))
    }
}

fn raw(text: &str) -> Vec<(Cow<'_, str>, Raw<'_>)> {
    pairs(text)
        .take(MAX_FIELDS + 1)
        .map(|(name, value)| (name, value.map_or(Raw::NotUtf8, Raw::Text)))
        .collect()
}

/// Names and values in their order, decoded one by one. A value that is no UTF-8 is `None`; a name that is none gets
/// replacement characters, and so is no name that anybody asks for.
pub fn pairs(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Option<Cow<'_, str>>)> {
    text.split('&').filter(|part| !part.is_empty()).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let name =
            decode(name).unwrap_or_else(|bytes| Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()));
        (name, decode(value).ok())
    })
}

/// Undoes percent-encoding, and `+` for a space; a `%` that starts no escape stands for itself.
fn decode(text: &str) -> Result<Cow<'_, str>, Vec<u8>> {
    if !text.contains(['%', '+']) {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        match escaped {
            Some(escaped) => {
                decoded.push(escaped);
                rest = &after[2..];
            }
            None => decoded.push(if byte == b'+' { b' ' } else { byte }),
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|error| error.into_bytes())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

pub(super) fn read(text: Cow<'_, str>, wanted: Type) -> Result<Found<'_>, Violation> {
    match wanted {
        Type::Text => Ok(Found::Text(text)),
        Type::Number if is_plain_decimal(&text) => Ok(Found::Text(text)),
        Type::Number => Err(Violation::new("wrong_type", "must be a number in plain digits")),
        Type::Bool if matches!(&*text, "true" | "false") => Ok(Found::Text(text)),
        Type::Bool => Err(Violation::new("wrong_type", "must be true or false")),
    }
}

/// Digits, with digits after a point or without.
fn is_plain_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}
