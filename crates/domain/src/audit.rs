//! The audit log: who did what to whom, when and from where. It holds no secret, and nothing that was typed in vain.

use serde::{Serialize, Serializer};

use crate::clock::Timestamp;
use crate::context::RequestContext;
use crate::ids::UserId;
use crate::text::Violation;

crate::id_type! {
    /// An entry of the audit log.
    AuditId
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum AuditEvent {
            $($(#[$doc])* #[cfg_attr(feature = "openapi", schema(rename = $text))] $name,)+
        }

        impl AuditEvent {
            /// Every event.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name, as it is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

events! {
    /// Somebody made an account for themselves.
    Registered = "registered",
    /// A session began.
    Login = "login",
    /// An unknown email, a wrong password, or an account that is switched off.
    LoginFailed = "login_failed",
    /// Somebody who was signed in gave a wrong current password.
    PasswordRefused = "password_refused",
    /// A refresh token that had been replaced was used again; the session was ended.
    RefreshReused = "refresh_reused",
    /// A session was ended by the one who held it.
    Logout = "logout",
    /// A session was ended from another one, or all others were.
    SessionsEnded = "sessions_ended",
    /// A password was changed by somebody who was signed in.
    PasswordChanged = "password_changed",
    /// A password was set anew with a token from a mail.
    PasswordReset = "password_reset",
    /// A new address was asked for, and waits to be proven.
    EmailChangeRequested = "email_change_requested",
    /// Another address took effect.
    EmailChanged = "email_changed",
    /// An address was proven.
    EmailVerified = "email_verified",
    /// An administrator made an account.
    UserCreated = "user_created",
    /// An account got another role.
    RoleChanged = "role_changed",
    /// An account was switched on again.
    Activated = "activated",
    /// An account was switched off.
    Deactivated = "deactivated",
    /// An account was deleted.
    Deleted = "deleted",
    /// A deleted account was restored.
    Restored = "restored",
}

impl AuditEvent {
    /// The event of that name.
    ///
    /// # Errors
    /// `invalid_choice` if there is none.
    pub fn parse(name: &str) -> Result<Self, Violation> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|event| event.as_str()).collect();
            Violation::new("invalid_choice", format!("must be one of {}", names.join(", ")))
        })
    }
}

/// What happened, as an entry has it: a newer version may have written entries that this one is to show.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventName {
    /// An event that there is.
    Known(AuditEvent),
    /// The name of any other.
    Unknown(String),
}

impl EventName {
    /// The event of that name, whatever it is. Never fails, because an entry is shown as it was stored.
    pub fn from_stored(name: String) -> Self {
        match AuditEvent::parse(&name) {
            Ok(event) => Self::Known(event),
            Err(_) => Self::Unknown(name),
        }
    }

    /// The name, as it is stored and shown.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(event) => event.as_str(),
            Self::Unknown(name) => name,
        }
    }
}

impl From<AuditEvent> for EventName {
    fn from(event: AuditEvent) -> Self {
        Self::Known(event)
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The identifier.
    pub id: AuditId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: EventName,
    /// Who is held to have done it: the account whose session, password or mailed token the request came with. `None`
    /// where that is no account's, and where whoever runs the server did it.
    pub actor_id: Option<UserId>,
    /// To whose account it was done. `None` where no account is known.
    pub user_id: Option<UserId>,
    /// Where the request came from.
    pub context: RequestContext,
    /// What was before and after, where that tells more: a role, an address, a session. Name and value in turn.
    pub details: Details,
}

/// Names with their values, in order.
pub type Details = Vec<(String, String)>;

/// An entry of the audit log.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = AuditEntry))]
pub struct AuditEntryJson<'a> {
    /// The identifier.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Uuid, example = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"))]
    id: AuditId,
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime, example = "2026-11-20T10:15:25.123456Z"))]
    created_at: Timestamp,
    /// What happened: one of the names that the filter `event` takes, or another one, since events are added.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "role_changed"))]
    event: &'a str,
    /// Who is held to have done it, by a session, a password or a token from a mail; null where nobody is known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Uuid, required = true, example = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"))]
    actor_id: Option<UserId>,
    /// To whose account it was done, or null where no account is known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Uuid, required = true, example = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e"))]
    user_id: Option<UserId>,
    /// The client's address, where it is known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, required = true, example = "203.0.113.7"))]
    ip: Option<std::net::IpAddr>,
    /// What the client called itself.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 256, required = true, example = "Mozilla/5.0"))]
    user_agent: Option<&'a str>,
    /// The request's id, as the answer had it and the log has it.
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 128, example = "01990d5c-9c11-7f3e-b1a2-3c4d5e6f7a8b")
    )]
    request_id: &'a str,
    /// What was before and after, where that tells more.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>, example = json!({"from": "viewer", "to": "editor"})))]
    details: DetailsJson<'a>,
}

struct DetailsJson<'a>(&'a Details);

impl Serialize for DetailsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'a> From<&'a AuditEntry> for AuditEntryJson<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        Self {
            id: entry.id,
            created_at: entry.at,
            event: entry.event.as_str(),
            actor_id: entry.actor_id,
            user_id: entry.user_id,
            ip: entry.context.ip,
            user_agent: entry.context.user_agent.as_ref().map(|agent| agent.as_str()),
            request_id: &entry.context.request_id,
            details: DetailsJson(&entry.details),
        }
    }
}

impl Serialize for AuditEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AuditEntryJson::from(self).serialize(serializer)
    }
}

/// What the log is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditSortKey {
    /// When it happened.
    CreatedAt,
}

impl AuditSortKey {
    /// Every key with its name in a query string.
    pub const NAMES: [(&'static str, Self); 1] = [("created_at", Self::CreatedAt)];
}

/// Which entries a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AuditFilter {
    /// Only that event.
    pub event: Option<AuditEvent>,
    /// Only what that account did.
    pub actor_id: Option<UserId>,
    /// Only what was done to that account.
    pub user_id: Option<UserId>,
    /// From that instant on.
    pub since: Option<Timestamp>,
    /// Before that instant.
    pub until: Option<Timestamp>,
}
