//! The body of every answer that is not a success: a problem document (RFC 9457).

use std::borrow::Cow;

use plinth_domain::Violation;
use serde::Serialize;

/// The media type of a problem document (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused, or failed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem<'a> {
    /// Names the kind of problem: `urn:plinth:problem:` and the code. It identifies and leads nowhere, so it stays
    /// the same wherever the documentation moves.
    #[serde(rename = "type")]
    #[schema(value_type = String, format = "uri-reference", example = "urn:plinth:problem:not_found")]
    pub kind: String,
    /// The kind of problem, for people.
    #[schema(value_type = String, example = "Not found")]
    pub title: &'a str,
    /// The status code of the answer.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    pub status: u16,
    /// What is wrong, in a sentence for people.
    #[schema(value_type = String, example = "There is no such resource, or it is not yours to see.")]
    pub detail: &'a str,
    /// This occurrence: `urn:request:` and the id that stands in the log and in `x-request-id`.
    #[schema(value_type = String, format = "uri-reference", example = "urn:request:01990d5c-9c11-7f3e-b1a2-3c4d5e6f7a8b")]
    pub instance: String,
    /// What is wrong, for programs: stable, in snake_case. `ProblemCode` lists those of today; more may be added.
    #[schema(value_type = String, example = "not_found")]
    pub code: &'a str,
    /// Every bad field of the request, with the status 422.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<FieldError>>, nullable = false)]
    pub errors: Option<&'a [FieldError]>,
    /// The OAuth error code (RFC 6749 §5.2), in answers of the login and of the refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "invalid_grant")]
    pub error: Option<&'a str>,
    /// The same sentence as `detail`, where OAuth clients look for it (RFC 6749 §5.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "The credentials are not right or no longer good.")]
    pub error_description: Option<&'a str>,
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where it is: a JSON pointer into the body (RFC 6901), or `query/` and the name of a parameter.
    #[schema(example = "/email")]
    pub pointer: String,
    /// What is wrong, for programs.
    #[schema(value_type = String, example = "invalid_email")]
    pub code: &'static str,
    /// What would be right, for people; it never repeats the value.
    #[schema(value_type = String, example = "must be an email address such as ada@example.com")]
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// That violation, at that place.
    pub fn new(pointer: String, violation: Violation) -> Self {
        Self { pointer, code: violation.code, detail: violation.detail }
    }
}
