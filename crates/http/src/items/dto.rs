//! What clients send about items.

use plinth_domain::items::{Item, ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Sort, SortValue};
use plinth_domain::{Description, Price, Title, UserId, Violation};
use utoipa::{IntoParams, ToSchema};

use crate::fields::{Fields, FromFields, Patch};
use crate::listing::{self, SortKey};

/// A new item.
#[derive(ToSchema)]
pub struct ItemCreate {
    /// What it is called; white space around it is dropped.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Amber lamp")]
    pub title: Title,
    /// What it is.
    #[schema(value_type = Option<String>, max_length = 10000, example = "Brass foot, linen shade.")]
    pub description: Option<Description>,
    /// What it costs; at most two decimals.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 9_999_999_999.99, example = 12.5)]
    pub price: Option<Price>,
}

impl FromFields for ItemCreate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.required("title", Title::parse);
        let description = fields.nullable("description", Description::parse);
        let price = fields.nullable_number("price", Price::parse_json_number);
        Some(Self { title: title?, description: description?.value(), price: price?.value() })
    }
}

/// What to change of an item; what is left out stays.
#[derive(ToSchema)]
pub struct ItemUpdate {
    /// What it is called; white space around it is dropped.
    #[schema(value_type = String, min_length = 1, max_length = 200, required = false, example = "Amber lamp")]
    pub title: Option<Title>,
    /// What it is; null clears it.
    #[schema(value_type = Option<String>, max_length = 10000, example = "Brass foot, linen shade.")]
    pub description: Patch<Description>,
    /// What it costs; at most two decimals; null clears it.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 9_999_999_999.99, example = 9.9)]
    pub price: Patch<Price>,
}

impl FromFields for ItemUpdate {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let title = fields.optional("title", Title::parse);
        let description = fields.nullable("description", Description::parse);
        let price = fields.nullable_number("price", Price::parse_json_number);
        Some(Self { title: title?, description: description?, price: price? })
    }
}

impl ItemUpdate {
    /// Makes the changes.
    pub(crate) fn apply(self, item: &mut Item) {
        if let Some(title) = self.title {
            item.title = title;
        }
        self.description.apply(&mut item.description);
        self.price.apply(&mut item.price);
    }
}

/// Which items, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query string that ItemList reads")]
pub(crate) struct ItemListParams {
    /// Only items whose title or description contains this, in any case.
    #[param(max_length = 200)]
    search: Option<String>,
    /// Only this user's items. Viewers see only their own.
    #[param(value_type = Option<uuid::Uuid>)]
    owner_id: Option<UserId>,
    /// What to sort by; `-` before it for descending order. Items without a price come last.
    #[param(inline, example = "-created_at")]
    sort: Option<ItemSort>,
}

/// The orders of a list of items.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of sort")]
pub(crate) enum ItemSort {
    #[schema(rename = "created_at")]
    CreatedAt,
    #[schema(rename = "-created_at")]
    CreatedAtDescending,
    #[schema(rename = "updated_at")]
    UpdatedAt,
    #[schema(rename = "-updated_at")]
    UpdatedAtDescending,
    #[schema(rename = "title")]
    Title,
    #[schema(rename = "-title")]
    TitleDescending,
    #[schema(rename = "price")]
    Price,
    #[schema(rename = "-price")]
    PriceDescending,
}

impl SortKey for ItemSortKey {
    fn holds(self, value: &SortValue) -> bool {
        match self {
            Self::CreatedAt | Self::UpdatedAt => listing::is_time(value),
            Self::Title => matches!(value, SortValue::Text(_)),
            Self::Price => matches!(value, SortValue::Number(_) | SortValue::Missing),
        }
    }
}

/// The query string of the list.
pub(crate) struct ItemList(pub(crate) PageRequest<ItemSortKey, ItemFilter>);

impl FromFields for ItemList {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let search = listing::search(fields);
        let owner = fields.optional("owner_id", |text| {
            text.parse::<UserId>().map_err(|_| Violation::new("invalid_id", "must be the id of a user"))
        });
        let filter = match (search, owner) {
            (Some(search), Some(owner)) => Some(ItemFilter { owner, search }),
            _ => None,
        };
        let newest_first = Sort { key: ItemSortKey::CreatedAt, descending: true };
        listing::read(fields, filter, &ItemSortKey::NAMES, newest_first).map(Self)
    }
}
