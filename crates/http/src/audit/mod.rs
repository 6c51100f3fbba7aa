//! The audit log: `/audit`.

use actix_web::web::ServiceConfig;

use crate::resource::at;

mod dto;
pub(crate) mod handlers;

/// Declares the path.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config.service(at("/audit").get(handlers::list));
}
