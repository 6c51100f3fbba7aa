//! The WebSocket endpoint: `/ws`, and `/ws/{user_id}`, which stands at the root too.
//!
//! What is sent to whom is `plinth-realtime`'s. Here a connection is let in ([`handshake`]), its frames ([`frames`])
//! are carried to and fro ([`socket`]), and it is closed when its session ends ([`mod@watch`]).

use actix_web::web::ServiceConfig;

use crate::resource::at;

mod frames;
pub(crate) mod handlers;
mod handshake;
mod meter;
mod socket;
mod watch;

pub(crate) use handshake::offered_token;
pub(crate) use watch::watch;

/// Declares the paths below the prefix.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config.service(at("/ws").get(handlers::connect));
    config.service(at("/ws/{user_id}").get(handlers::connect_as));
}

/// Declares the path at the root.
pub(crate) fn configure_root(config: &mut ServiceConfig) {
    config.service(at("/ws/{user_id}").get(handlers::connect_as));
}
