//! Strict reading of what a client sends, so that the answer names every bad field at once.
//!
//! A DTO reads itself as a list of its fields:
//!
//! ```
//! use plinth_domain::{Email, FullName};
//! use plinth_http::fields::{Fields, FromFields};
//!
//! struct Invitation {
//!     email: Email,
//!     full_name: Option<FullName>,
//! }
//!
//! impl FromFields for Invitation {
//!     fn read(fields: &mut Fields<'_>) -> Option<Self> {
//!         let email = fields.required("email", Email::parse);
//!         let full_name = fields.optional("full_name", FullName::parse);
//!         Some(Self { email: email?, full_name: full_name? })
//!     }
//! }
//! ```
//!
//! Every field is read before the first `?`, or the errors of the later ones go missing.

use std::borrow::Cow;

use plinth_domain::Violation;

use crate::problem::FieldError;

mod json;
mod text;

pub use text::pairs;

/// The most fields of a request. No request has nearly as many, and an answer names each bad one.
pub const MAX_FIELDS: usize = 100;

/// What can be read from fields.
pub trait FromFields: Sized {
    /// Reads itself. `None` only where an error was recorded.
    fn read(fields: &mut Fields<'_>) -> Option<Self>;
}

/// A field of a partial update that may be cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not sent: stays as it is.
    #[default]
    Absent,
    /// Sent as null: is cleared.
    Null,
    /// Sent with a value.
    Value(T),
}

impl<T> Patch<T> {
    /// The value, where one was sent.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Makes the change to what is there now.
    pub fn apply(self, current: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *current = None,
            Self::Value(value) => *current = Some(value),
        }
    }
}

/// Where fields come from, which decides how they are pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Body,
    Query,
}

/// A value as it was sent.
#[derive(Clone, Debug)]
enum Raw<'a> {
    /// The text of a JSON value.
    Json(&'a str),
    /// Decoded from a query string or a form.
    Text(Cow<'a, str>),
    /// Percent-encoded bytes that are no UTF-8.
    NotUtf8,
}

/// What a field of a certain type can turn out as.
enum Found<'a> {
    Absent,
    Null,
    /// An error was recorded.
    Refused,
    Text(Cow<'a, str>),
}

#[derive(Clone, Copy)]
enum Type {
    Text,
    Number,
    Bool,
}

struct Entry<'a> {
    name: Cow<'a, str>,
    value: Raw<'a>,
    asked_for: bool,
}

/// The fields of a request that are still to be read, and what was wrong with those that were.
pub struct Fields<'a> {
    origin: Origin,
    entries: Vec<Entry<'a>>,
    errors: Vec<FieldError>,
}

/// Reads all of `T`, and refuses fields that it does not ask for and those that come twice.
pub fn read_all<T: FromFields>(fields: Fields<'_>) -> Result<T, Vec<FieldError>> {
    match read_as_far(fields) {
        (Some(value), errors) if errors.is_empty() => Ok(value),
        (_, errors) => Err(errors),
    }
}

/// The same, with what `T` made of the fields even where some are wrong.
pub(crate) fn read_as_far<T: FromFields>(mut fields: Fields<'_>) -> (Option<T>, Vec<FieldError>) {
    let read = T::read(&mut fields);
    fields.refuse_unknown();
    (read, fields.errors)
}

impl<'a> Fields<'a> {
    fn new(origin: Origin, pairs: Vec<(Cow<'a, str>, Raw<'a>)>) -> Self {
        let mut fields = Self { origin, entries: Vec::new(), errors: Vec::new() };
        if pairs.len() > MAX_FIELDS {
            let most = Violation::new("too_many_fields", format!("must have at most {MAX_FIELDS} fields"));
            fields.errors.push(FieldError::new(fields.whole(), most));
        } else {
            let entry = |(name, value)| Entry { name, value, asked_for: false };
            fields.entries = pairs.into_iter().map(entry).collect();
        }
        fields
    }

    /// A text that must be there.
    pub fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Option<T> {
        let found = self.take(name, Type::Text);
        self.demand(name, found, parse)
    }

