//! All paths of the API.

use actix_web::web::{self, ServiceConfig};

use crate::{audit, auth, items, realtime, users};

/// First segments of what stands at the root, whatever the prefix is: nothing else may stand there.
pub const ROOT_SEGMENTS: [&str; 9] =
    ["token", "health", "docs", "redoc", "openapi.json", "asyncapi.yaml", ".well-known", "ws", "dev"];

/// Whether that path, written without the slash in front, is one of ours or below one: below the prefix, or at the root.
/// Without a prefix the resources are not among them.
pub(crate) fn is_ours(path: &str, prefix: &str) -> bool {
    let first = path.split('/').next().unwrap_or(path);
    let below_prefix = prefix.strip_prefix('/').and_then(|prefix| path.strip_prefix(prefix));
    ROOT_SEGMENTS.contains(&first)
        || below_prefix.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The resources, below the prefix. A new one adds its line here and in [`crate::openapi`].
pub(crate) fn resources(config: &mut ServiceConfig) {
    auth::configure(config);
    users::configure(config);
    items::configure(config);
    audit::configure(config);
    realtime::configure(config);
}

/// Declares the resources at that prefix, and what stands at the root.
pub(crate) fn configure(config: &mut ServiceConfig, prefix: &str) {
    auth::configure_root(config);
    realtime::configure_root(config);
    if prefix.is_empty() {
        resources(config);
    } else {
        config.service(web::scope(prefix).configure(resources));
    }
}
