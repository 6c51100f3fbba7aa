//! What the query strings of all lists have in common: paging and order.

use std::borrow::Cow;
use std::hash::Hash;

use actix_web::HttpRequest;
use plinth_domain::paging::{PageRequest, Part, Sort, SortValue};
use plinth_domain::{Violation, cursor, fold, text};
use tokio::sync::OwnedSemaphorePermit;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::fields::{Fields, pairs};

/// How many rows a page has unless the client says otherwise.
pub(crate) const PAGE_SIZE: u32 = 20;
/// The greatest number of a page: what an `int32` of the OpenAPI document holds.
pub(crate) const MAX_PAGE: u32 = 2_147_483_647;
/// The most rows of a page.
pub(crate) const MAX_PAGE_SIZE: u32 = 100;
/// The longest text that is searched for, in characters.
pub(crate) const MAX_SEARCH: usize = 200;

/// What the rows of a list can be sorted by.
pub(crate) trait SortKey: Copy + Hash + 'static {
    /// Whether a row can stand at that value. A cursor is no secret, and anybody can write one.
    fn holds(self, value: &SortValue) -> bool;
}

/// Whether it is an instant.
pub(crate) fn is_time(value: &SortValue) -> bool {
    matches!(value, SortValue::Time(_))
}

/// Reads `page`, `page_size`, `cursor` and `sort` beside a filter that was read before.
pub(crate) fn read<K: SortKey, F: Hash>(
    fields: &mut Fields<'_>,
    filter: Option<F>,
    keys: &'static [(&'static str, K)],
    default_sort: Sort<K>,
) -> Option<PageRequest<K, F>> {
    let both = fields.contains("page") && fields.contains("cursor");
    let page = fields.optional_number("page", |text| number(text, 1, MAX_PAGE));
    let size = fields.optional_number("page_size", |text| number(text, 1, MAX_PAGE_SIZE));
    let sort = fields.optional("sort", |text| sort(text, keys));
    let cursor = fields.optional("cursor", |text| Ok(text.to_owned()));
    if both {
        fields.report("cursor", Violation::new("conflicting_fields", "must not be given together with page"));
    }
    let mut request = PageRequest {
        filter: filter?,
        sort: sort?.unwrap_or(default_sort),
        part: Part::Numbered(page?.unwrap_or(1)),
        size: size?.unwrap_or(PAGE_SIZE),
    };
    match cursor?.as_deref() {
        None => {}
        Some("") => request.part = Part::First,
        Some(text) => match cursor::decode(text, &request) {
            Ok(position) if request.sort.key.holds(&position.key) => request.part = Part::After(position),
            Ok(_) => fields.report("cursor", cursor::invalid()),
            Err(violation) => fields.report("cursor", violation),
        },
    }
    Some(request)
}

/// What was sent for that parameter, whatever else is wrong with the query string: who may not ask for it is refused
/// before the rest is looked at.
pub(crate) fn sent<'a>(request: &'a HttpRequest, name: &str) -> Option<Cow<'a, str>> {
    pairs(request.query_string()).find(|(given, _)| given == name).and_then(|(_, value)| value)
}

/// A turn to search, where that is asked for, to be held while it is done. Nobody without a good token gets one.
pub(crate) async fn turn(
    caller: &Caller,
    request: &HttpRequest,
) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
    caller.session()?;
    let is_search = sent(request, "search").is_some_and(|term| !term.is_empty());
    caller.app().searches.turn(is_search).await
}

/// Reads `search`, folded as the stored text is.
pub(crate) fn search(fields: &mut Fields<'_>) -> Option<Option<String>> {
    fields
        .optional("search", |term| {
            text::without_nul(term)?;
            if term.chars().count() > MAX_SEARCH {
                return Err(Violation::new(
                    "too_long",
                    format!("must be at most {MAX_SEARCH} characters long"),
                ));
            }
            Ok(fold::fold(term))
        })
        .map(|term| term.filter(|term| !term.is_empty()))
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, Violation> {
    text.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(|| {
        Violation::new("out_of_range", format!("must be a whole number from {least} to {most}"))
    })
}

fn sort<K: Copy>(text: &str, keys: &'static [(&'static str, K)]) -> Result<Sort<K>, Violation> {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    keys.iter().find(|(key, _)| *key == name).map(|(_, key)| Sort { key: *key, descending }).ok_or_else(
        || {
            let names: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
            Violation::new(
                "invalid_choice",
                format!("must be one of {}, with a - before it for descending order", names.join(", ")),
            )
        },
    )
}

/// Which part of a list.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the part of the query string that all lists share")]
pub(crate) struct PageParams {
    /// The number of the page, from 1; not together with `cursor`.
    #[param(minimum = 1, maximum = 2_147_483_647, example = 1)]
    page: Option<i32>,
    /// How many rows a page has.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    page_size: Option<i32>,
    /// The `next_cursor` of the page before, with the same order and filters. Empty starts at the beginning, without
    /// counting.
    cursor: Option<String>,
}
