//! One spelling for every path.

use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;

/// A trailing slash makes no difference. (`NormalizePath` runs a regular expression over every path.)
pub(super) fn trim_trailing_slash(request: &mut ServiceRequest) {
    let path = request.path();
    if path.len() <= 1 || !path.ends_with('/') {
        return;
    }
    let trimmed = path.trim_end_matches('/');
    let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
    let target = match request.uri().query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = target.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}
