//! The codes of all problems, for documentation.

/// Every code with its status and when it is answered. A test holds it against [`ApiError`](super::ApiError), and
/// another against `docs/api.md`.
pub const CODES: &[(&str, u16, &str)] = &[
    ("account_inactive", 400, "the password is right, but the account is deactivated"),
    ("ambiguous_authorization", 400, "more than one Authorization header"),
    ("bad_request", 400, "the request could not be read"),
    ("invalid_grant", 400, "unknown email, wrong password, or a refresh token that is not good"),
    (
        "invalid_request",
        400,
        "a parameter of the login is missing, empty or repeated, or there are more than 100",
    ),
    ("malformed_json", 400, "the body is not JSON in UTF-8"),
    ("unsupported_grant_type", 400, "the login asks for a grant type other than password"),
    ("wrong_password", 400, "the current password is not right"),
    ("invalid_token", 401, "the access token is malformed, expired or revoked"),
    ("unauthenticated", 401, "no access token"),
    ("cors_refused", 403, "a preflight for an origin, method or header that is not allowed"),
    ("forbidden", 403, "the role is not enough"),
    ("registration_closed", 403, "registration is switched off"),
    ("not_found", 404, "no such resource, or none that the caller may see"),
    ("unknown_route", 404, "nothing is served at the path"),
    ("method_not_allowed", 405, "the path has other methods, which Allow lists"),
    ("body_timeout", 408, "the body took too long to arrive"),
    ("email_taken", 409, "another account has the address"),
    ("last_admin", 409, "the last active administrator would be gone"),
    ("not_deleted", 409, "only a deleted user can be restored"),
    ("precondition_failed", 412, "If-Match does not hold the current tag"),
    ("body_too_large", 413, "the body has too many bytes"),
    ("unsupported_media_type", 415, "another content type, none, or a content coding"),
    ("invalid_fields", 422, "fields that break their rules; errors lists each of them"),
    ("rate_limited", 429, "too many attempts; see Retry-After"),
    ("internal_error", 500, "a fault of the server"),
    ("overloaded", 503, "more work waits than can be done in time; see Retry-After"),
    ("unavailable", 503, "the database, or something else that is needed, is not available; see Retry-After"),
];
