//! What the query strings of all lists have in common: paging and order.

use plinth_domain::paging::{PageRequest, Part, Sort};
use plinth_domain::{Violation, cursor, fold, text};
use std::hash::Hash;

use crate::fields::Fields;

/// How many rows a page has unless the client says otherwise.
pub(crate) const PAGE_SIZE: u32 = 20;
/// The greatest number of a page: what an `int32` of the OpenAPI document holds.
pub(crate) const MAX_PAGE: u32 = 2_147_483_647;
/// The most rows of a page.
pub(crate) const MAX_PAGE_SIZE: u32 = 100;
/// The longest text that is searched for, in characters.
pub(crate) const MAX_SEARCH: usize = 200;

/// Reads `page`, `page_size`, `cursor` and `sort` beside a filter that was read before.
pub(crate) fn read<K: Copy + Hash + 'static, F: Hash>(
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
            Ok(position) => request.part = Part::After(position),
            Err(violation) => fields.report("cursor", violation),
        },
    }
    Some(request)
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
