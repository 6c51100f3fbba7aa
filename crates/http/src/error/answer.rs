//! How each error is answered: status, code, and what it says.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use super::ApiError;
use crate::problem::{FieldError, Problem};

/// How an error is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemKind<'a> {
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
    /// How it is answered.
    pub fn answer(&self) -> ProblemKind<'_> {
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
            Self::OriginRefused => (
                403,
                "origin_refused",
                "Origin refused",
                "Pages of this origin may not do this; the operator lists those that may.",
            ),
            Self::UpgradeRequired => (
                426,
                "upgrade_required",
                "Upgrade required",
                "A WebSocket is served here: send Upgrade: websocket.",
            ),
            Self::TooManyConnections => (
                429,
                "too_many_connections",
                "Too many connections",
                "This user, or this address, has as many connections as it may have; close one.",
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
            Self::InvalidOneTimeToken => (
                400,
                "invalid_token",
                "Invalid token",
                "The token was used, is too old or has been replaced; ask for a new mail.",
            ),
            Self::AccountInactive => {
                (400, "account_inactive", "Account inactive", "The account is deactivated.")
            }
            Self::InvalidRequest { detail } => {
                return ProblemKind {
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
        ProblemKind { status, code, title, detail: Cow::Borrowed(detail) }
    }

    /// The error in the words of OAuth, where this answers a token request (RFC 6749 §5.2). `server_error` and
    /// `temporarily_unavailable` are borrowed from §4.1.2.1: for failures §5.2 has no word.
    pub(crate) fn oauth_code(&self) -> Option<&'static str> {
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

    fn fields(&self) -> Option<&[FieldError]> {
        match self {
            Self::Invalid(errors) => Some(errors),
            Self::OAuth(inner) => inner.fields(),
            _ => None,
        }
    }
}
