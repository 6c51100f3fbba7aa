//! Sessions. One that was ended has no row, so none is ever revived. One that ran out is as good as ended by its
//! `expires_at`; its row goes when its token is used once more, when its user signs in, with the user, or when
//! [`crate::sweep`] comes by.

use std::cmp::Reverse;
use std::net::IpAddr;

use diesel::prelude::*;
use plinth_domain::sessions::{Refresh, Rotation, SessionLimits};
use plinth_domain::{RequestContext, Role, Session, SessionId, Timestamp, User, UserAgent, UserId};

use crate::connection::{AnyConnection as Connection, RowLock, directly};
use crate::error::touched;
use crate::schema::{sessions, users};
use crate::types::{At, Key};
use crate::users as accounts;
use crate::{Error, Result};

#[derive(Queryable, Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
struct Row {
    id: Key,
    user_id: Key,
    generation: i32,
    advanced_at: Option<At>,
    successor_seen: bool,
    created_at: At,
    last_used_at: At,
    expires_at: At,
    ip: Option<String>,
    user_agent: Option<String>,
}

impl TryFrom<Row> for Session {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.id(),
            user_id: row.user_id.id(),
            rotation: Rotation {
                generation: generation(row.generation)?,
                advanced_at: row.advanced_at.map(|at| at.0),
                successor_seen: row.successor_seen,
            },
            created_at: row.created_at.0,
            last_used_at: row.last_used_at.0,
            expires_at: row.expires_at.0,
            ip: stored_ip(row.ip)?,
            user_agent: row.user_agent.map(UserAgent::from_stored),
        })
    }
}

/// The address in a column.
pub(crate) fn stored_ip(text: Option<String>) -> Result<Option<IpAddr>> {
    text.map(|text| text.parse().map_err(|_| Error::Inconsistent("an address that is none"))).transpose()
}

fn generation(stored: i32) -> Result<u32> {
    u32::try_from(stored).map_err(|_| Error::Inconsistent("a negative generation"))
}

fn stored_generation(generation: u32) -> Result<i32> {
    i32::try_from(generation).map_err(|_| Error::Inconsistent("a generation out of range"))
}

/// Stores a session that begins, and removes those of its user that have run out by then.
///
/// # Errors
/// [`Error::ForeignKey`] if the user does not exist.
pub fn insert(connection: &mut Connection, session: &Session) -> Result<()> {
    let row = Row {
        id: session.id.into(),
        user_id: session.user_id.into(),
        generation: stored_generation(session.rotation.generation)?,
        advanced_at: session.rotation.advanced_at.map(At::from),
        successor_seen: session.rotation.successor_seen,
        created_at: session.created_at.into(),
        last_used_at: session.last_used_at.into(),
        expires_at: session.expires_at.into(),
        ip: session.ip.map(|ip| ip.to_string()),
        user_agent: session.user_agent.as_ref().map(ToString::to_string),
    };
    diesel::delete(sessions::table)
        .filter(sessions::user_id.eq(row.user_id))
        .filter(sessions::expires_at.le(row.created_at))
        .execute(connection)?;
    diesel::insert_into(sessions::table).values(row).execute(connection)?;
    Ok(())
}

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// The user, who is active and not deleted.
    pub user: User,
    /// Whether this is the first that is seen of the session's current generation: then [`mark_seen`] is due.
    pub is_first_of_generation: bool,
}

/// The user of a live session, in one query: every request with an access token makes it.
///
/// # Errors
/// [`Error::NotFound`] if the session has ended or is another user's, or the user is inactive or deleted.
pub fn authenticate(
    connection: &mut Connection,
    id: SessionId,
    user: UserId,
    token_generation: u32,
    now: Timestamp,
) -> Result<Authenticated> {
    let (row, current, seen) = directly!(connection, |c| sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(Key::from(id)))
        .filter(sessions::user_id.eq(Key::from(user)))
        .filter(sessions::expires_at.gt(At(now)))
        .filter(users::is_active.eq(true))
        .filter(users::deleted_at.is_null())
        .select((accounts::Row::as_select(), sessions::generation, sessions::successor_seen))
        .first::<(accounts::Row, i32, bool)>(c))?;
    let current = generation(current)?;
    if token_generation > current {
        return Err(Error::NotFound);
    }
    Ok(Authenticated { user: row.try_into()?, is_first_of_generation: token_generation == current && !seen })
}

/// Notes that the client has shown a token of that generation, so the token before it is spent.
///
/// # Errors
/// None of its own; a session that has ended or moved on is left as it is.
pub fn mark_seen(connection: &mut Connection, id: SessionId, generation: u32) -> Result<()> {
    diesel::update(sessions::table.find(Key::from(id)))
        .filter(sessions::generation.eq(stored_generation(generation)?))
        .set(sessions::successor_seen.eq(true))
        .execute(connection)?;
    Ok(())
}

/// What a refresh came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// The session goes on; its current generation is in the session.
    Live(Box<Session>, Box<User>),
    /// An old token turned up: the session has been ended.
    Reused(Box<Session>),
    /// There is no such session, or no longer, or its user may not sign in.
    Ended,
}

