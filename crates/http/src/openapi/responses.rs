//! Error answers that operations share, for the `responses(…)` of `#[utoipa::path]`.
//!
//! Each type is one answer, declared once under `components.responses` and referred to; its examples are made by the
//! error itself, so they are what is served. An operation has one answer for each status: of two types with the same
//! status the later one counts.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::error::ApiError;
use crate::problem::{self, FieldError};

type Responses = BTreeMap<String, RefOr<Response>>;

macro_rules! error_responses {
    ($($name:ident: $status:literal $description:literal [$($error:expr),+ $(,)?];)+) => {
        $(
            #[doc = concat!("Status ", $status, ". ", $description)]
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> Responses {
                    BTreeMap::from([($status.to_owned(), reference(stringify!($name)))])
                }
            }
        )+

        /// Every shared answer with its name.
        pub(super) fn all() -> Vec<(&'static str, Response)> {
            vec![$((stringify!($name), response($description, &[$($error),+]))),+]
        }
    };
}

error_responses! {
    BadRequest: "400" "The request could not be read." [ApiError::AmbiguousAuthorization, ApiError::BadRequest];
    BadJson: "400" "The body is not JSON." [ApiError::MalformedJson, ApiError::AmbiguousAuthorization, ApiError::BadRequest];
    WrongPassword: "400" "The current password is not right, or the body is not JSON." [ApiError::WrongPassword, ApiError::MalformedJson, ApiError::AmbiguousAuthorization];
    LoginRefused: "400" "The login is refused." [
        ApiError::InvalidGrant.for_oauth(),
        ApiError::AccountInactive.for_oauth(),
        ApiError::InvalidRequest { detail: "username must be there once.".into() }.for_oauth(),
        ApiError::UnsupportedGrantType.for_oauth(),
    ];
    OneTimeTokenRefused: "400" "The token is not good, or the body is not JSON." [ApiError::InvalidOneTimeToken, ApiError::MalformedJson];
    RefreshRefused: "400" "The refresh token is not good, or the body is not JSON." [ApiError::InvalidGrant.for_oauth(), ApiError::MalformedJson.for_oauth()];
    Unauthenticated: "401" "No access token, or one that is not good." [ApiError::Unauthenticated, ApiError::InvalidToken];
    SocketRefused: "403" "The page's origin is not listed, or the id is another user's." [ApiError::OriginRefused, ApiError::Forbidden];
    UpgradeRequired: "426" "No WebSocket was asked for." [ApiError::UpgradeRequired];
    TooManyConnections: "429" "This user, or this address, has as many connections as it may have." [ApiError::TooManyConnections];
    Forbidden: "403" "The role is not enough." [ApiError::Forbidden];
    RegistrationClosed: "403" "Registration is switched off." [ApiError::RegistrationClosed];
    NotFound: "404" "No such resource." [ApiError::NotFound];
    UnknownRoute: "404" "Not served here." [ApiError::UnknownRoute];
    RequestTimeout: "408" "The body took too long to arrive." [ApiError::BodyTimeout];
    EmailTaken: "409" "Another account has the address." [ApiError::EmailTaken];
    LastAdmin: "409" "The last active administrator would be gone." [ApiError::LastAdmin];
    EmailTakenOrLastAdmin: "409" "Another account has the address, or the last active administrator would be gone." [ApiError::EmailTaken, ApiError::LastAdmin];
    EmailTakenOrNotDeleted: "409" "Another account has the address by now, or the user is not deleted." [ApiError::EmailTaken, ApiError::NotDeleted];
    PreconditionFailed: "412" "If-Match does not hold the current tag." [ApiError::PreconditionFailed];
    PayloadTooLarge: "413" "The body has too many bytes." [ApiError::BodyTooLarge];
    UnsupportedMediaType: "415" "Another content type, none, or a content coding." [ApiError::UnsupportedMediaType];
    Validation: "422" "Fields that break their rules, all of them." [ApiError::Invalid(vec![
        FieldError { pointer: "/email".to_owned(), code: "invalid_email", detail: "must be an email address such as ada@example.com".into() },
    ])];
    InvalidQuery: "422" "Parameters that break their rules, all of them." [ApiError::Invalid(vec![
        FieldError { pointer: "query/page_size".to_owned(), code: "out_of_range", detail: "must be between 1 and 100".into() },
    ])];
    RateLimited: "429" "Too many attempts." [ApiError::RateLimited { retry_after_s: 7 }];
    Unavailable: "503" "Too much to do, or something that is needed is not available." [ApiError::Overloaded { retry_after_s: 1 }, ApiError::Unavailable(None)];
}

