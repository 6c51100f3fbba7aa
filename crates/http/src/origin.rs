//! Which web page a browser asks for (RFC 6454 §7): pages of other origins must not use, or set, what the browser keeps
//! for this one.

use actix_web::HttpRequest;
use actix_web::http::header;

use crate::error::ApiError;
use crate::settings::HttpSettings;

/// Refuses pages of other origins than those that are listed and the server's own. What is no browser sends no
/// `Origin`, and what lies about it holds whatever it uses itself.
///
/// # Errors
/// [`ApiError::OriginRefused`], also for `null` and for more than one `Origin`.
pub(crate) fn check(request: &HttpRequest, settings: &HttpSettings) -> Result<(), ApiError> {
    let mut origins = request.headers().get_all(header::ORIGIN);
    let Some(origin) = origins.next() else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let is_listed = settings
        .cors_origins
        .iter()
        .chain(&settings.app_origin)
        .any(|listed| listed.trim_end_matches('/') == origin && origin != "null");
    if origins.next().is_none() && (is_listed || is_own(origin, request)) {
        return Ok(());
    }
    Err(ApiError::OriginRefused)
}

/// Whether the page comes from this very server.
fn is_own(origin: &str, request: &HttpRequest) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == host
}
