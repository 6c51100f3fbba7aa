//! Users' accounts.

use diesel::prelude::*;
use plinth_domain::fold::{fold, searchable};
use plinth_domain::paging::{PageRequest, Position, Slice, SortValue};
use plinth_domain::users::{UserFilter, UserSortKey};
use plinth_domain::{Email, FullName, Role, Timestamp, User, UserId};

use crate::connection::{AnyConnection as Connection, MultiBackend, RowLock};
use crate::error::touched;
use crate::paging::{self, Listing, Range, Window, containing, stretch};
use crate::schema::users;
use crate::types::{At, Key};
use crate::{Error, Result};

/// A user as it is read; the password's hash is read apart, by those who verify it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct Row {
    id: Key,
    email: String,
    pending_email: Option<String>,
    full_name: Option<String>,
    role: String,
    is_active: bool,
    email_verified: bool,
    created_at: At,
    updated_at: At,
    deleted_at: Option<At>,
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.id(),
            email: Email::from_stored(row.email),
            pending_email: row.pending_email.map(Email::from_stored),
            full_name: row.full_name.map(FullName::from_stored),
            role: Role::parse(&row.role).map_err(|_| Error::Inconsistent("a role of no known name"))?,
            is_active: row.is_active,
            email_verified: row.email_verified,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            deleted_at: row.deleted_at.map(|at| at.0),
        })
    }
}

/// The columns that a change may touch, with those that follow from others.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct Stored<'a> {
    email: &'a str,
    pending_email: Option<&'a str>,
    full_name: Option<&'a str>,
    role: &'a str,
    is_active: bool,
    email_verified: bool,
    updated_at: At,
    deleted_at: Option<At>,
    email_folded: String,
    full_name_folded: Option<String>,
    search_text: String,
}

impl<'a> From<&'a User> for Stored<'a> {
    fn from(user: &'a User) -> Self {
        let full_name = user.full_name.as_ref().map(FullName::as_str);
        Self {
            email: user.email.as_str(),
            pending_email: user.pending_email.as_ref().map(Email::as_str),
            full_name,
            role: user.role.as_str(),
            is_active: user.is_active,
            email_verified: user.email_verified,
            updated_at: user.updated_at.into(),
            deleted_at: user.deleted_at.map(At::from),
            email_folded: fold(user.email.as_str()),
            full_name_folded: full_name.map(fold),
            search_text: searchable(&[user.email.as_str(), full_name.unwrap_or_default()]),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub(crate) struct New<'a> {
    id: Key,
    password_hash: &'a str,
    created_at: At,
    #[diesel(embed)]
    stored: Stored<'a>,
}

impl<'a> New<'a> {
    pub(crate) fn of(user: &'a User, password_hash: &'a str) -> Self {
        Self { id: user.id.into(), password_hash, created_at: user.created_at.into(), stored: user.into() }
    }
}

/// Stores a new user with the hash of the password.
///
/// # Errors
/// [`Error::Conflict`] with [`crate::UniqueKey::UserEmail`] if another user has the address.
pub fn insert(connection: &mut Connection, user: &User, password_hash: &str) -> Result<()> {
    diesel::insert_into(users::table).values(New::of(user, password_hash)).execute(connection)?;
    Ok(())
}

/// The user of that id, unless deleted.
///
/// # Errors
/// [`Error::NotFound`].
pub fn find(connection: &mut Connection, id: UserId) -> Result<User> {
    find_even_deleted(connection, id).and_then(unless_deleted)
}

/// The user of that id, unless deleted, whom nobody else can change until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`].
pub fn find_for_change(connection: &mut Connection, id: UserId) -> Result<User> {
    connection.lock_row(RowLock::User(id.into()))?;
    find(connection, id)
}

/// The user of that id, deleted or not, whom nobody else can change until the transaction ends.
///
/// # Errors
/// [`Error::NotFound`].
pub fn find_even_deleted_for_change(connection: &mut Connection, id: UserId) -> Result<User> {
    connection.lock_row(RowLock::User(id.into()))?;
    find_even_deleted(connection, id)
}

fn find_even_deleted(connection: &mut Connection, id: UserId) -> Result<User> {
    users::table.find(Key::from(id)).select(Row::as_select()).first(connection)?.try_into()
}

fn unless_deleted(user: User) -> Result<User> {
    if user.deleted_at.is_some() { Err(Error::NotFound) } else { Ok(user) }
}

/// The user with that address, unless deleted, and the hash of the password.
///
/// # Errors
/// [`Error::NotFound`].
pub fn find_with_hash_by_email(connection: &mut Connection, email: &Email) -> Result<(User, String)> {
    let (row, hash) = users::table
        .filter(users::email.eq(email.as_str()))
        .filter(users::deleted_at.is_null())
        .select((Row::as_select(), users::password_hash))
        .first::<(Row, String)>(connection)?;
    Ok((row.try_into()?, hash))
}

/// The user with that address, unless deleted.
///
/// # Errors
/// [`Error::NotFound`].
pub fn find_by_email(connection: &mut Connection, email: &Email) -> Result<User> {
    users::table
        .filter(users::email.eq(email.as_str()))
        .filter(users::deleted_at.is_null())
        .select(Row::as_select())
        .first(connection)?
        .try_into()
}

/// Whether a user that is not deleted has that address.
///
/// # Errors
/// None of its own.
pub fn any_with_email(connection: &mut Connection, email: &Email) -> Result<bool> {
    let found: i64 = users::table
        .filter(users::email.eq(email.as_str()))
        .filter(users::deleted_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(found > 0)
}

/// The hash of a user's password.
///
/// # Errors
/// [`Error::NotFound`].
pub fn password_hash(connection: &mut Connection, id: UserId) -> Result<String> {
    Ok(users::table.find(Key::from(id)).select(users::password_hash).first(connection)?)
}

/// Replaces the hash of a user's password.
///
/// # Errors
/// [`Error::NotFound`].
pub fn set_password_hash(connection: &mut Connection, id: UserId, hash: &str) -> Result<()> {
    let changed = diesel::update(users::table.find(Key::from(id)))
        .set(users::password_hash.eq(hash))
        .execute(connection)?;
    touched(changed)
}

/// Stores what was changed of a user, as its next version: `updated_at` becomes `now`, or just after the version
/// before where the clock has not advanced. The caller has it from [`find_for_change`] or its like.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] if another user has the address, and [`Error::LastAdmin`] if this would
/// take away the last active administrator.
pub fn update(connection: &mut Connection, mut user: User, now: Timestamp) -> Result<User> {
    if !user.is_active_admin()
        && find_even_deleted(connection, user.id)?.is_active_admin()
        && !another_admin_remains(connection, user.id)?
    {
        return Err(Error::LastAdmin);
    }
    user.updated_at = now.max(user.updated_at.next());
    let changed =
        diesel::update(users::table.find(Key::from(user.id))).set(Stored::from(&user)).execute(connection)?;
    touched(changed)?;
    Ok(user)
}

/// Whether an active administrator other than this user remains. Until the transaction ends nobody else can ask,
/// so two requests cannot each count on the other's administrator.
fn another_admin_remains(connection: &mut Connection, id: UserId) -> Result<bool> {
    connection.lock_row(RowLock::Administrators)?;
    let others: i64 = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::is_active.eq(true))
        .filter(users::deleted_at.is_null())
        .filter(users::id.ne(Key::from(id)))
        .count()
        .get_result(connection)?;
    Ok(others > 0)
}

/// Whether there is any administrator, active or not. Until the transaction ends nobody else can ask.
///
/// # Errors
/// None of its own.
pub fn any_admin(connection: &mut Connection) -> Result<bool> {
    connection.lock_row(RowLock::Administrators)?;
    let admins: i64 = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::deleted_at.is_null())
        .count()
        .get_result(connection)?;
    Ok(admins > 0)
}

