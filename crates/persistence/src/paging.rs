//! Reads a page of any list: ranges of an index, one after the other, until the page is full.
//!
//! After a position come the rows with the same value and a greater id, then those with a greater value, and last
//! those without a value. Each of these is one stretch of an index on (value, id), which both databases find without
//! looking at the rows before it; one condition that covers all of them would make them read every row with the same
//! value, or all of the table.

use plinth_domain::paging::{PageRequest, Part, Position, Slice, SortValue};
use uuid::Uuid;

use crate::Result;

/// A stretch of a list, in its order.
#[derive(Clone, Debug)]
pub(crate) enum Range {
    /// All rows that have a value.
    Present,
    /// Rows with this value and an id beyond this one.
    Same(SortValue, Uuid),
    /// Rows with a value beyond this one.
    Beyond(SortValue),
    /// All rows that have no value.
    Missing,
    /// Rows that have no value, with an id beyond this one.
    MissingAfter(Uuid),
}

/// The rows of a stretch to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) offset: i64,
    pub(crate) limit: i64,
}

/// How a list is read; a resource says it once.
pub(crate) trait Listing {
    type Row;
    /// Whether rows may lack the value sorted by.
    fn has_missing(&self) -> bool;
    /// The rows of a stretch, in order.
    fn rows(&mut self, range: &Range, window: Window) -> Result<Vec<Self::Row>>;
    /// How many rows the list has, or only those that have a value.
    fn count(&mut self, present_only: bool) -> Result<i64>;
    /// Where a row stands.
    fn position(&self, row: &Self::Row) -> Position;
}

/// Reads the part of the list that was asked for.
pub(crate) fn slice<L: Listing, K, F>(list: &mut L, request: &PageRequest<K, F>) -> Result<Slice<L::Row>> {
    let size = i64::from(request.size);
    let offset = match request.part {
        Part::Numbered(page) => i64::from(page.saturating_sub(1)) * size,
        Part::First | Part::After(_) => 0,
    };
    let mut rows = Vec::new();
    let ranges = ranges(&request.part, list.has_missing());
    // One more than the page holds tells whether more follow.
    read(list, &ranges, Window { offset, limit: size + 1 }, &mut rows)?;
    let read = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let total = match request.part {
        // The end of the list is in sight, so it is known how long the list is.
        Part::Numbered(_) if read <= size && (read > 0 || offset == 0) => Some(offset + read),
        Part::Numbered(_) => Some(list.count(false)?),
        Part::First | Part::After(_) => None,
    };
    let page = usize::try_from(size).unwrap_or(usize::MAX);
    let more = rows.len() > page;
    rows.truncate(page);
    let more_after = if more { rows.last().map(|row| list.position(row)) } else { None };
    Ok(Slice { rows, more_after, total })
}

fn ranges(part: &Part, has_missing: bool) -> Vec<Range> {
    let mut ranges = match part {
        Part::Numbered(_) | Part::First => vec![Range::Present],
        Part::After(Position { key: SortValue::Missing, id }) => return vec![Range::MissingAfter(*id)],
        Part::After(Position { key, id }) => vec![Range::Same(key.clone(), *id), Range::Beyond(key.clone())],
    };
    if has_missing {
        ranges.push(Range::Missing);
    }
    ranges
}

fn read<L: Listing>(list: &mut L, ranges: &[Range], window: Window, rows: &mut Vec<L::Row>) -> Result<()> {
    let Window { mut offset, limit } = window;
    for (n, range) in ranges.iter().enumerate() {
        let held = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if held >= limit {
            break;
        }
        rows.append(&mut list.rows(range, Window { offset, limit: limit - held })?);
        let is_last = n + 1 == ranges.len();
        if offset > 0 && !is_last {
            // What of the offset this stretch did not use up counts in the next.
            offset = if rows.is_empty() { (offset - list.count(true)?).max(0) } else { 0 };
        }
    }
    Ok(())
}

/// A pattern for `LIKE … ESCAPE '\'` that finds the text wherever it stands.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Narrows a boxed query to a stretch of the order by `$key` and `$id`, and puts it in that order.
///
/// `$least` is the least value of a column that may be null: comparing with it leaves out the nulls and, unlike
/// `IS NOT NULL`, is a stretch of the index on both databases.
macro_rules! stretch {
    ($query:expr, $key:expr, $id:expr, $range:expr, $descending:expr, $value:expr $(, least $least:expr)?) => {{
        let (query, descending) = ($query, $descending);
        let value = $value;
        let query = match $range {
            $crate::paging::Range::Present => query $(.filter($key.ge($least)))?,
            $crate::paging::Range::Same(at, id) if descending => {
                query.filter($key.eq(value(at)?)).filter($id.lt($crate::types::Key::from(*id)))
            }
            $crate::paging::Range::Same(at, id) => {
                query.filter($key.eq(value(at)?)).filter($id.gt($crate::types::Key::from(*id)))
            }
            $crate::paging::Range::Beyond(at) if descending => query.filter($key.lt(value(at)?)),
            $crate::paging::Range::Beyond(at) => query.filter($key.gt(value(at)?)),
            $crate::paging::Range::Missing => query.filter($key.is_null()),
            $crate::paging::Range::MissingAfter(id) if descending => {
                query.filter($key.is_null()).filter($id.lt($crate::types::Key::from(*id)))
            }
            $crate::paging::Range::MissingAfter(id) => {
                query.filter($key.is_null()).filter($id.gt($crate::types::Key::from(*id)))
            }
        };
        if descending { query.order(($key.desc(), $id.desc())) } else { query.order(($key.asc(), $id.asc())) }
    }};
}
pub(crate) use stretch;

/// The instant in a position; another kind of value is a cursor of another list.
pub(crate) fn time(value: &SortValue) -> Result<crate::types::At> {
    match value {
        SortValue::Time(at) => Ok((*at).into()),
        _ => Err(crate::Error::Inconsistent("a cursor of another order")),
    }
}

/// The text in a position.
pub(crate) fn text(value: &SortValue) -> Result<String> {
    match value {
        SortValue::Text(text) => Ok(text.clone()),
        _ => Err(crate::Error::Inconsistent("a cursor of another order")),
    }
}

/// The number in a position.
pub(crate) fn number(value: &SortValue) -> Result<i64> {
    match value {
        SortValue::Number(number) => Ok(*number),
        _ => Err(crate::Error::Inconsistent("a cursor of another order")),
    }
}
