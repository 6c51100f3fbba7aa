//! What a request holds, read for a handler.
//!
//! Reading never refuses a request by itself: a handler asks for the value with `valid()` after it has
//! authenticated the caller, because 401 and 403 come before 404 and 422.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::str::FromStr;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;

use crate::caller;
use crate::error::ApiError;
use crate::fields::{Fields, FromFields, MAX_FIELDS, pairs, read_all, read_as_far};
use crate::problem::FieldError;
use crate::settings::HttpSettings;

/// A JSON body. Operations that take one take nothing from the query string.
///
/// A handler that takes a [`Caller`](crate::Caller) too takes it first: without a good token the body is not read.
pub struct Body<T>(Result<(Option<T>, Vec<FieldError>), ApiError>);

impl<T> Body<T> {
    /// The body, or why it is refused.
    pub fn valid(self) -> Result<T, ApiError> {
        match self.0? {
            (Some(value), errors) if errors.is_empty() => Ok(value),
            (_, errors) => Err(ApiError::Invalid(errors)),
        }
    }

    /// The body as far as it could be read, and what is wrong with the rest: for rules that need something of the
    /// database too, so that the answer still names every bad field at once.
    pub fn with_errors(self) -> Result<(T, Vec<FieldError>), ApiError> {
        match self.0? {
            (Some(value), errors) => Ok((value, errors)),
            (None, errors) => Err(ApiError::Invalid(errors)),
        }
    }
}

impl<T: FromFields + 'static> FromRequest for Body<T> {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if caller::is_unidentified(request) {
            // Whoever asks is refused by the caller, and may not make us keep a megabyte before.
            return Box::pin(std::future::ready(Ok(Self(Err(ApiError::Unauthenticated)))));
        }
        let bytes = read_body(request, payload, "application/json");
        let stray = parse_query::<NoParameters>(request.query_string()).err().unwrap_or_default();
        Box::pin(async move { Ok(Self(bytes.await.and_then(|bytes| parse_json(&bytes, stray)))) })
    }
}

/// `stray` is what is wrong with the rest of the request, to be named together with the fields of the body.
fn parse_json<T: FromFields>(
    bytes: &[u8],
    stray: Vec<FieldError>,
) -> Result<(Option<T>, Vec<FieldError>), ApiError> {
    let (value, mut errors) = read_as_far(Fields::from_json(bytes)?);
    errors.extend(stray);
    Ok((value, errors))
}

/// What an operation takes from the query string that takes nothing.
pub struct NoParameters;

impl FromFields for NoParameters {
    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

fn parse_query<T: FromFields>(query: &str) -> Result<T, Vec<FieldError>> {
    read_all(Fields::from_query(query))
}

/// The query string.
pub struct Query<T>(Result<T, ApiError>);

impl<T> Query<T> {
    /// The parameters, or why they are refused.
    pub fn valid(self) -> Result<T, ApiError> {
        self.0
    }
}

impl<T: FromFields> FromRequest for Query<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(parse_query(request.query_string()).map_err(ApiError::Invalid))))
    }
}

/// The id in the path: what stands for `{id}`.
pub struct PathId<T>(Option<T>);

impl<T> PathId<T> {
    /// The id. What is no id names nothing, so it is not found.
    pub fn valid(self) -> Result<T, ApiError> {
        self.0.ok_or(ApiError::NotFound)
    }
}

impl<T: FromStr> FromRequest for PathId<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.match_info().get("id").and_then(|id| id.parse().ok()))))
    }
}

/// The fields of a form, as they were sent: in their order, with those that come twice.
pub struct FormPairs(Result<Vec<(String, String)>, ApiError>);

impl FormPairs {
    /// The names and values, or why the body is refused.
    pub fn valid(self) -> Result<Vec<(String, String)>, ApiError> {
        self.0
    }
}

impl FromRequest for FormPairs {
    type Error = Infallible;
    type Future = LocalBoxFuture<'static, Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read_body(request, payload, "application/x-www-form-urlencoded");
        Box::pin(async move { Ok(Self(bytes.await.and_then(|bytes| parse_form(&bytes)))) })
    }
}

fn parse_form(bytes: &[u8]) -> Result<Vec<(String, String)>, ApiError> {
    let not_utf8 = || ApiError::InvalidRequest { detail: "The form must be percent-encoded UTF-8.".into() };
    let text = std::str::from_utf8(bytes).map_err(|_| not_utf8())?;
    let mut read = Vec::new();
    for (name, value) in pairs(text) {
        if read.len() == MAX_FIELDS {
            let detail = format!("The form must have at most {MAX_FIELDS} parameters.");
            return Err(ApiError::InvalidRequest { detail: detail.into() });
        }
        read.push((name.into_owned(), value.ok_or_else(not_utf8)?.into_owned()));
    }
    Ok(read)
}

/// Reads a whole body of that media type. What cannot be accepted is refused unread; the connection is then closed
/// by actix, unless it can read past the rest.
fn read_body(
    request: &HttpRequest,
    payload: &mut Payload,
    media_type: &str,
) -> impl Future<Output = Result<Bytes, ApiError>> + 'static {
    let (limit, timeout) = limits(request);
    let accepted = check_head(request.headers(), media_type, limit);
    let payload = payload.take();
    async move {
        accepted?;
        match tokio::time::timeout(timeout, collect(payload, limit)).await {
            Ok(body) => body,
            Err(_) => Err(ApiError::BodyTimeout),
        }
    }
}

/// The most bytes of a body, and how long it may take to arrive.
fn limits(request: &HttpRequest) -> (usize, Duration) {
    let settings = HttpSettings::of(request);
    (settings.body_limit, settings.body_timeout)
}

fn check_head(headers: &HeaderMap, media_type: &str, limit: usize) -> Result<(), ApiError> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim());
    if !text(header::CONTENT_TYPE).is_some_and(|value| is_media_type(value, media_type)) {
        return Err(ApiError::UnsupportedMediaType);
    }
    if headers
        .get_all(header::CONTENT_ENCODING)
        .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(ApiError::UnsupportedMediaType);
    }
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(ApiError::BodyTooLarge);
    }
    Ok(())
}

/// Whether it is that media type (RFC 9110 §8.3.1), in UTF-8 where it says so. Other parameters do not matter.
fn is_media_type(value: &str, media_type: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(media_type))
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(refuse_payload)?;
        if body.len() + rest.len() + chunk.len() > limit {
            return Err(ApiError::BodyTooLarge);
        }
        // Most bodies come in one piece, which needs no copy.
        if body.is_empty() && rest.is_empty() {
            body = chunk;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut body));
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { body } else { rest.freeze() })
}

fn refuse_payload(error: PayloadError) -> ApiError {
    match error {
        PayloadError::Overflow => ApiError::BodyTooLarge,
        _ => ApiError::BadRequest,
    }
}
