//! Cross-origin resource sharing (Fetch standard, §3.2): which web apps a browser lets call us.
//!
//! Not `actix-cors`: it sends `access-control-allow-credentials` and `-expose-headers` to everybody, where an origin
//! that is not listed is to get none of these headers, and boxes another future for every request.

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};

use crate::error::ApiError;
use crate::settings::HttpSettings;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const HEADERS: &str = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-Id";
const EXPOSED: &str = "ETag, Location, Retry-After, X-Request-Id, WWW-Authenticate, \
                       RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset";
/// How long a browser may keep the answer to a preflight, in seconds.
const MAX_AGE: &str = "600";

/// The origins that may call us.
pub struct Cors {
    origins: HashSet<Vec<u8>>,
}

impl Cors {
    /// The app's own origin and those listed. `*` is none: with credentials it must not be used.
    pub fn new(settings: &HttpSettings) -> Self {
        let origins = settings.cors_origins.iter().chain([&settings.app_origin]);
        let origins = origins.map(|origin| origin.trim_end_matches('/').as_bytes().to_vec());
        Self { origins: origins.filter(|origin| !origin.is_empty() && origin != b"*").collect() }
    }

    /// The caller's origin, if it is one of them.
    pub fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.origins.contains(origin.as_bytes()).then(|| origin.clone())
    }

    /// The answer to a preflight, or `None` where the request is none. `origin` is the caller's, where it may call.
    pub fn preflight(
        head: &RequestHead,
        origin: Option<&HeaderValue>,
    ) -> Option<Result<HttpResponse, ApiError>> {
        let headers = head.headers();
        let method = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        if head.method != Method::OPTIONS || !headers.contains_key(header::ORIGIN) {
            return None;
        }
        let asked = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
        let allowed = origin.is_some()
            && METHODS.split(", ").any(|name| name.as_bytes() == method.as_bytes())
            && asked.into_iter().all(is_allowed_list);
        if !allowed {
            return Some(Err(ApiError::CorsRefused));
        }
        let mut response = HttpResponse::new(StatusCode::NO_CONTENT);
        let answers = response.headers_mut();
        answers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        answers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        answers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
        let vary = "Access-Control-Request-Method, Access-Control-Request-Headers";
        answers.append(header::VARY, HeaderValue::from_static(vary));
        Some(Ok(response))
    }

    /// Lets `origin` read an answer. The answer depends on the origin whether or not it may.
    pub fn decorate(origin: Option<HeaderValue>, preflight: bool, headers: &mut HeaderMap) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if !preflight {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        }
    }
}

fn is_allowed_list(value: &HeaderValue) -> bool {
    let Ok(names) = value.to_str() else { return false };
    names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .all(|name| HEADERS.split(", ").any(|allowed| allowed.eq_ignore_ascii_case(name)))
}
