//! The list of codes is complete, right and documented.

use plinth_http::ApiError;
use plinth_http::error::CODES;

/// Makes `all` of a list that has to be complete: the `match` does not compile where a variant is left out.
macro_rules! one_of_each {
    ($($kind:pat => $error:expr),+ $(,)?) => {
        fn all() -> Vec<ApiError> {
            let errors = vec![$($error),+];
            for error in &errors {
                match error {
                    $($kind => {})+
                    ApiError::OAuth(_) => panic!("stands for another"),
                }
            }
            errors
        }
    };
}

one_of_each! {
    ApiError::Unauthenticated => ApiError::Unauthenticated,
    ApiError::InvalidToken => ApiError::InvalidToken,
    ApiError::AmbiguousAuthorization => ApiError::AmbiguousAuthorization,
    ApiError::Forbidden => ApiError::Forbidden,
    ApiError::NotFound => ApiError::NotFound,
    ApiError::UnknownRoute => ApiError::UnknownRoute,
    ApiError::MethodNotAllowed { .. } => ApiError::MethodNotAllowed { allow: "GET".to_owned() },
    ApiError::Invalid(_) => ApiError::Invalid(Vec::new()),
    ApiError::MalformedJson => ApiError::MalformedJson,
    ApiError::BadRequest => ApiError::BadRequest,
    ApiError::UnsupportedMediaType => ApiError::UnsupportedMediaType,
    ApiError::BodyTooLarge => ApiError::BodyTooLarge,
    ApiError::BodyTimeout => ApiError::BodyTimeout,
    ApiError::CorsRefused => ApiError::CorsRefused,
    ApiError::OriginRefused => ApiError::OriginRefused,
    ApiError::UpgradeRequired => ApiError::UpgradeRequired,
    ApiError::TooManyConnections => ApiError::TooManyConnections,
    ApiError::EmailTaken => ApiError::EmailTaken,
    ApiError::LastAdmin => ApiError::LastAdmin,
    ApiError::NotDeleted => ApiError::NotDeleted,
    ApiError::WrongPassword => ApiError::WrongPassword,
    ApiError::RegistrationClosed => ApiError::RegistrationClosed,
    ApiError::PreconditionFailed => ApiError::PreconditionFailed,
    ApiError::InvalidGrant => ApiError::InvalidGrant,
    ApiError::InvalidOneTimeToken => ApiError::InvalidOneTimeToken,
    ApiError::AccountInactive => ApiError::AccountInactive,
    ApiError::InvalidRequest { .. } => ApiError::InvalidRequest { detail: "username must be there once".into() },
    ApiError::UnsupportedGrantType => ApiError::UnsupportedGrantType,
    ApiError::RateLimited { .. } => ApiError::RateLimited { retry_after_s: 1 },
    ApiError::Overloaded { .. } => ApiError::Overloaded { retry_after_s: 1 },
    ApiError::Unavailable(_) => ApiError::Unavailable(None),
    ApiError::Internal(_) => ApiError::internal("cause"),
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
    let rows = CODES.iter().map(|(code, status, when)| format!("| `{code}` | {status} | {when} |"));
    let missing: Vec<String> = rows.filter(|row| !text.lines().any(|line| line == row)).collect();
    assert!(missing.is_empty(), "not in docs/api.md: {missing:#?}");
}
