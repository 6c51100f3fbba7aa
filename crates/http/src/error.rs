//! Every way in which a request can be refused or fail, and the one place that says how each is answered.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use plinth_domain::Forbidden;
use plinth_persistence::UniqueKey;

use crate::problem::{FieldError, Problem};

mod codes;

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

/// How an error is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status code.
    pub status: StatusCode,
    /// Stable, machine-readable, snake_case.
    pub code: &'static str,
    /// The kind of problem, for people.
    pub title: &'static str,
    /// What is wrong, in a sentence.
    pub detail: Cow<'a, str>,
}

impl ApiError {
    /// An internal error with what lies behind it.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// The same, as the answer to a token request.
    pub fn for_oauth(self) -> Self {
        match self {
            Self::OAuth(_) => self,
            other => Self::OAuth(Box::new(other)),
        }
    }

    /// How it is answered.
    pub fn answer(&self) -> Answer<'_> {
        let (status, code, title, detail) = match self {
            Self::Unauthenticated => (
                401,
                "unauthenticated",
                "Not authenticated",
                "Send an access token as Authorization: Bearer.",
            ),
            Self::InvalidToken => {
                (401, "invalid_token", "Invalid token", "The access token is malformed, expired or revoked.")
            }
            Self::AmbiguousAuthorization => (
                400,
                "ambiguous_authorization",
                "Ambiguous authorization",
                "Send one Authorization header, not several.",
            ),
            Self::Forbidden => (403, "forbidden", "Forbidden", "Your role is not enough for this."),
            Self::NotFound => {
                (404, "not_found", "Not found", "There is no such resource, or it is not yours to see.")
            }
            Self::UnknownRoute => (404, "unknown_route", "Unknown route", "Nothing is served at this path."),
            Self::MethodNotAllowed { .. } => (
                405,
                "method_not_allowed",
                "Method not allowed",
                "The Allow header lists the methods of this path.",
            ),
            Self::Invalid(_) => (
                422,
                "invalid_fields",
                "Invalid fields",
                "Some fields are not valid; errors lists each of them.",
            ),
            Self::MalformedJson => {
                (400, "malformed_json", "Malformed JSON", "The body is not JSON in UTF-8.")
            }
            Self::BadRequest => (400, "bad_request", "Bad request", "The request could not be read."),
            Self::UnsupportedMediaType => (
                415,
                "unsupported_media_type",
                "Unsupported media type",
                "Send the media type that is documented, in UTF-8 and without a content coding.",
            ),
            Self::BodyTooLarge => {
                (413, "body_too_large", "Body too large", "The body has more bytes than are accepted.")
            }
            Self::BodyTimeout => (408, "body_timeout", "Body timeout", "The body took too long to arrive."),
            Self::CorsRefused => (
                403,
                "cors_refused",
                "Refused across origins",
                "This origin, method or header is not allowed across origins.",
            ),
            Self::EmailTaken => {
                (409, "email_taken", "Email taken", "Another account has this email address.")
            }
            Self::LastAdmin => {
                (409, "last_admin", "Last administrator", "There must always be an active administrator.")
            }
            Self::NotDeleted => (409, "not_deleted", "Not deleted", "The user is not deleted."),
            Self::WrongPassword => {
                (400, "wrong_password", "Wrong password", "The current password is not right.")
            }
            Self::RegistrationClosed => {
                (403, "registration_closed", "Registration closed", "Accounts are made by an administrator.")
            }
            Self::PreconditionFailed => (
                412,
                "precondition_failed",
                "Precondition failed",
                "The resource has changed; fetch it again.",
            ),
            Self::InvalidGrant => {
                (400, "invalid_grant", "Invalid grant", "The credentials are not right or no longer good.")
            }
            Self::AccountInactive => {
                (400, "account_inactive", "Account inactive", "The account is deactivated.")
            }
            Self::InvalidRequest { detail } => {
                return Answer {
                    status: StatusCode::BAD_REQUEST,
                    code: "invalid_request",
                    title: "Invalid request",
                    detail: Cow::Borrowed(detail),
                };
            }
            Self::UnsupportedGrantType => {
                (400, "unsupported_grant_type", "Unsupported grant type", "The grant type must be password.")
            }
            Self::RateLimited { .. } => (
                429,
                "rate_limited",
                "Too many requests",
                "Too many attempts; Retry-After says when to try again.",
            ),
            Self::Overloaded { .. } => (
                503,
                "overloaded",
                "Overloaded",
                "The server has more to do than it can; Retry-After says when to try again.",
            ),
            Self::Unavailable(_) => (
                503,
                "unavailable",
                "Unavailable",
                "Something that the server needs is not available; try again.",
            ),
            Self::Internal(_) => (
                500,
                "internal_error",
                "Internal error",
                "Something went wrong here; the request id leads to it in the log.",
            ),
            Self::OAuth(inner) => return inner.answer(),
        };
        // Every number above is a valid status.
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Answer { status, code, title, detail: Cow::Borrowed(detail) }
    }

    /// The error in the words of OAuth, where this answers a token request (RFC 6749 §5.2). `server_error` and
    /// `temporarily_unavailable` are borrowed from §4.1.2.1: for failures §5.2 has no word.
    pub fn oauth_code(&self) -> Option<&'static str> {
        let Self::OAuth(inner) = self else { return None };
        Some(match &**inner {
            Self::InvalidGrant | Self::AccountInactive => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::RateLimited { .. } | Self::Overloaded { .. } | Self::Unavailable(_) => {
                "temporarily_unavailable"
            }
            Self::Internal(_) => "server_error",
            _ => "invalid_request",
        })
    }

    /// The body of the answer, for the request of that id.
    pub fn body(&self, request_id: &str) -> String {
        let answer = self.answer();
        let oauth = self.oauth_code();
        let problem = Problem {
            kind: format!("urn:plinth:problem:{}", answer.code),
            title: answer.title,
            status: answer.status.as_u16(),
            detail: &answer.detail,
            instance: format!("urn:request:{request_id}"),
            code: answer.code,
            errors: self.fields(),
            error: oauth,
            error_description: oauth.map(|_| &*answer.detail),
        };
        // Strings and numbers only: this cannot fail.
        serde_json::to_string(&problem).unwrap_or_default()
    }

    /// What belongs into the log and nowhere else.
    pub fn source_chain(&self) -> Option<&(dyn StdError + 'static)> {
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

    fn fields(&self) -> Option<&[FieldError]> {
        match self {
            Self::Invalid(errors) => Some(errors),
            Self::OAuth(inner) => inner.fields(),
            _ => None,
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