/// [`RefreshRefused`] where a cookie keeps the refresh token.
pub(super) fn refresh_with_cookie_refused() -> Response {
    let no_proof =
        ApiError::InvalidRequest { detail: "Send the header X-Requested-With along with the cookie.".into() };
    response(
        "The refresh token is not good, a header is missing beside the cookie, or the body is not JSON.",
        &[ApiError::InvalidGrant.for_oauth(), no_proof.for_oauth(), ApiError::MalformedJson.for_oauth()],
    )
}

/// The name of the answer of operations that set the cookie with the refresh token to pages of other origins.
pub(super) const ORIGIN_REFUSED: &str = "OriginRefused";

/// Status 403, where the refresh token is kept in a cookie.
pub(super) fn origin_refused() -> Response {
    response("The page's origin is not listed.", &[ApiError::OriginRefused.for_oauth()])
}

/// What every operation that takes a JSON body may answer: 400, 408, 413, 415 and 422.
pub struct JsonBody;

impl IntoResponses for JsonBody {
    fn responses() -> Responses {
        merged([
            BadJson::responses,
            RequestTimeout::responses,
            PayloadTooLarge::responses,
            UnsupportedMediaType::responses,
            Validation::responses,
        ])
    }
}

/// What every operation that takes a form may answer: 408, 413 and 415.
pub struct FormBody;

impl IntoResponses for FormBody {
    fn responses() -> Responses {
        merged([RequestTimeout::responses, PayloadTooLarge::responses, UnsupportedMediaType::responses])
    }
}

/// What every operation that needs an access token may answer: 400, 401 and 503. Put it before [`JsonBody`].
pub struct Authenticated;

impl IntoResponses for Authenticated {
    fn responses() -> Responses {
        merged([BadRequest::responses, Unauthenticated::responses, Unavailable::responses])
    }
}

fn merged<const N: usize>(parts: [fn() -> Responses; N]) -> Responses {
    parts.into_iter().flat_map(|part| part()).collect()
}

fn reference(name: &str) -> RefOr<Response> {
    RefOr::Ref(Ref::from_response_name(name))
}

fn response(description: &str, errors: &[ApiError]) -> Response {
    let examples = errors.iter().map(|error| {
        let value = serde_json::from_str(&error.body("01990d5c-9c11-7f3e-b1a2-3c4d5e6f7a8b")).ok();
        (error.answer().code, ExampleBuilder::new().summary(error.answer().title).value(value).build())
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let mut response = ResponseBuilder::new().description(description).content(problem::MEDIA_TYPE, content);
    let status = errors.first().map_or(0, |error| error.answer().status.as_u16());
    let header = |kind, description: &str| {
        HeaderBuilder::new()
            .schema(Some(ObjectBuilder::new().schema_type(kind).build()))
            .description(Some(description))
            .build()
    };
    if status == 401 {
        response = response.header("WWW-Authenticate", header(Type::String, "The challenge (RFC 6750 §3)."));
    }
    if status == 429 {
        let policy =
            "The limits that were asked: count and period in seconds, as \"login-account\";q=10;w=60.";
        let current =
            "Where they stand: what is left, and in how many seconds more is, as \"login-account\";r=0;t=6.";
        response = response
            .header("RateLimit-Policy", header(Type::String, policy))
            .header("RateLimit", header(Type::String, current));
    }
    if matches!(status, 429 | 503) {
        response = response.header("Retry-After", header(Type::Integer, "When to try again, in seconds."));
    }
    response.build()
}
