//! How a connection begins.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::Stream;
use plinth_domain::{UserId, Violation};
use plinth_realtime::{Member, Refused};

use super::frames::MAX_MESSAGE;
use super::handshake::{PROTOCOL, asks_for_upgrade};
use super::meter::Meter;
use super::socket::Socket;
use crate::answer::Answer;
use crate::caller::{Caller, SocketCaller};
use crate::client::Client;
use crate::error::ApiError;
use crate::extract::Query;
use crate::fields::{Fields, FromFields};
use crate::middleware::connections::Connection;
use crate::openapi::{
    BadRequest, InvalidQuery, NotFound, SocketRefused, TooManyConnections, Unauthenticated, Unavailable,
    UpgradeRequired,
};
use crate::origin;

/// The greatest `seq`: what a double holds exactly, and so every JSON reader.
const MAX_SEQ: u64 = (1 << 53) - 1;

/// What a connection takes from the query string.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Resume {
    /// The `seq` of the last event that the client has seen: what it missed since comes first.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991_u64, example = 1_795_185_529_000_000_u64)]
    since: Option<u64>,
}

impl FromFields for Resume {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let since = fields.optional_number("since", |text| {
            text.parse()
                .ok()
                .filter(|seq| *seq <= MAX_SEQ)
                .ok_or_else(|| Violation::new("out_of_range", "must be the seq of an event"))
        });
        Some(Self { since: since? })
    }
}

/// Open a WebSocket
///
/// Messages between users and events about what they may see; [asyncapi.yaml](/asyncapi.yaml) describes the frames.
/// A browser offers the subprotocols `plinth.v1` and `bearer.<access token>`, others may send `Authorization`.
#[utoipa::path(
    get, path = "/ws", operation_id = "connect", tag = "realtime", params(Resume),
    responses(
        (status = 101, description = "The connection speaks WebSocket (RFC 6455), subprotocol `plinth.v1`."),
        Unauthenticated, SocketRefused, InvalidQuery, UpgradeRequired, TooManyConnections, Unavailable, BadRequest,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn connect(
    SocketCaller(caller): SocketCaller,
    client: Client,
    query: Query<Resume>,
    request: HttpRequest,
    body: web::Payload,
) -> Answer {
    open(caller, client, query, request, body, None).await
}

/// Open a WebSocket as oneself
///
/// The same, for clients that name their user in the path; it must be their own.
#[utoipa::path(
    get, path = "/ws/{user_id}", operation_id = "connect_as", tag = "realtime",
    params(("user_id" = uuid::Uuid, Path, description = "One's own id."), Resume),
    responses(
        (status = 101, description = "The connection speaks WebSocket (RFC 6455), subprotocol `plinth.v1`."),
        Unauthenticated, SocketRefused, NotFound, InvalidQuery, UpgradeRequired, TooManyConnections, Unavailable, BadRequest,
    ),
    security(("OAuth2Password" = []), ("bearer" = [])),
)]
pub(crate) async fn connect_as(
    SocketCaller(caller): SocketCaller,
    client: Client,
    query: Query<Resume>,
    request: HttpRequest,
    body: web::Payload,
) -> Answer {
    let named = request.match_info().query("user_id").parse::<UserId>().map_err(|_| ApiError::NotFound);
    open(caller, client, query, request, body, Some(named)).await
}

async fn open(
    caller: Caller,
    client: Client,
    query: Query<Resume>,
    request: HttpRequest,
    body: web::Payload,
    named: Option<Result<UserId, ApiError>>,
) -> Answer {
    let user = caller.read(|_, user| Ok(user.clone())).await?;
    let app = caller.app();
    origin::check(&request, &app.settings)?;
    match named {
        None => {}
        Some(Ok(id)) if id == user.id => {}
        Some(Ok(_)) => return Err(ApiError::Forbidden),
        Some(Err(error)) => return Err(error),
    }
    let Resume { since } = query.valid()?;
    if !asks_for_upgrade(request.headers()) {
        return Err(ApiError::UpgradeRequired);
    }
    let member = Member {
        user: user.id,
        role: user.role,
        at: user.updated_at,
        session: caller.session()?,
        address: client.0.ip,
    };
    // The handshake is checked before a place is taken.
    let metered = metered(&request, body).await?;
    let (response, session, frames) =
        actix_ws::handle_with_protocols(&request, metered, &[PROTOCOL]).map_err(|_| ApiError::BadRequest)?;
    let link = app.hub.connect(member, since).map_err(|refused| match refused {
        Refused::TooManyOfUser | Refused::TooManyOfAddress => ApiError::TooManyConnections,
        Refused::Closing => ApiError::Unavailable(None),
    })?;
    let guard = request.conn_data::<std::sync::Arc<Connection>>().cloned();
    let socket = Socket::new(caller, link, session, guard);
    actix_web::rt::spawn(socket.run(frames));
    Ok(response)
}

/// What comes from the client, as far as no frame is too large.
async fn metered(request: &HttpRequest, body: web::Payload) -> Result<web::Payload, ApiError> {
    let meter: Pin<Box<dyn Stream<Item = Result<web::Bytes, PayloadError>>>> =
        Box::pin(Meter::new(body.into_inner(), MAX_MESSAGE));
    let mut payload = Payload::Stream { payload: meter };
    web::Payload::from_request(request, &mut payload)
        .await
        .map_err(|error| ApiError::internal(error.to_string()))
}
