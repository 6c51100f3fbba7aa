//! Items: a resource that its users own, and the pattern for an app's own resources.

use serde::Serialize;

use crate::access::{Forbidden, Permission};
use crate::clock::Timestamp;
use crate::ids::{ItemId, UserId};
use crate::price::Price;
use crate::text::{Description, Title};
use crate::users::User;

/// An item, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// The identifier.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid, example = "01990d5c-8a2f-7d10-8c5b-5a1e2f3d4c5b"))]
    pub id: ItemId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid, example = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"))]
    pub owner_id: UserId,
    /// What it is called.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = 200, example = "Amber lamp"))]
    pub title: Title,
    /// What it is.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 10000, required = true, example = "Brass foot, linen shade."))]
    pub description: Option<Description>,
    /// What it costs; at most two decimals.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>, minimum = 0, maximum = 9_999_999_999.99, required = true, example = 12.5))]
    pub price: Option<Price>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    pub created_at: Timestamp,
    /// When it was last changed; two versions of an item never share it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    pub updated_at: Timestamp,
}

/// Whose items that user gets who asks for `owner`'s, or for no particular one's; `None` is everybody's.
pub fn visible_owner(user: &User, owner: Option<UserId>) -> Result<Option<UserId>, Forbidden> {
    if user.role.may(Permission::ReadAllItems) {
        return Ok(owner);
    }
    match owner {
        Some(owner) if owner != user.id => Err(Forbidden),
        _ => Ok(Some(user.id)),
    }
}

impl Item {
    /// Whether that user may see it. To anyone else it does not exist.
    pub fn is_visible_to(&self, user: &User) -> bool {
        self.owner_id == user.id || user.role.may(Permission::ReadAllItems)
    }

    /// Whether that user, who may see it, may also change and delete it.
    pub fn may_be_changed_by(&self, user: &User) -> Result<(), Forbidden> {
        if self.owner_id == user.id { Ok(()) } else { user.role.require(Permission::ManageAllItems) }
    }
}

/// What a list of items is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemSortKey {
    /// When the item was made.
    CreatedAt,
    /// When the item was last changed.
    UpdatedAt,
    /// The title, case folded.
    Title,
    /// The price; items without one come last.
    Price,
}

impl ItemSortKey {
    /// Every key with its name in a query string.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("created_at", Self::CreatedAt),
        ("updated_at", Self::UpdatedAt),
        ("title", Self::Title),
        ("price", Self::Price),
    ];
}

/// Which items a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ItemFilter {
    /// Only that user's.
    pub owner: Option<UserId>,
    /// Folded text that the title or the description contains.
    pub search: Option<String>,
}
