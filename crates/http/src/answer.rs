//! Answers that several handlers give.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use plinth_domain::cursor;
use plinth_domain::paging::{Page, PageRequest, Part, Slice};
use serde::Serialize;

use crate::error::ApiError;

/// What a handler answers.
pub(crate) type Answer = Result<HttpResponse, ApiError>;

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
