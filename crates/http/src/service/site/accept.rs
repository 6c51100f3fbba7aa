//! What a request would like to get (RFC 9110 §12.5).

use actix_web::http::header::{self, HeaderMap, HeaderName};

/// Whether HTML is named in `Accept`, as a browser does that goes to a page. `*/*` is what scripts, images and programs
/// ask with.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    weight(headers, &header::ACCEPT, "text/html").is_some_and(|weight| weight > 0.0)
}

/// How much a content coding is wanted: 0 to 1, with 0 for not at all. `*` stands for those that are not named.
pub(super) fn weight_of_coding(headers: &HeaderMap, coding: &str) -> f32 {
    let named = weight(headers, &header::ACCEPT_ENCODING, coding);
    named.or_else(|| weight(headers, &header::ACCEPT_ENCODING, "*")).unwrap_or(0.0)
}

/// How much the content as it is is wanted by name. It is acceptable where it is not named as well.
pub(super) fn weight_of_identity(headers: &HeaderMap) -> f32 {
    weight(headers, &header::ACCEPT_ENCODING, "identity").unwrap_or(0.0)
}

/// The weight that something has in the list of a header; 1 unless it says otherwise. What has a weight that is none is
/// passed over.
fn weight(headers: &HeaderMap, list: &HeaderName, name: &str) -> Option<f32> {
    let lines = headers.get_all(list).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).find_map(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next().filter(|found| found.eq_ignore_ascii_case(name))?;
        let weight = parts
            .filter_map(|part| part.split_once('='))
            .find(|(parameter, _)| parameter.eq_ignore_ascii_case("q"))
            .map_or(Ok(1.0), |(_, weight)| weight.parse::<f32>());
        weight.ok().filter(|weight| (0.0..=1.0).contains(weight))
    })
}
