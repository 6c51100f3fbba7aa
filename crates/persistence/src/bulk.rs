//! Storing very many rows at once, as filling a database for a benchmark or an import needs it.
//!
//! What is stored is the same as through [`users::insert`] and [`items::insert`]; only the way there differs.
//! SQLite takes row after row, which is as fast as it gets. PostgreSQL takes a batch as one `COPY`, which spares a
//! round trip for each row.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use plinth_domain::fold::{fold, searchable};
use plinth_domain::{Description, FullName, Item, Price, User};

use crate::connection::AnyConnection as Connection;
use crate::pool::connect_once;
use crate::schema;
use crate::settings::Location;
use crate::types::{At, Key};
use crate::{Result, items, users};

/// How many rows make a good batch: enough to forget the round trip, few enough to report progress and to stay far
/// below the time that a statement may take.
pub const BATCH: usize = 5_000;

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
            let rows: Vec<_> = new.iter().map(|user| NewUser::of(user, password_hash)).collect();
            diesel::copy_from(schema::users::table).from_insertable(rows).execute(connection)?;
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
            let rows: Vec<_> = new.iter().map(NewItem::of).collect();
            diesel::copy_from(schema::items::table).from_insertable(rows).execute(connection)?;
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

#[derive(Insertable)]
#[diesel(table_name = schema::users, treat_none_as_default_value = false)]
struct NewUser<'a> {
    id: Key,
    email: &'a str,
    pending_email: Option<&'a str>,
    password_hash: &'a str,
    full_name: Option<&'a str>,
    role: &'a str,
    is_active: bool,
    email_verified: bool,
    created_at: At,
    updated_at: At,
    deleted_at: Option<At>,
    email_folded: String,
    full_name_folded: Option<String>,
    search_text: String,
}

impl<'a> NewUser<'a> {
    fn of(user: &'a User, password_hash: &'a str) -> Self {
        let full_name = user.full_name.as_ref().map(FullName::as_str);
        Self {
            id: user.id.into(),
            email: user.email.as_str(),
            pending_email: user.pending_email.as_ref().map(plinth_domain::Email::as_str),
            password_hash,
            full_name,
            role: user.role.as_str(),
            is_active: user.is_active,
            email_verified: user.email_verified,
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
            deleted_at: user.deleted_at.map(At::from),
            email_folded: fold(user.email.as_str()),
            full_name_folded: full_name.map(fold),
            search_text: searchable(&[user.email.as_str(), full_name.unwrap_or_default()]),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = schema::items, treat_none_as_default_value = false)]
struct NewItem<'a> {
    id: Key,
    owner_id: Key,
    title: &'a str,
    description: Option<&'a str>,
    price: Option<i64>,
    created_at: At,
    updated_at: At,
    title_folded: String,
    search_text: String,
}

impl<'a> NewItem<'a> {
    fn of(item: &'a Item) -> Self {
        let description = item.description.as_ref().map(Description::as_str);
        Self {
            id: item.id.into(),
            owner_id: item.owner_id.into(),
            title: item.title.as_str(),
            description,
            price: item.price.map(Price::hundredths),
            created_at: item.created_at.into(),
            updated_at: item.updated_at.into(),
            title_folded: fold(item.title.as_str()),
            search_text: searchable(&[item.title.as_str(), description.unwrap_or_default()]),
        }
    }
}
