//! The list of codes is complete, right and documented.

use plinth_http::ApiError;
use plinth_http::error::CODES;

/// One of each kind. A new variant belongs here too: the match below does not compile without it.
fn all() -> Vec<ApiError> {
    let errors = vec![
        ApiError::Unauthenticated,
        ApiError::InvalidToken,
        ApiError::AmbiguousAuthorization,
        ApiError::Forbidden,
        ApiError::NotFound,
        ApiError::UnknownRoute,
        ApiError::MethodNotAllowed { allow: "GET".to_owned() },
        ApiError::Invalid(Vec::new()),
        ApiError::MalformedJson,
        ApiError::BadRequest,
        ApiError::UnsupportedMediaType,
        ApiError::BodyTooLarge,
        ApiError::BodyTimeout,
        ApiError::CorsRefused,
        ApiError::EmailTaken,
        ApiError::LastAdmin,
        ApiError::NotDeleted,
        ApiError::WrongPassword,
        ApiError::RegistrationClosed,
        ApiError::PreconditionFailed,
        ApiError::InvalidGrant,
        ApiError::AccountInactive,
        ApiError::InvalidRequest { detail: "username must be there once".into() },
        ApiError::UnsupportedGrantType,
        ApiError::RateLimited { retry_after_s: 1 },
        ApiError::Overloaded { retry_after_s: 1 },
        ApiError::Unavailable(None),
        ApiError::internal("cause"),
    ];
    assert_eq!(errors.len(), 28);
    errors
}

#[test]
fn the_table_agrees_with_the_answers() {
    let mut answered: Vec<(&str, u16)> =
        all().iter().map(|error| (error.answer().code, error.answer().status.as_u16())).collect();
    let mut listed: Vec<(&str, u16)> = CODES.iter().map(|(code, status, _)| (*code, *status)).collect();
    answered.sort_unstable();
    listed.sort_unstable();
    assert_eq!(answered, listed);
}

#[test]
fn oauth_says_the_same_twice() {
    for error in all() {
        let (code, error) = (error.answer().code, error.for_oauth());
        let body: serde_json::Value = serde_json::from_str(&error.body("id")).unwrap();
        assert_eq!(body["code"], code);
        assert_eq!(body["error_description"], body["detail"]);
        let oauth = body["error"].as_str().unwrap();
        let known = [
            "invalid_request",
            "invalid_grant",
            "unsupported_grant_type",
            "temporarily_unavailable",
            "server_error",
        ];
        assert!(known.contains(&oauth), "{oauth}");
    }
}

#[test]
fn every_code_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
    let text = std::fs::read_to_string(path).expect("docs/api.md lists the codes");
    let missing: Vec<&str> =
        CODES.iter().map(|(code, ..)| *code).filter(|code| !text.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "not in docs/api.md: {missing:?}");
}
