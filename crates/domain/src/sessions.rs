//! Sessions: how a refresh token is replaced, and how a stolen one is noticed.
//!
//! A refresh token carries the generation of its session that it was made for. Refreshing advances the generation,
//! which replaces the token; an older one that turns up later shows that two parties hold the session, and ends it
//! (RFC 9700 §4.14.2). Two things happen to honest clients and must not look like that: several refreshes at once,
//! which a grace window covers, and an answer that was lost, which is known by nobody having shown its tokens yet.

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::context::UserAgent;
use crate::ids::{SessionId, UserId};

/// A live session, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The identifier.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where its refresh tokens stand.
    pub rotation: Rotation,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed, at first the same.
    pub last_used_at: Timestamp,
    /// When it ends if it is not refreshed before.
    pub expires_at: Timestamp,
    /// The address that it was last used from, by a login or a refresh.
    pub ip: Option<IpAddr>,
    /// What the client called itself then.
    pub user_agent: Option<UserAgent>,
}

/// A session, as the one who holds it sees it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Session))]
pub struct SessionJson<'a> {
    /// The identifier.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid, example = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"))]
    id: SessionId,
    /// When the user signed in.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    created_at: Timestamp,
    /// When it was last refreshed, at first the same.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    last_used_at: Timestamp,
    /// When it ends if it is not used again.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-27T10:15:25.123456Z"))]
    expires_at: Timestamp,
    /// The address that it was last used from, where it is known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = true, example = "203.0.113.7"))]
    ip: Option<IpAddr>,
    /// What the client called itself then.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 256, required = true, example = "Mozilla/5.0"))]
    user_agent: Option<&'a UserAgent>,
    /// Whether it is the one that asks.
    current: bool,
}

impl Session {
    /// The session as it is shown to the holder of the `current` one.
    pub fn shown_to(&self, current: SessionId) -> SessionJson<'_> {
        SessionJson {
            id: self.id,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            expires_at: self.expires_at,
            ip: self.ip,
            user_agent: self.user_agent.as_ref(),
            current: self.id == current,
        }
    }
}

/// Where the refresh tokens of a session stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The generation of the current refresh token, from 0.
    pub generation: u32,
    /// When the generation last advanced; `None` until the first refresh.
    pub advanced_at: Option<Timestamp>,
    /// Whether the client has shown an access or a refresh token of this generation, and so has received it.
    pub successor_seen: bool,
}

/// What to do with a refresh token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Advance the generation and hand out the new token.
    Advance,
    /// Hand out the current token again.
    Repeat {
        /// It was the current token that was shown, so it has arrived.
        current_shown: bool,
    },
    /// An old token that nobody honest still uses: end the session.
    Reuse,
}

impl Rotation {
    /// A session that has just begun. Its first token is in the answer to the login, and replaces none.
    pub const START: Self = Self { generation: 0, advanced_at: None, successor_seen: true };

    /// What a token of the `presented` generation, shown at `now`, leads to.
    ///
    /// `grace` is counted from the last refresh that advanced; a login does not count.
    pub fn on_refresh(&self, presented: u32, now: Timestamp, grace: Duration) -> Refresh {
        let in_grace = self.advanced_at.is_some_and(|at| now.since(at) < grace);
        let is_current = presented == self.generation;
        let is_replaced = presented.checked_add(1) == Some(self.generation);
        if is_current && in_grace {
            Refresh::Repeat { current_shown: true }
        } else if is_current {
            Refresh::Advance
        } else if is_replaced && (in_grace || !self.successor_seen) {
            Refresh::Repeat { current_shown: false }
        } else {
            Refresh::Reuse
        }
    }

    /// The rotation after an advance at `now`.
    pub fn advanced(&self, now: Timestamp) -> Self {
        Self { generation: self.generation.saturating_add(1), advanced_at: Some(now), successor_seen: false }
    }
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a refresh.
    pub idle: Duration,
    /// In all; a refresh never extends it.
    pub absolute: Duration,
    /// For how long after an advance the replaced token is still good.
    pub grace: Duration,
}

impl SessionLimits {
    /// When a session that began at `created` and is used at `now` ends if it is not used again.
    pub fn expiry(&self, created: Timestamp, now: Timestamp) -> Timestamp {
        now.plus(self.idle).min(created.plus(self.absolute))
    }
}
