//! Pages of a list, by number or by cursor.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;

/// An order: what to sort by, and in which direction. Rows that are equal in it are ordered by id, the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort<K> {
    /// What to sort by.
    pub key: K,
    /// Greatest first.
    pub descending: bool,
}

/// Where a row stands in an order: the value it is sorted by, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The value sorted by.
    pub key: SortValue,
    /// The row's id, which decides between equal values.
    pub id: Uuid,
}

/// A value that rows are sorted by. `Missing` comes last in either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortValue {
    /// An instant.
    Time(Timestamp),
    /// A folded text, in the order of its code points.
    Text(String),
    /// A whole number.
    Number(i64),
    /// No value.
    Missing,
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The page of that number, from 1, together with the number of all rows.
    Numbered(u32),
    /// The first rows, without counting.
    First,
    /// What follows that row, without counting. Costs the same however far into the list it is.
    After(Position),
}

/// A page that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<K, F> {
    /// Which rows.
    pub filter: F,
    /// In which order.
    pub sort: Sort<K>,
    /// Which part of them.
    pub part: Part,
    /// At most how many.
    pub size: u32,
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many rows there are in all; null in cursor mode.
    #[cfg_attr(feature = "openapi", schema(required = true, minimum = 0, example = 42))]
    pub total: Option<i64>,
    /// The number of this page, from 1; null in cursor mode.
    #[cfg_attr(feature = "openapi", schema(required = true, minimum = 1, example = 1))]
    pub page: Option<u32>,
    /// At most how many rows a page has.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100, example = 20))]
    pub page_size: u32,
    /// Give it as `cursor` to get what follows; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true, example = "AUnHlq0AAAAB"))]
    pub next_cursor: Option<String>,
}

/// The rows of a part, before they are a [`Page`]: with where they end, where more follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The position of the last row, if more follow it.
    pub more_after: Option<Position>,
    /// How many rows there are in all, where that was counted.
    pub total: Option<i64>,
}
