//! All paths of the API.

use actix_web::web::{self, ServiceConfig};

use crate::{audit, auth, items, realtime, users};

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
