//! Items.

use diesel::prelude::*;
use plinth_domain::fold::{fold, searchable};
use plinth_domain::items::{ItemFilter, ItemSortKey};
use plinth_domain::paging::{PageRequest, Position, Slice, SortValue};
use plinth_domain::{Description, Item, ItemId, Price, Timestamp, Title};

use crate::Result;
use crate::connection::{AnyConnection as Connection, MultiBackend, RowLock, directly};
use crate::error::touched;
use crate::paging::{self, Listing, Range, Window, containing, stretch};
use crate::schema::items;
use crate::types::{At, Key};

#[derive(Queryable, Selectable)]
#[diesel(table_name = items)]
struct Row {
    id: Key,
    owner_id: Key,
    title: String,
    description: Option<String>,
    price: Option<i64>,
    created_at: At,
    updated_at: At,
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.id(),
            owner_id: row.owner_id.id(),
            title: Title::from_stored(row.title),
            description: row.description.map(Description::from_stored),
            price: row.price.map(Price::from_stored),
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        }
    }
}

/// The columns that follow from others.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = items, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct Stored<'a> {
    title: &'a str,
    description: Option<&'a str>,
    price: Option<i64>,
    updated_at: At,
    title_folded: String,
    search_text: String,
}

impl<'a> From<&'a Item> for Stored<'a> {
    fn from(item: &'a Item) -> Self {
        let description = item.description.as_ref().map(Description::as_str);
        Self {
            title: item.title.as_str(),
            description,
            price: item.price.map(Price::hundredths),
            updated_at: item.updated_at.into(),
            title_folded: fold(item.title.as_str()),
            search_text: searchable(&[item.title.as_str(), description.unwrap_or_default()]),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = items, treat_none_as_default_value = false)]
pub(crate) struct New<'a> {
    id: Key,
    owner_id: Key,
    created_at: At,
    #[diesel(embed)]
    stored: Stored<'a>,
}

impl<'a> New<'a> {
    pub(crate) fn of(item: &'a Item) -> Self {
        Self {
            id: item.id.into(),
            owner_id: item.owner_id.into(),
            created_at: item.created_at.into(),
            stored: item.into(),
        }
    }
}

/// The item of that id.
///
/// # Errors
/// [`crate::Error::NotFound`].
pub fn find(connection: &mut Connection, id: ItemId) -> Result<Item> {
    let row = directly!(connection, |c| items::table.find(Key::from(id)).select(Row::as_select()).first(c))?;
    Ok(row.into())
}

/// The item of that id, which nobody else can change until the transaction ends.
///
/// # Errors
/// [`crate::Error::NotFound`].
pub fn find_for_change(connection: &mut Connection, id: ItemId) -> Result<Item> {
    connection.lock_row(RowLock::Item(id.into()))?;
    find(connection, id)
}

/// Stores a new item.
///
/// # Errors
/// [`crate::Error::ForeignKey`] if the owner does not exist.
pub fn insert(connection: &mut Connection, item: &Item) -> Result<()> {
    directly!(connection, |c| diesel::insert_into(items::table).values(New::of(item)).execute(c))?;
    Ok(())
}

/// Stores what was changed of an item, as its next version: `updated_at` becomes `now`, or just after the version
/// before where the clock has not advanced. The caller has it from [`find_for_change`].
///
/// # Errors
/// [`crate::Error::NotFound`].
pub fn update(connection: &mut Connection, mut item: Item, now: Timestamp) -> Result<Item> {
    item.updated_at = now.max(item.updated_at.next());
    let changed =
        diesel::update(items::table.find(Key::from(item.id))).set(Stored::from(&item)).execute(connection)?;
    touched(changed)?;
    Ok(item)
}

/// Deletes an item.
///
/// # Errors
/// [`crate::Error::NotFound`].
pub fn delete(connection: &mut Connection, id: ItemId) -> Result<()> {
    let deleted = diesel::delete(items::table.find(Key::from(id))).execute(connection)?;
    touched(deleted)
}

/// The asked-for part of a list of items.
///
/// # Errors
/// [`crate::Error::Inconsistent`] if the position is not one of this order.
pub fn list(
    connection: &mut Connection,
    request: &PageRequest<ItemSortKey, ItemFilter>,
) -> Result<Slice<Item>> {
    paging::slice(&mut Items { connection, request }, request)
}

struct Items<'a> {
    connection: &'a mut Connection,
    request: &'a PageRequest<ItemSortKey, ItemFilter>,
}

/// Narrows a boxed query to the rows that the filter lets through.
macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query.into_boxed::<MultiBackend>(), $filter);
        if let Some(owner) = filter.owner {
            query = query.filter(items::owner_id.eq(Key::from(owner)));
        }
        if let Some(text) = &filter.search {
            query = query.filter(items::search_text.like(containing(text)).escape('\\'));
        }
        query
    }};
}

impl Listing for Items<'_> {
    type Row = Item;

    fn has_missing(&self) -> bool {
        self.request.sort.key == ItemSortKey::Price
    }

    fn rows(&mut self, range: &Range, window: Window) -> Result<Vec<Item>> {
        let query = filtered!(items::table.select(Row::as_select()), &self.request.filter);
        let descending = self.request.sort.descending;
        let query = match self.request.sort.key {
            ItemSortKey::CreatedAt => {
                stretch!(query, items::created_at, items::id, range, descending, paging::time)
            }
            ItemSortKey::UpdatedAt => {
                stretch!(query, items::updated_at, items::id, range, descending, paging::time)
            }
            ItemSortKey::Title => {
                stretch!(query, items::title_folded, items::id, range, descending, paging::text)
            }
            ItemSortKey::Price => {
                stretch!(query, items::price, items::id, range, descending, paging::number, least 0_i64)
            }
        };
        let rows = query.offset(window.offset).limit(window.limit).load(self.connection)?;
        Ok(rows.into_iter().map(Item::from).collect())
    }

    fn count(&mut self, present_only: bool) -> Result<i64> {
        let mut query = filtered!(items::table.count(), &self.request.filter);
        if present_only && self.has_missing() {
            query = query.filter(items::price.ge(0_i64));
        }
        Ok(query.get_result(self.connection)?)
    }

    fn position(&self, item: &Item) -> Position {
        let key = match self.request.sort.key {
            ItemSortKey::CreatedAt => SortValue::Time(item.created_at),
            ItemSortKey::UpdatedAt => SortValue::Time(item.updated_at),
            ItemSortKey::Title => SortValue::Text(fold(item.title.as_str())),
            ItemSortKey::Price => {
                item.price.map_or(SortValue::Missing, |p| SortValue::Number(p.hundredths()))
            }
        };
        Position { key, id: item.id.uuid() }
    }
}
