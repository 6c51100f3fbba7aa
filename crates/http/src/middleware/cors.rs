//! Cross-origin resource sharing (Fetch standard, §3.2): which web apps a browser lets call us.

use actix_cors::{Cors, CorsError};
use actix_web::Error;
use actix_web::http::header::{self, HeaderMap};

use crate::auth::cookie;
use crate::settings::HttpSettings;

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const HEADERS: [&str; 6] =
    ["Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-Id"];
const EXPOSED: [&str; 7] =
    ["ETag", "Location", "Retry-After", "X-Request-Id", "WWW-Authenticate", "RateLimit", "RateLimit-Policy"];
/// How long a browser may keep the answer to a preflight, in seconds.
const MAX_AGE: usize = 600;

/// The app's own origin and those listed. `*` is none: with credentials it must not be used.
///
/// The envelope, further out, tidies up after it.
pub(super) fn cors(settings: &HttpSettings) -> Cors {
    let origins = settings.cors_origins.iter().chain(&settings.app_origin);
    // The server's settings let neither a slash at the end nor `*` through. Whoever makes settings in another way must
    // not open the API to every origin by them, nor be left with one that no browser sends.
    let origins = origins.map(|origin| origin.trim_end_matches('/'));
    let proof = settings.auth_cookies.then_some(cookie::PROOF);
    let cors = Cors::default()
        .allowed_methods(METHODS)
        .allowed_headers(HEADERS.into_iter().chain(proof))
        .expose_headers(EXPOSED)
        .max_age(MAX_AGE)
        .supports_credentials()
        // Others are served as before there was CORS: the browser keeps their answers from them.
        .block_on_origin_mismatch(false);
    origins.filter(|origin| !origin.is_empty() && *origin != "*").fold(cors, Cors::allowed_origin)
}

/// Takes away what `actix-cors` tells origins that are not listed: which headers they might read if they were.
pub(super) fn tidy(headers: &mut HeaderMap) {
    if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        headers.remove(header::ACCESS_CONTROL_EXPOSE_HEADERS);
    }
}

/// Whether a preflight was refused.
pub(super) fn is_refusal(error: &Error) -> bool {
    error.as_error::<CorsError>().is_some()
}
