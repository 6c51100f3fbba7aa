//! What clients send about the audit log.

use plinth_domain::audit::{AuditEvent, AuditFilter, AuditSortKey};
use plinth_domain::paging::{PageRequest, Sort, SortValue};
use plinth_domain::{Timestamp, UserId, Violation};
use utoipa::{IntoParams, ToSchema};

use crate::fields::{Fields, FromFields};
use crate::listing::{self, SortKey};

/// Which entries, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query string that AuditList reads")]
pub(crate) struct AuditListParams {
    /// Only that event.
    #[param(inline)]
    event: Option<AuditEvent>,
    /// Only what that account did.
    actor_id: Option<uuid::Uuid>,
    /// Only what was done to that account.
    user_id: Option<uuid::Uuid>,
    /// From that instant on (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-20T00:00:00Z")]
    since: Option<String>,
    /// Before that instant (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-21T00:00:00Z")]
    until: Option<String>,
    /// What to sort by; `-` before it for descending order.
    #[param(inline, example = "-created_at")]
    sort: Option<AuditSort>,
}

/// The orders of the log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the values of sort")]
pub(crate) enum AuditSort {
    #[schema(rename = "created_at")]
    CreatedAt,
    #[schema(rename = "-created_at")]
    CreatedAtDescending,
}

impl SortKey for AuditSortKey {
    fn holds(self, value: &SortValue) -> bool {
        match self {
            Self::CreatedAt => listing::is_time(value),
        }
    }
}

/// The query string of the log.
pub(crate) struct AuditList(pub(crate) PageRequest<AuditSortKey, AuditFilter>);

impl FromFields for AuditList {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let event = fields.optional("event", AuditEvent::parse);
        let actor_id = fields.optional("actor_id", account);
        let user_id = fields.optional("user_id", account);
        let since = fields.optional("since", Timestamp::parse);
        let until = fields.optional("until", Timestamp::parse);
        let filter = match (event, actor_id, user_id, since, until) {
            (Some(event), Some(actor_id), Some(user_id), Some(since), Some(until)) => {
                Some(AuditFilter { event, actor_id, user_id, since, until })
            }
            _ => None,
        };
        let newest_first = Sort { key: AuditSortKey::CreatedAt, descending: true };
        listing::read(fields, filter, &AuditSortKey::NAMES, newest_first).map(Self)
    }
}

fn account(text: &str) -> Result<UserId, Violation> {
    text.parse().map_err(|_| Violation::new("invalid_id", "must be a UUID in its hyphenated form"))
}
