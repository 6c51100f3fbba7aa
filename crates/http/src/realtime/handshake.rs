//! Who may open a connection, found out before the upgrade (RFC 6455 §4.2.2).

use actix_web::http::header::{self, HeaderMap};

/// The subprotocol that the server speaks.
pub(super) const PROTOCOL: &str = "plinth.v1";
/// What the subprotocol begins with that carries an access token: browsers can send no other header of their own.
const BEARER: &str = "bearer.";

/// The access token that a browser offers as a subprotocol.
pub(crate) fn offered_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|offered| offered.to_str().ok())
        .flat_map(|offered| offered.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(BEARER))
}

/// Whether the client asks for a WebSocket at all. What it asks for in detail is checked by the upgrade.
pub(super) fn asks_for_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .and_then(|upgrade| upgrade.to_str().ok())
        .is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket"))
}
