//! What clients send to sign in, and what they get.

use std::borrow::Cow;

use plinth_domain::{Email, FullName, Password};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::fields::{Fields, FromFields};

/// A new account.
#[derive(ToSchema)]
pub struct Register {
    /// The address to sign in with.
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.com")]
    pub email: Email,
    /// The password; not the email.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256, example = "correct horse battery")]
    pub password: Password,
    /// The person's name.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub full_name: Option<FullName>,
}

impl FromFields for Register {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        let password = fields.required("password", Password::parse);
        let full_name = fields.nullable("full_name", FullName::parse);
        let (email, password) = (email?, password?);
        if let Err(violation) = password.differs_from(&email) {
            fields.report("password", violation);
        }
        // What is wrong with the name is reported, and no reason to keep quiet about the password.
        Some(Self { email, password, full_name: full_name.unwrap_or_default().value() })
    }
}

/// A login in the form of an OAuth2 password grant (RFC 6749 §4.3.2). Other parameters are ignored.
#[derive(ToSchema)]
pub struct LoginForm {
    /// The email.
    #[schema(example = "ada@example.com")]
    pub username: String,
    /// The password.
    #[schema(format = Password, example = "correct horse battery")]
    pub password: String,
    /// `password`, where it is sent.
    #[schema(value_type = String, required = false, example = "password", pattern = "^password$")]
    pub grant_type: Option<String>,
}

impl LoginForm {
    /// Reads the parameters. Each of the three may come once and not be empty (RFC 6749 §3.2, §5.2).
    pub(crate) fn read(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let required = |name: &'static str| {
            single(pairs, name)?.ok_or_else(|| refused(name, "must be there and not be empty"))
        };
        let (username, password) = (required("username")?, required("password")?);
        let grant_type = single(pairs, "grant_type")?;
        if grant_type.as_deref().is_some_and(|grant| grant != "password") {
            return Err(ApiError::UnsupportedGrantType);
        }
        Ok(Self { username, password, grant_type })
    }
}

fn single(pairs: &[(String, String)], name: &'static str) -> Result<Option<String>, ApiError> {
    let mut values = pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(refused(name, "must be there only once")),
        (Some(value), None) if value.is_empty() => Err(refused(name, "must not be empty")),
        (value, None) => Ok(value.cloned()),
    }
}

fn refused(name: &str, what: &str) -> ApiError {
    ApiError::InvalidRequest { detail: Cow::Owned(format!("{name} {what}.")) }
}

/// A refresh token to exchange.
#[derive(ToSchema)]
pub struct Refresh {
    /// The refresh token, as it was given.
    #[schema(value_type = String, required = true, example = "AQGZDVyLcHs…")]
    pub refresh_token: Option<String>,
    /// Whether one was sent, be it readable or not.
    #[schema(ignore)]
    pub(crate) sent: bool,
}

/// Whether the token may be left out depends on the settings, so that is for the handler to say.
impl FromFields for Refresh {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let sent = fields.contains("refresh_token");
        let refresh_token = fields.optional("refresh_token", |text| Ok(text.to_owned()));
        Some(Self { refresh_token: refresh_token.flatten(), sent })
    }
}

/// What a login or a refresh gives.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// Goes into the header `Authorization: Bearer …`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiJ9…")]
    pub access_token: String,
    /// Gets the next access token, and replaces the refresh token before it. Left out where browsers keep it in a
    /// cookie.
    #[schema(value_type = String, required = true, example = "AQGZDVyLcHs…")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Always `bearer`.
    #[schema(value_type = String, example = "bearer")]
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(example = 1800)]
    pub expires_in: u64,
}

/// Whom a message is asked for.
#[derive(ToSchema)]
pub struct ForgotPassword {
    /// The address of the account.
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.com")]
    pub email: Email,
}

impl FromFields for ForgotPassword {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let email = fields.required("email", Email::parse);
        Some(Self { email: email? })
    }
}

/// A new password for whoever got the mail.
#[derive(ToSchema)]
pub struct ResetPassword {
    /// The token in the link of the mail.
    #[schema(example = "3q2-7wXb…")]
    pub token: String,
    /// The new password; not the email.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256, example = "battery staple horse")]
    pub new_password: Password,
}

impl FromFields for ResetPassword {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required("token", |text| Ok(text.to_owned()));
        let new_password = fields.required("new_password", Password::parse);
        Some(Self { token: token?, new_password: new_password? })
    }
}

/// The proof that a mail has arrived.
#[derive(ToSchema)]
pub struct VerifyEmail {
    /// The token in the link of the mail.
    #[schema(example = "3q2-7wXb…")]
    pub token: String,
}

impl FromFields for VerifyEmail {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let token = fields.required("token", |text| Ok(text.to_owned()));
        Some(Self { token: token? })
    }
}
