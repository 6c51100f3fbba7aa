//! The fields of a JSON object (RFC 8259).

use std::borrow::Cow;
use std::fmt;

use plinth_domain::Violation;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Fields, Found, MAX_FIELDS, Origin, Raw, Type};
use crate::error::ApiError;
use crate::problem::FieldError;

impl<'a> Fields<'a> {
    /// The fields of a body. What is no JSON at all is malformed; JSON that is no object is invalid.
    ///
    /// Values are kept as they were sent and looked into only when asked for: no depth of nesting costs more
    /// than reading past it.
    pub fn from_json(body: &'a [u8]) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body).map_err(|_| ApiError::MalformedJson)?;
        let document: &RawValue = serde_json::from_str(text).map_err(|_| ApiError::MalformedJson)?;
        if !document.get().starts_with('{') {
            let object = Violation::new("wrong_type", "must be a JSON object");
            return Err(ApiError::Invalid(vec![FieldError::new(String::new(), object)]));
        }
        let mut members = Vec::new();
        let read = serde_json::Deserializer::from_str(document.get()).deserialize_map(Members(&mut members));
        if read.is_err() && members.len() <= MAX_FIELDS {
            return Err(ApiError::MalformedJson);
        }
        Ok(Self::new(Origin::Body, members))
    }
}

pub(super) fn read(json: &str, wanted: Type) -> Result<Found<'static>, Violation> {
    if json == "null" {
        return Ok(Found::Null);
    }
    let first = json.as_bytes().first().copied().unwrap_or_default();
    match wanted {
        // A string may still hold half a surrogate pair, which is no text.
        Type::Text if first == b'"' => match serde_json::from_str(json) {
            Ok(text) => Ok(Found::Text(Cow::Owned(text))),
            Err(_) => Err(wrong_type("must be a string of Unicode characters")),
        },
        Type::Number if first == b'-' || first.is_ascii_digit() => {
            Ok(Found::Text(Cow::Owned(json.to_owned())))
        }
        Type::Bool if matches!(first, b't' | b'f') => Ok(Found::Text(Cow::Owned(json.to_owned()))),
        Type::Text => Err(wrong_type("must be a string")),
        Type::Number => Err(wrong_type("must be a number")),
        Type::Bool => Err(wrong_type("must be true or false")),
    }
}

fn wrong_type(detail: &'static str) -> Violation {
    Violation::new("wrong_type", detail)
}

/// Collects the members of an object in their order, with those that come twice. Fails at the first that is too many,
/// which it has collected then.
struct Members<'a, 'de>(&'a mut Vec<(Cow<'de, str>, Raw<'de>)>);

impl<'de> Visitor<'de> for Members<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(name) = map.next_key_seed(Name)? {
            let value: &'de RawValue = map.next_value()?;
            self.0.push((name, Raw::Json(value.get())));
            if self.0.len() > MAX_FIELDS {
                return Err(A::Error::custom("too many members"));
            }
        }
        Ok(())
    }
}

/// A name, borrowed where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}
