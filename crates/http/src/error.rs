//! Every way in which a request can be refused or fail, and the one place that says how each is answered.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use plinth_domain::Forbidden;
use plinth_persistence::UniqueKey;

use crate::problem::FieldError;

mod answer;
mod codes;

pub use answer::ProblemKind;
pub use codes::CODES;

/// What lies behind a failure. It is for the log, and no client ever sees it.
pub type Source = Box<dyn StdError + Send + Sync>;

/// A refusal or a failure.
///
/// `Display` gives the sentence that the client reads, and never the source.
#[derive(Debug)]
pub enum ApiError {
    /// No credentials.
    Unauthenticated,
    /// Credentials that are malformed, expired or revoked.
    InvalidToken,
    /// Two `Authorization` headers: whoever checks one may mean the other.
    AmbiguousAuthorization,
    /// Too little role.
    Forbidden,
    /// Nothing with that id, or nothing that the caller may know of.
    NotFound,
    /// No such path.
    UnknownRoute,
    /// The path is served, but not with this method.
    MethodNotAllowed {
        /// The methods that are, as the `Allow` header lists them.
        allow: String,
    },
    /// Fields that break their rules: all of them.
    Invalid(Vec<FieldError>),
    /// The body is not JSON.
    MalformedJson,
    /// Not HTTP as this server understands it.
    BadRequest,
    /// A media type, character set or content coding that is not read here.
    UnsupportedMediaType,
    /// More bytes than a body may have.
    BodyTooLarge,
    /// The body did not arrive in time.
    BodyTimeout,
    /// A browser asks for an origin, method or header that is not allowed across origins.
    CorsRefused,
    /// A page of another origin asks for a WebSocket, or for tokens that would be kept in a cookie.
    OriginRefused,
    /// What is served here is a WebSocket, and none was asked for.
    UpgradeRequired,
    /// This user or this address has as many WebSockets as it may have.
    TooManyConnections,
    /// Another account has the address.
    EmailTaken,
    /// The last active administrator would be gone.
    LastAdmin,
    /// Only what is deleted can be restored.
    NotDeleted,
    /// The current password is not this one.
    WrongPassword,
    /// Accounts are made by administrators only.
    RegistrationClosed,
    /// The resource is no longer the one that the client saw.
    PreconditionFailed,
    /// Unknown email, wrong password, or a refresh token that is good for nothing.
    InvalidGrant,
    /// A token from a mail that was used, replaced or made void, that has run out, or that never was one.
    InvalidOneTimeToken,
    /// The password is right, but the account is switched off.
    AccountInactive,
    /// A parameter of a token request is missing, empty or repeated.
    InvalidRequest {
        /// Which, in a sentence.
        detail: Cow<'static, str>,
    },
    /// A grant type other than those that are served.
    UnsupportedGrantType,
    /// Too many attempts.
    RateLimited {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// More work waits than can be done in time.
    Overloaded {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// Something that the server needs is not there.
    Unavailable(Option<Source>),
    /// A fault of ours.
    Internal(Source),
    /// One of the others as the answer to a token request: it says the same in the words of RFC 6749 §5.2 too.
    OAuth(Box<Self>),
}

impl ApiError {
    /// An internal error with what lies behind it.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// Whether what was asked may have happened all the same.
    pub(crate) fn may_have_happened(&self) -> bool {
        match self {
            Self::Unavailable(Some(source)) => source
                .downcast_ref::<plinth_persistence::Error>()
                .is_some_and(plinth_persistence::Error::may_have_happened),
            _ => false,
        }
    }

    /// The same, as the answer to a token request.
    pub fn for_oauth(self) -> Self {
        match self {
            Self::OAuth(_) => self,
            other => Self::OAuth(Box::new(other)),
        }
    }

    /// What belongs into the log and nowhere else.
    pub(crate) fn source_chain(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Internal(source) | Self::Unavailable(Some(source)) => Some(&**source),
            Self::OAuth(inner) => inner.source_chain(),
            _ => None,
        }
    }

    /// The error for a status that the framework answered with on its own.
    pub(crate) fn from_status(status: StatusCode, allow: Option<&HeaderValue>) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::UnknownRoute,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed {
                allow: allow.and_then(|allow| allow.to_str().ok()).unwrap_or("").to_owned(),
            },
            StatusCode::REQUEST_TIMEOUT => Self::BodyTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable(None),
            status if status.is_client_error() => Self::BadRequest,
            status => Self::internal(format!("the framework answered {status}")),
        }
    }

    fn headers(&self, response: &mut HttpResponse) {
        let headers = response.headers_mut();
        match self {
            // RFC 6750 §3.1: no error code where no credentials were sent.
            Self::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::InvalidToken => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::MethodNotAllowed { allow } => {
                if let Ok(allow) = HeaderValue::from_str(allow) {
                    headers.insert(header::ALLOW, allow);
                }
            }
            Self::RateLimited { retry_after_s } | Self::Overloaded { retry_after_s } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*retry_after_s));
            }
            Self::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            // Another connection has to go first, and nobody knows when one does.
            Self::TooManyConnections => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            }
            Self::UpgradeRequired => {
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            // What follows on the connection is the rest of a body that nobody waits for.
            Self::BodyTimeout => {
                response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close)
            }
            Self::OAuth(inner) => {
                inner.headers(response);
                response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            _ => {}
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.answer().detail)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source_chain()
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.answer().status
    }

    /// Status and headers. The body is written by the envelope, which knows the request's id.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        self.headers(&mut response);
        response
    }
}

impl From<plinth_persistence::Error> for ApiError {
    fn from(error: plinth_persistence::Error) -> Self {
        use plinth_persistence::Error;
        match error {
            Error::NotFound => Self::NotFound,
            Error::Conflict(UniqueKey::UserEmail) => Self::EmailTaken,
            Error::LastAdmin => Self::LastAdmin,
            Error::Unavailable(..) => Self::Unavailable(Some(error.into())),
            Error::Conflict(UniqueKey::Other)
            | Error::ForeignKey
            | Error::Inconsistent(_)
            | Error::Unexpected(_) => Self::internal(error),
        }
    }
}

impl From<Forbidden> for ApiError {
    fn from(_: Forbidden) -> Self {
        Self::Forbidden
    }
}

impl From<plinth_auth::Overloaded> for ApiError {
    fn from(overloaded: plinth_auth::Overloaded) -> Self {
        Self::Overloaded { retry_after_s: overloaded.retry_after_s }
    }
}

impl plinth_persistence::Outage for ApiError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
