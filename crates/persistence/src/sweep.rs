//! Removing what is no longer of any use. Each function removes one batch, so that nobody waits for long; call it
//! again while it removes as many as it may.

use diesel::prelude::*;
use plinth_domain::Timestamp;

use crate::Result;
use crate::connection::{AnyConnection as Connection, load_unlocked};
use crate::schema::{audit, one_time_tokens, outbox, sessions};
use crate::types::{At, Key};

/// How many rows a batch has at most.
pub const BATCH: usize = 500;

macro_rules! sweep {
    ($connection:expr, $table:ident, $old:expr) => {{
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let old = $table::table.filter($old).limit(limit).select($table::id);
        // Rows that somebody has in hand are left to the next time.
        let old: Vec<Key> = load_unlocked!($connection, old);
        let mut removed = 0;
        for id in old {
            removed += diesel::delete($table::table.find(id)).execute($connection)?;
        }
        Ok(removed)
    }};
}

/// Sessions that have run out.
///
/// # Errors
/// None of its own.
pub fn sessions(connection: &mut Connection, now: Timestamp) -> Result<usize> {
    sweep!(connection, sessions, sessions::expires_at.le(At(now)))
}

/// One-time tokens that have run out.
///
/// # Errors
/// None of its own.
pub fn one_time_tokens(connection: &mut Connection, now: Timestamp) -> Result<usize> {
    sweep!(connection, one_time_tokens, one_time_tokens::expires_at.le(At(now)))
}

/// Messages that were given up before that instant.
///
/// # Errors
/// None of its own.
pub fn dead_letters(connection: &mut Connection, before: Timestamp) -> Result<usize> {
    sweep!(connection, outbox, outbox::dead_at.lt(At(before)))
}

/// Entries of the audit log from before that instant.
///
/// # Errors
/// None of its own.
pub fn audit(connection: &mut Connection, before: Timestamp) -> Result<usize> {
    sweep!(connection, audit, audit::created_at.lt(At(before)))
}