    /// A text that may be left out.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        let found = self.take(name, Type::Text);
        self.allow(name, found, parse)
    }

    /// A text that may be left out or be null.
    pub fn nullable<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Patch<T>> {
        let found = self.take(name, Type::Text);
        self.allow_null(name, found, parse)
    }

    /// A number that may be left out. `parse` gets its text as it was sent, so no digit is lost; in a query string
    /// only plain decimals without a sign get that far.
    pub fn optional_number<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        let found = self.take(name, Type::Number);
        self.allow(name, found, parse)
    }

    /// A number that may be left out or be null; see [`optional_number`](Self::optional_number).
    pub fn nullable_number<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Patch<T>> {
        let found = self.take(name, Type::Number);
        self.allow_null(name, found, parse)
    }

    /// A truth value that may be left out.
    pub fn optional_bool(&mut self, name: &str) -> Option<Option<bool>> {
        let found = self.take(name, Type::Bool);
        self.allow(name, found, |text| Ok(text == "true"))
    }

    /// Whether the field was sent, whatever its value.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Records what is wrong with a field, for rules that concern several of them.
    pub fn report(&mut self, name: &str, violation: Violation) {
        self.errors.push(FieldError::new(self.pointer(name), violation));
    }

    fn demand<T>(
        &mut self,
        name: &str,
        found: Found<'a>,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        match found {
            Found::Text(text) => self.parsed(name, &text, parse),
            Found::Null => self.refuse_null(name),
            Found::Absent => {
                self.report(name, Violation::new("required", "must be there"));
                None
            }
            Found::Refused => None,
        }
    }

    fn allow<T>(
        &mut self,
        name: &str,
        found: Found<'a>,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        match found {
            Found::Text(text) => self.parsed(name, &text, parse).map(Some),
            Found::Null => self.refuse_null(name),
            Found::Absent => Some(None),
            Found::Refused => None,
        }
    }

    fn allow_null<T>(
        &mut self,
        name: &str,
        found: Found<'a>,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<Patch<T>> {
        match found {
            Found::Text(text) => self.parsed(name, &text, parse).map(Patch::Value),
            Found::Null => Some(Patch::Null),
            Found::Absent => Some(Patch::Absent),
            Found::Refused => None,
        }
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Option<T> {
        parse(text).map_err(|violation| self.report(name, violation)).ok()
    }

    fn refuse_null<T>(&mut self, name: &str) -> Option<T> {
        self.report(name, Violation::new("null_not_allowed", "must not be null; leave it out instead"));
        None
    }

    fn take(&mut self, name: &str, wanted: Type) -> Found<'a> {
        let mut value = None;
        let mut times = 0;
        for entry in self.entries.iter_mut().filter(|entry| entry.name == name) {
            entry.asked_for = true;
            value = Some(&entry.value);
            times += 1;
        }
        let found = match value {
            None => Ok(Found::Absent),
            Some(_) if times > 1 => Err(Violation::new("duplicate_field", "must be there only once")),
            Some(Raw::Json(json)) => json::read(json, wanted),
            Some(Raw::Text(text)) => text::read(text.clone(), wanted),
            Some(Raw::NotUtf8) => Err(Violation::new("wrong_type", "must be percent-encoded UTF-8")),
        };
        found.unwrap_or_else(|violation| {
            self.report(name, violation);
            Found::Refused
        })
    }

    /// Each name once, also where an unknown field comes several times.
    fn refuse_unknown(&mut self) {
        let mut unknown: Vec<String> = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.asked_for) {
            if !unknown.iter().any(|name| *name == entry.name) {
                unknown.push(entry.name.clone().into_owned());
            }
        }
        for name in unknown {
            self.report(&name, Violation::new("unknown_field", "is not a field here"));
        }
    }

    fn whole(&self) -> String {
        match self.origin {
            Origin::Body => String::new(),
            Origin::Query => "query".to_owned(),
        }
    }

    /// Names are escaped as in a JSON pointer (RFC 6901 §3).
    fn pointer(&self, name: &str) -> String {
        let name = name.replace('~', "~0").replace('/', "~1");
        match self.origin {
            Origin::Body => format!("/{name}"),
            Origin::Query => format!("query/{name}"),
        }
    }
}
