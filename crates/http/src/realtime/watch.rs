//! Sees to it that no connection outlives its session, also where nothing is said on it and whatever has become of the
//! bus between instances.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use plinth_domain::{Role, SessionId, Timestamp};
use plinth_persistence::sessions;

use crate::error::ApiError;
use crate::state::App;

/// How often all sessions are looked up. What has ended elsewhere is closed within this time, and a query's.
const INTERVAL: Duration = Duration::from_secs(2);
/// How many sessions are looked up in one query.
const AT_ONCE: usize = 500;

/// Looks up the sessions of all connections, again and again.
pub(crate) async fn watch(app: App) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let connected = app.hub.sessions();
        for some in connected.chunks(AT_ONCE) {
            let ids: Vec<SessionId> = some.iter().map(|(session, _)| *session).collect();
            let now = app.now();
            let live =
                app.db.read(move |connection| sessions::live(connection, &ids, now).map_err(ApiError::from));
            // Without the database nobody can tell; it is asked again.
            let Ok(live) = live.await else { break };
            let live: HashMap<SessionId, (Role, Timestamp)> =
                live.into_iter().map(|(session, role, at)| (session, (role, at))).collect();
            let mut ended = HashSet::new();
            for (session, user) in some {
                match live.get(session) {
                    Some((role, at)) => app.hub.set_role(*user, *role, *at),
                    None => {
                        ended.insert(*session);
                    }
                }
            }
            app.hub.end_sessions(&ended);
        }
    }
}