/// Applies a refresh token of that generation: see [`Rotation::on_refresh`].
///
/// # Errors
/// None of its own: an ended session is an outcome, since what is done about a reused token has to be kept.
pub fn refresh(
    connection: &mut Connection,
    id: SessionId,
    presented: u32,
    now: Timestamp,
    limits: &SessionLimits,
    context: &RequestContext,
) -> Result<Refreshed> {
    connection.lock_row(RowLock::Session(id.into()))?;
    let Some(row) = sessions::table.find(Key::from(id)).first::<Row>(connection).optional()? else {
        return Ok(Refreshed::Ended);
    };
    let mut session = Session::try_from(row)?;
    let expires_at = limits.expiry(session.created_at, now);
    // The limits may have been shortened since it was last used.
    if session.expires_at <= now || expires_at <= now {
        end(connection, id)?;
        return Ok(Refreshed::Ended);
    }
    let user = match accounts::find(connection, session.user_id) {
        Ok(user) if user.is_active => user,
        Ok(_) | Err(Error::NotFound) => return Ok(Refreshed::Ended),
        Err(error) => return Err(error),
    };
    match session.rotation.on_refresh(presented, now, limits.grace) {
        Refresh::Advance => session.rotation = session.rotation.advanced(now),
        Refresh::Repeat { current_shown } => session.rotation.successor_seen |= current_shown,
        Refresh::Reuse => {
            end(connection, id)?;
            return Ok(Refreshed::Reused(Box::new(session)));
        }
    }
    session.last_used_at = now;
    session.expires_at = expires_at;
    session.ip = context.ip;
    session.user_agent.clone_from(&context.user_agent);
    let changed = diesel::update(sessions::table.find(Key::from(id)))
        .set((
            sessions::generation.eq(stored_generation(session.rotation.generation)?),
            sessions::advanced_at.eq(session.rotation.advanced_at.map(At::from)),
            sessions::successor_seen.eq(session.rotation.successor_seen),
            sessions::last_used_at.eq(At(session.last_used_at)),
            sessions::expires_at.eq(At(session.expires_at)),
            sessions::ip.eq(session.ip.map(|ip| ip.to_string())),
            sessions::user_agent.eq(session.user_agent.as_ref().map(UserAgent::as_str)),
        ))
        .execute(connection)?;
    if changed == 0 {
        return Ok(Refreshed::Ended);
    }
    Ok(Refreshed::Live(Box::new(session), Box::new(user)))
}

/// How many sessions [`list`] gives at most. A user may have any number of them.
pub const MOST_LISTED: u8 = 100;

/// The newest live sessions of a user, up to [`MOST_LISTED`], the newest first. The current one, if it lives, is always
/// one of them, though it be older.
///
/// # Errors
/// None of its own.
pub fn list(
    connection: &mut Connection,
    user: UserId,
    current: SessionId,
    now: Timestamp,
) -> Result<Vec<Session>> {
    let rows = sessions::table
        .filter(sessions::user_id.eq(Key::from(user)))
        .filter(sessions::expires_at.gt(At(now)))
        .order((sessions::id.eq(Key::from(current)).desc(), sessions::created_at.desc(), sessions::id.desc()))
        .limit(MOST_LISTED.into())
        .load::<Row>(connection)?;
    let mut listed = rows.into_iter().map(Session::try_from).collect::<Result<Vec<_>>>()?;
    listed.sort_unstable_by_key(|session| Reverse((session.created_at, session.id)));
    Ok(listed)
}

/// Those of the sessions that are live, each with its user's role and `updated_at`, which tells how new that is.
///
/// # Errors
/// None of its own.
pub fn live(
    connection: &mut Connection,
    ids: &[SessionId],
    now: Timestamp,
) -> Result<Vec<(SessionId, Role, Timestamp)>> {
    let ids: Vec<Key> = ids.iter().map(|id| Key::from(*id)).collect();
    let rows = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq_any(ids))
        .filter(sessions::expires_at.gt(At(now)))
        .filter(users::is_active.eq(true))
        .filter(users::deleted_at.is_null())
        .select((sessions::id, users::role, users::updated_at))
        .load::<(Key, String, At)>(connection)?;
    rows.into_iter()
        .map(|(id, role, at)| {
            let role = Role::parse(&role).map_err(|_| Error::Inconsistent("a role of no known name"))?;
            Ok((id.id(), role, at.0))
        })
        .collect()
}

/// Ends a session of that user.
///
/// # Errors
/// [`Error::NotFound`] if there is no such session, or it is another user's or has run out.
pub fn end_of(connection: &mut Connection, id: SessionId, user: UserId, now: Timestamp) -> Result<()> {
    let ended = diesel::delete(sessions::table.find(Key::from(id)))
        .filter(sessions::user_id.eq(Key::from(user)))
        .filter(sessions::expires_at.gt(At(now)))
        .execute(connection)?;
    touched(ended)
}

/// Ends a session.
///
/// # Errors
/// [`Error::NotFound`] if it has ended already.
pub fn end(connection: &mut Connection, id: SessionId) -> Result<()> {
    let ended = diesel::delete(sessions::table.find(Key::from(id))).execute(connection)?;
    touched(ended)
}

/// Ends all sessions of a user, but for one where that is given. Returns how many ended.
///
/// # Errors
/// None of its own.
pub fn end_all(connection: &mut Connection, user: UserId, but: Option<SessionId>) -> Result<usize> {
    let theirs = sessions::table.filter(sessions::user_id.eq(Key::from(user)));
    Ok(match but {
        Some(kept) => diesel::delete(theirs.filter(sessions::id.ne(Key::from(kept)))).execute(connection)?,
        None => diesel::delete(theirs).execute(connection)?,
    })
}
