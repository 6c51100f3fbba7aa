//! Where a request comes from: what is known of its client beside the account.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use plinth_domain::{RequestContext, UserAgent};

use crate::middleware::RequestId;
use crate::settings::HttpSettings;

/// The client of a request, as sessions and the audit log remember it. Nothing in it proves who somebody is.
#[derive(Clone, Debug)]
pub struct Client(pub RequestContext);

impl Client {
    /// The client's address, told by the connection and by the proxies that are trusted: see
    /// [`TrustedProxies`](crate::forwarded::TrustedProxies). None where the connection has no address.
    pub fn address(request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?;
        Some(HttpSettings::of(request).trusted_proxies.client_address(peer.ip(), request.headers()))
    }
}

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let user_agent = request.headers().get(header::USER_AGENT);
        let user_agent =
            user_agent.and_then(|header| UserAgent::read(&String::from_utf8_lossy(header.as_bytes())));
        let id = request.extensions().get::<RequestId>().and_then(|id| id.0.to_str().ok().map(str::to_owned));
        let ip = Self::address(request);
        // Every request passes the envelope, which gives it an id.
        ready(Ok(Self(RequestContext { ip, user_agent, request_id: id.unwrap_or_default() })))
    }
}
