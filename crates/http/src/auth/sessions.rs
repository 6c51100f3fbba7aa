//! The sessions of the one who asks.

use plinth_domain::sessions::SessionJson;
use plinth_domain::{AuditEvent, SessionId};
use plinth_persistence::sessions;

use super::cookie;
use crate::answer::{self, Answer};
use crate::caller::Caller;
use crate::client::Client;
use crate::extract::{NoParameters, PathId, Query};
use crate::journal::Journal;
use crate::openapi::{Authenticated, InvalidQuery, NotFound};

/// List one's own sessions
///
/// The newest first. The one that asks is marked. Of more than 100 the oldest are left out, but never the one that
/// asks: it is then the last.
#[utoipa::path(
    get, path = "/auth/sessions", operation_id = "list_sessions", tag = "auth",
    responses(
        (status = 200, description = "The sessions.", body = Vec<SessionJson<'static>>),
        Authenticated, InvalidQuery,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn list(caller: Caller, query: Query<NoParameters>) -> Answer {
    let (current, now) = (caller.session()?, caller.app().now());
    let sessions = caller
        .read(move |connection, user| {
            query.valid()?;
            Ok(sessions::list(connection, user.id, current, now)?)
        })
        .await?;
    let shown: Vec<_> = sessions.iter().map(|session| session.shown_to(current)).collect();
    Ok(answer::ok(&shown))
}

/// End one of one's own sessions
///
/// Its access and refresh tokens are dead at once. It may be the one that asks.
#[utoipa::path(
    delete, path = "/auth/sessions/{id}", operation_id = "end_session", tag = "auth",
    params(("id" = uuid::Uuid, Path, description = "The session's id.")),
    responses((status = 204, description = "The session has ended."), Authenticated, NotFound, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn end(
    caller: Caller,
    client: Client,
    id: PathId<SessionId>,
    query: Query<NoParameters>,
) -> Answer {
    let current = caller.session()?;
    let journal = Journal::new(caller.app(), client.0);
    let ended = caller
        .write(move |connection, user| {
            query.valid()?;
            let id = id.valid()?;
            sessions::end_of(connection, id, user.id, journal.now)?;
            journal.note(AuditEvent::SessionsEnded).by(user.id).to(user.id).session(id).write(connection)?;
            Ok(id)
        })
        .await?;
    caller.app().hub.end_session(ended);
    let mut response = answer::done();
    if ended == current {
        cookie::clear(&caller.app().settings, &mut response);
    }
    Ok(response)
}

/// End all of one's other sessions
///
/// Every one but the one that asks.
#[utoipa::path(
    delete, path = "/auth/sessions", operation_id = "end_other_sessions", tag = "auth",
    responses((status = 204, description = "The others have ended."), Authenticated, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn end_others(caller: Caller, client: Client, query: Query<NoParameters>) -> Answer {
    let current = caller.session()?;
    let journal = Journal::new(caller.app(), client.0);
    let user = caller
        .write(move |connection, user| {
            query.valid()?;
            let ended = sessions::end_all(connection, user.id, Some(current))?;
            let entry = journal.note(AuditEvent::SessionsEnded).by(user.id).to(user.id);
            entry.with("count", ended).write(connection)?;
            Ok(user.id)
        })
        .await?;
    caller.app().hub.end_sessions_of(user, Some(current));
    Ok(answer::done())
}
