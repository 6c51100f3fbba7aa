//! Storing very many rows at once, as filling a database for a benchmark or an import needs it.
//!
//! What is stored is the same as through [`users::insert`] and [`items::insert`]; only the way there differs.
//! SQLite takes row after row, which is as fast as it gets. PostgreSQL takes a batch as one statement, which spares a
//! round trip for each row.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use plinth_domain::{Item, User};

use crate::connection::{AnyConnection as Connection, connect_once};

use crate::schema;
use crate::settings::Location;
use crate::{Result, items, users};

/// How many rows make a good batch: enough to forget the round trip, few enough for the 65,535 parameters that a
/// statement may have on PostgreSQL.
pub const BATCH: usize = 1_000;

/// Stores new users, all with the same password.
///
/// # Errors
/// [`crate::Error::Conflict`] if one of them has the id or the address of another user.
pub fn insert_users(connection: &mut Connection, new: &[User], password_hash: &str) -> Result<()> {
    match connection {
        Connection::Sqlite(_) => {
            new.iter().try_for_each(|user| users::insert(connection, user, password_hash))
        }
        Connection::Postgres(connection) => {
            let rows: Vec<_> = new.iter().map(|user| users::New::of(user, password_hash)).collect();
            diesel::insert_into(schema::users::table).values(rows).execute(connection)?;
            Ok(())
        }
    }
}

/// Stores new items.
///
/// # Errors
/// [`crate::Error::Conflict`] if one of them has the id of another item, [`crate::Error::ForeignKey`] if an owner
/// does not exist.
pub fn insert_items(connection: &mut Connection, new: &[Item]) -> Result<()> {
    match connection {
        Connection::Sqlite(_) => new.iter().try_for_each(|item| items::insert(connection, item)),
        Connection::Postgres(connection) => {
            let rows: Vec<_> = new.iter().map(items::New::of).collect();
            diesel::insert_into(schema::items::table).values(rows).execute(connection)?;
            Ok(())
        }
    }
}

/// Does at once what the database would do by itself some time after so many rows: PostgreSQL counts what it has and
/// notes which pages everyone sees, SQLite moves its log into the file.
///
/// # Errors
/// [`crate::Error::Unavailable`] if the database cannot be opened.
pub fn settle(location: &Location) -> Result<()> {
    let tidy = match location {
        Location::Sqlite(_) => "PRAGMA wal_checkpoint(TRUNCATE);",
        Location::Postgres(_) => "SET statement_timeout = 0; VACUUM (ANALYZE) users; VACUUM (ANALYZE) items;",
    };
    // Several statements in one message are a transaction to PostgreSQL, and `VACUUM` wants none.
    let mut connection = connect_once(location)?;
    tidy.split_inclusive(';').try_for_each(|statement| Ok(connection.batch_execute(statement)?))
}
