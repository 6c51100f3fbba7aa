//! Answers that several handlers give.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use plinth_domain::Timestamp;
use plinth_domain::cursor;
use plinth_domain::paging::{Page, PageRequest, Part, Slice};
use serde::Serialize;

use crate::error::ApiError;

/// 200 with that JSON.
pub(crate) fn ok(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

/// 201 with that JSON, and where it can be found from now on.
pub(crate) fn created(location: &str, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created().insert_header((header::LOCATION, location)).json(body)
}

/// 204.
pub(crate) fn done() -> HttpResponse {
    HttpResponse::new(StatusCode::NO_CONTENT)
}

/// The page of a list that a slice is.
pub(crate) fn page<T, K: std::hash::Hash, F: std::hash::Hash>(
    slice: Slice<T>,
    request: &PageRequest<K, F>,
) -> Page<T> {
    Page {
        next_cursor: slice.more_after.map(|position| cursor::encode(&position, request)),
        items: slice.rows,
        total: slice.total,
        page: match request.part {
            Part::Numbered(number) => Some(number),
            Part::First | Part::After(_) => None,
        },
        page_size: request.size,
    }
}

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

    /// Whether the client has this version already: `If-None-Match` with weak comparison (RFC 9110 §13.1.2).
    pub(crate) fn is_known(&self, current: Timestamp) -> bool {
        let Some(tags) = &self.if_none_match else { return false };
        let current = etag(current);
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
