//! The refresh token in a cookie, for browsers (`AUTH_COOKIES`): no script can read it there, so none can steal it.
//!
//! A cookie comes along by itself, so a request that relies on it has to carry a header that no form and no link of
//! another site can set. The access token never is in a cookie, and everything but a refresh needs that. What sets the
//! cookie is refused to pages of other origins: they would sign a visitor in as somebody else.

use std::time::Duration;

use actix_web::cookie::time;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use plinth_auth::RefreshToken;
use plinth_domain::Violation;

use super::dto::Refresh;
use crate::error::ApiError;
use crate::extract::Body;
use crate::origin;
use crate::problem::FieldError;
use crate::settings::{Environment, HttpSettings};

/// The header that has to come with the cookie, whatever its value. Across origins a browser asks us first whether it
/// may send it (Fetch standard, §3.2), and only origins that are listed may.
pub(crate) const PROOF: &str = "x-requested-with";

/// With `__Host-` a browser takes the cookie from the host itself alone, over TLS, for all of it (RFC 6265bis §4.1.3).
/// Over plain HTTP, in development, it would not take it.
fn name(settings: &HttpSettings) -> &'static str {
    if settings.environment == Environment::Production { "__Host-plinth_refresh" } else { "plinth_refresh" }
}

fn cookie(settings: &HttpSettings, value: String, max_age: Duration) -> Cookie<'static> {
    let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    Cookie::build(name(settings), value)
        .path("/")
        .http_only(true)
        .secure(settings.environment == Environment::Production)
        .same_site(SameSite::Strict)
        .max_age(time::Duration::seconds(seconds))
        .finish()
}

/// Refuses pages of other origins where the answer would set the cookie.
///
/// # Errors
/// [`ApiError::OriginRefused`].
pub(super) fn check_origin(settings: &HttpSettings, request: &HttpRequest) -> Result<(), ApiError> {
    if settings.auth_cookies { origin::check(request, settings) } else { Ok(()) }
}

/// The cookie that keeps the token, as long as the session lives without being used.
pub(super) fn keep(settings: &HttpSettings, token: &RefreshToken, lives: Duration) -> Cookie<'static> {
    cookie(settings, token.as_str().to_owned(), lives)
}

/// Lets the browser forget the token, where cookies are used.
pub(crate) fn clear(settings: &HttpSettings, response: &mut HttpResponse) {
    if settings.auth_cookies {
        // A cookie of these characters is a valid header.
        let _fits = response.add_cookie(&cookie(settings, String::new(), Duration::ZERO));
    }
}

/// The refresh token that a request presents: the one in its body, or the one in its cookie where cookies are used.
/// With the cookie the body may be missing, or an empty object.
pub(super) fn presented(
    settings: &HttpSettings,
    request: &HttpRequest,
    body: Body<Refresh>,
) -> Result<String, ApiError> {
    let kept = if settings.auth_cookies { request.cookie(name(settings)) } else { None };
    let has_no_body = !request.headers().contains_key(header::CONTENT_TYPE)
        && !request.headers().contains_key(header::TRANSFER_ENCODING)
        && request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
    if settings.auth_cookies && has_no_body && request.query_string().is_empty() {
        return match &kept {
            Some(kept) => proven(request, kept),
            // How a browser asks whether it is signed in: what it lacks is the token, not a media type.
            None => Err(ApiError::Invalid(vec![missing()])),
        };
    }
    let (Refresh { refresh_token, sent }, mut errors) = body.with_errors()?;
    if !sent && kept.is_none() {
        errors.push(missing());
    }
    if !errors.is_empty() {
        return Err(ApiError::Invalid(errors));
    }
    match (refresh_token, kept) {
        (Some(token), _) => Ok(token),
        (None, Some(kept)) => proven(request, &kept),
        // Counted as an error above.
        (None, None) => Err(ApiError::InvalidGrant),
    }
}

fn missing() -> FieldError {
    FieldError::new("/refresh_token".to_owned(), Violation::new("required", "must be there"))
}

fn proven(request: &HttpRequest, kept: &Cookie<'_>) -> Result<String, ApiError> {
    if request.headers().contains_key(PROOF) {
        return Ok(kept.value().to_owned());
    }
    Err(ApiError::InvalidRequest { detail: "Send the header X-Requested-With along with the cookie.".into() })
}