/// The asked-for part of a list of users.
///
/// # Errors
/// [`Error::Inconsistent`] if the position is not one of this order.
pub fn list(
    connection: &mut Connection,
    request: &PageRequest<UserSortKey, UserFilter>,
) -> Result<Slice<User>> {
    paging::slice(&mut Users { connection, request }, request)
}

struct Users<'a> {
    connection: &'a mut Connection,
    request: &'a PageRequest<UserSortKey, UserFilter>,
}

/// Narrows a boxed query to the rows that the filter lets through; `$live` tells those that are not deleted.
macro_rules! filtered {
    ($query:expr, $filter:expr, $live:expr) => {{
        let (mut query, filter) = ($query.into_boxed::<MultiBackend>(), $filter);
        if !filter.include_deleted {
            query = query.filter($live);
        }
        if let Some(role) = filter.role {
            query = query.filter(users::role.eq(role.as_str()));
        }
        if let Some(is_active) = filter.is_active {
            query = query.filter(users::is_active.eq(is_active));
        }
        if let Some(text) = &filter.search {
            query = query.filter(users::search_text.like(containing(text)).escape('\\'));
        }
        query
    }};
}

impl Listing for Users<'_> {
    type Row = User;

    fn has_missing(&self) -> bool {
        self.request.sort.key == UserSortKey::FullName
    }

    fn rows(&mut self, range: &Range, window: Window) -> Result<Vec<User>> {
        // Not `IS NULL`: SQLite would find those by the index that is there for counting, and then sort all of them.
        let live = diesel::dsl::not(users::deleted_at.is_not_null());
        let query = filtered!(users::table.select(Row::as_select()), &self.request.filter, live);
        let descending = self.request.sort.descending;
        let query = match self.request.sort.key {
            UserSortKey::CreatedAt => {
                stretch!(query, users::created_at, users::id, range, descending, paging::time)
            }
            UserSortKey::Email => {
                stretch!(query, users::email_folded, users::id, range, descending, paging::text)
            }
            UserSortKey::FullName => {
                stretch!(query, users::full_name_folded, users::id, range, descending, paging::text, least "")
            }
        };
        let rows = query.offset(window.offset).limit(window.limit).load(self.connection)?;
        rows.into_iter().map(User::try_from).collect()
    }

    fn count(&mut self, present_only: bool) -> Result<i64> {
        let mut query = filtered!(users::table.count(), &self.request.filter, users::deleted_at.is_null());
        if present_only && self.has_missing() {
            query = query.filter(users::full_name_folded.ge(""));
        }
        Ok(query.get_result(self.connection)?)
    }

    fn position(&self, user: &User) -> Position {
        let key = match self.request.sort.key {
            UserSortKey::CreatedAt => SortValue::Time(user.created_at),
            UserSortKey::Email => SortValue::Text(fold(user.email.as_str())),
            UserSortKey::FullName => user
                .full_name
                .as_ref()
                .map_or(SortValue::Missing, |name| SortValue::Text(fold(name.as_str()))),
        };
        Position { key, id: user.id.uuid() }
    }
}
