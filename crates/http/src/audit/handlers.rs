//! What is done about the audit log: it is read.

use plinth_domain::audit::AuditEntryJson;
use plinth_domain::{Page, Permission};
use plinth_persistence::audit;

use super::dto::{AuditList, AuditListParams};
use crate::answer::{self, Answer};
use crate::caller::Caller;
use crate::extract::Query;
use crate::listing::PageParams;
use crate::openapi::{Authenticated, Forbidden, InvalidQuery};

/// List the audit log
///
/// The newest entries first, for administrators. It holds no secret.
#[utoipa::path(
    get, path = "/audit", operation_id = "list_audit", tag = "audit", params(PageParams, AuditListParams),
    responses((status = 200, description = "The entries.", body = Page<AuditEntryJson<'static>>), Authenticated, Forbidden, InvalidQuery),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn list(caller: Caller, query: Query<AuditList>) -> Answer {
    let page = caller
        .read(move |connection, user| {
            user.role.require(Permission::ReadAudit)?;
            let AuditList(request) = query.valid()?;
            Ok(answer::page(audit::list(connection, &request)?, &request))
        })
        .await?;
    Ok(answer::ok(&page))
}
