//! The audit log. Entries are added and swept away by age, never changed.

use diesel::prelude::*;
use plinth_domain::audit::{AuditEntry, AuditFilter, AuditSortKey, Details, EventName};
use plinth_domain::paging::{PageRequest, Position, Slice, SortValue};
use plinth_domain::{RequestContext, UserAgent};

use crate::connection::{AnyConnection as Connection, MultiBackend};
use crate::paging::{self, Listing, Range, Window, stretch};
use crate::schema::audit;
use crate::sessions::stored_ip;
use crate::types::{At, Key};
use crate::{Error, Result};

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
struct Row {
    id: Key,
    created_at: At,
    event: String,
    actor_id: Option<Key>,
    user_id: Option<Key>,
    ip: Option<String>,
    user_agent: Option<String>,
    request_id: String,
    details: String,
}

impl TryFrom<Row> for AuditEntry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let details: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&row.details)
            .map_err(|_| Error::Inconsistent("details that are no JSON object"))?;
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(Self {
            id: row.id.id(),
            at: row.created_at.0,
            event: EventName::from_stored(row.event),
            actor_id: row.actor_id.map(Key::id),
            user_id: row.user_id.map(Key::id),
            context: RequestContext {
                ip: stored_ip(row.ip)?,
                user_agent: row.user_agent.map(UserAgent::from_stored),
                request_id: row.request_id,
            },
            details: details.into_iter().map(|(name, value)| (name, text(value))).collect(),
        })
    }
}

/// A JSON object of texts.
fn json(details: &Details) -> String {
    let object = details.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
    serde_json::Value::Object(object.collect()).to_string()
}

/// Adds an entry. One `INSERT`.
///
/// # Errors
/// None of its own.
pub fn record(connection: &mut Connection, entry: &AuditEntry) -> Result<()> {
    let row = Row {
        id: entry.id.into(),
        created_at: entry.at.into(),
        event: entry.event.as_str().to_owned(),
        actor_id: entry.actor_id.map(Key::from),
        user_id: entry.user_id.map(Key::from),
        ip: entry.context.ip.map(|ip| ip.to_string()),
        user_agent: entry.context.user_agent.as_ref().map(ToString::to_string),
        request_id: entry.context.request_id.clone(),
        details: json(&entry.details),
    };
    diesel::insert_into(audit::table).values(row).execute(connection)?;
    Ok(())
}

/// The asked-for part of the log.
///
/// # Errors
/// [`Error::Inconsistent`] if the position is not one of this order.
pub fn list(
    connection: &mut Connection,
    request: &PageRequest<AuditSortKey, AuditFilter>,
) -> Result<Slice<AuditEntry>> {
    paging::slice(&mut Entries { connection, request }, request)
}

struct Entries<'a> {
    connection: &'a mut Connection,
    request: &'a PageRequest<AuditSortKey, AuditFilter>,
}

/// Narrows a boxed query to the rows that the filter lets through.
macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query.into_boxed::<MultiBackend>(), $filter);
        if let Some(event) = filter.event {
            query = query.filter(audit::event.eq(event.as_str()));
        }
        if let Some(actor) = filter.actor_id {
            query = query.filter(audit::actor_id.eq(Key::from(actor)));
        }
        if let Some(user) = filter.user_id {
            query = query.filter(audit::user_id.eq(Key::from(user)));
        }
        if let Some(since) = filter.since {
            query = query.filter(audit::created_at.ge(At(since)));
        }
        if let Some(until) = filter.until {
            query = query.filter(audit::created_at.lt(At(until)));
        }
        query
    }};
}

impl Listing for Entries<'_> {
    type Row = AuditEntry;

    fn has_missing(&self) -> bool {
        false
    }

    fn rows(&mut self, range: &Range, window: Window) -> Result<Vec<AuditEntry>> {
        let query = filtered!(audit::table, &self.request.filter);
        let query = match self.request.sort.key {
            AuditSortKey::CreatedAt => stretch!(
                query,
                audit::created_at,
                audit::id,
                range,
                self.request.sort.descending,
                paging::time
            ),
        };
        let rows = query.offset(window.offset).limit(window.limit).load::<Row>(self.connection)?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }

    fn count(&mut self, _: bool) -> Result<i64> {
        Ok(filtered!(audit::table.count(), &self.request.filter).get_result(self.connection)?)
    }

    fn position(&self, entry: &AuditEntry) -> Position {
        Position { key: SortValue::Time(entry.at), id: entry.id.uuid() }
    }
}
