//! Requests that depend on the version that the client has (RFC 9110 §13).

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use plinth_domain::Timestamp;

use crate::error::ApiError;

/// The strong entity tag of a version (RFC 9110 §8.8.3). Two versions never share the time of their change.
pub(crate) fn etag(changed: Timestamp) -> String {
    format!("\"{:x}\"", changed.micros())
}

/// The condition of a change.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents a header that Conditions reads")]
pub(crate) struct IfMatch {
    /// Tags of the versions that may be changed, or `*` for any.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

/// What a request says about the version that it is about.
pub(crate) struct Conditions {
    if_match: Option<Vec<Tag>>,
    if_none_match: Option<Vec<Tag>>,
}

enum Tag {
    Any,
    Weak(String),
    Strong(String),
}

impl Conditions {
    /// Reads `If-Match` and `If-None-Match`.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        Self {
            if_match: tags(headers, &header::IF_MATCH),
            if_none_match: tags(headers, &header::IF_NONE_MATCH),
        }
    }

    /// Refuses a change of another version than the one that the client saw: `If-Match` with strong comparison
    /// (RFC 9110 §13.1.1).
    pub(crate) fn require_match(&self, current: Timestamp) -> Result<(), ApiError> {
        let Some(tags) = &self.if_match else { return Ok(()) };
        let current = etag(current);
        let matches = tags.iter().any(|tag| match tag {
            Tag::Any => true,
            Tag::Strong(tag) => *tag == current,
            Tag::Weak(_) => false,
        });
        if matches { Ok(()) } else { Err(ApiError::PreconditionFailed) }
    }

    /// Whether the client has the version of this tag already: `If-None-Match` with weak comparison
    /// (RFC 9110 §13.1.2).
    pub(crate) fn is_known(&self, current: &str) -> bool {
        let Some(tags) = &self.if_none_match else { return false };
        tags.iter().any(|tag| match tag {
            Tag::Any => true,
            Tag::Strong(tag) | Tag::Weak(tag) => *tag == current,
        })
    }
}

/// The tags of a header, over all of its lines; `None` where there is none. What is no tag matches nothing.
fn tags(headers: &HeaderMap, name: &header::HeaderName) -> Option<Vec<Tag>> {
    headers.contains_key(name).then(|| headers.get_all(name).flat_map(tags_of_line).collect())
}

fn tags_of_line(value: &HeaderValue) -> Vec<Tag> {
    let Ok(mut rest) = value.to_str().map(str::trim) else { return Vec::new() };
    if rest == "*" {
        return vec![Tag::Any];
    }
    let mut tags = Vec::new();
    // A tag may hold commas, so the list cannot just be split at them.
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let weak = rest.starts_with("W/");
        let opened = rest.strip_prefix("W/").unwrap_or(rest);
        let Some((inner, after)) = opened.strip_prefix('"').and_then(|inner| inner.split_once('"')) else {
            return tags;
        };
        let tag = format!("\"{inner}\"");
        tags.push(if weak { Tag::Weak(tag) } else { Tag::Strong(tag) });
        rest = after;
    }
}
